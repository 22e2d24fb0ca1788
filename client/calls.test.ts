import { createClient, isProblem, type ProblemCode, type Task, type TaskPatch } from './index.ts'

// Only type-checked: package.test.ts compiles this file without Node's types. An expected error that is missing is an error too.

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the function is compiled and never called
const is = <_True extends true>(): void => undefined

export async function calls(): Promise<void> {
  const api = createClient({ baseUrl: 'http://127.0.0.1:8000', auth: { token: 'x' } })
  const params = { path: { id: 'x' } }

  const created = await api.POST('/api/tasks', { body: { title: 'x', priority: 'HIGH', dueDate: null } })
  is<Same<typeof created.data, Task>>()
  // @ts-expect-error -- titel
  await api.POST('/api/tasks', { body: { title: 'x', titel: 'x' } })
  // @ts-expect-error -- without a title
  await api.POST('/api/tasks', { body: {} })
  // @ts-expect-error -- without a body
  await api.POST('/api/tasks')
  // @ts-expect-error -- high
  await api.POST('/api/tasks', { body: { title: 'x', priority: 'high' } })
  // @ts-expect-error -- bodi
  await api.POST('/api/tasks', { body: { title: 'x' }, bodi: {} })
  // @ts-expect-error -- no such path
  await api.POST('/api/task', { body: { title: 'x' } })
  // @ts-expect-error -- not with this method
  await api.DELETE('/api/tasks')
  // @ts-expect-error -- not for this client
  await api.GET('/metrics')

  const patch: TaskPatch = { title: 'x' }
  await api.PATCH('/api/tasks/{id}', { params: { ...params, header: { 'if-match': '"1"' } }, body: patch })
  // @ts-expect-error -- titel alone
  await api.PATCH('/api/tasks/{id}', { params, body: { titel: 'x' } })
  // @ts-expect-error -- read only
  await api.PATCH('/api/tasks/{id}', { params, body: { version: 2 } })
  // @ts-expect-error -- without its id
  await api.PATCH('/api/tasks/{id}', { body: patch })
  await api.PATCH('/api/tasks/{id}/complete', { params })
  await api.PATCH('/api/tasks/{id}/complete', { params, body: { completed: true } })

  const deleted = await api.DELETE('/api/tasks/{id}', { params })
  is<Same<typeof deleted.data, undefined>>()

  await api.POST('/api/tasks/batch', {
    body: {
      operations: [
        { op: 'create', task: { title: 'x' } },
        { op: 'delete', id: 'x' },
      ],
    },
  })
  // @ts-expect-error -- a deletion has no task
  await api.POST('/api/tasks/batch', { body: { operations: [{ op: 'delete', task: { title: 'x' } }] } })

  const listed = await api.GET('/api/tasks', { params: { query: { status: ['TODO'], sort: ['-priority'] } } })
  is<Same<typeof listed.data, Task[]>>()
  is<Same<Awaited<ReturnType<typeof all>>, Task[]>>()
  // @ts-expect-error -- a list of them
  await api.GET('/api/tasks', { params: { query: { status: 'TODO' } } })
  // @ts-expect-error -- limt
  await api.GET('/api/tasks', { params: { query: { limt: 5 } } })
  const parts = await api.GET('/api/tasks', { params: { query: { fields: ['id', 'title'] } } })
  is<Same<typeof parts.data, Pick<Task, 'id' | 'title'>[]>>()
  const some: (keyof Task)[] = ['id']
  const unknowns = await api.GET('/api/tasks', { params: { query: { fields: some } } })
  is<Same<typeof unknowns.data, Partial<Task>[]>>()
  // @ts-expect-error -- titel
  await api.GET('/api/tasks', { params: { query: { fields: ['titel'] } } })
  async function all(): Promise<Task[]> {
    const tasks = []
    for await (const task of api.items('/api/tasks', { params: { query: { limit: 100 } } })) tasks.push(task)
    return tasks
  }
  for await (const { items } of api.pages('/api/tasks', { params: { query: { fields: ['id'] } } })) {
    is<Same<typeof items, Pick<Task, 'id'>[]>>()
  }
  for await (const tag of api.items('/api/tags')) is<Same<typeof tag.name, string>>()
  // @ts-expect-error -- has no pages
  api.items('/api/tasks/stats')

  const one = await api.GET('/api/tasks/{id}', { params })
  is<Same<typeof one.data, Task>>()
  const other = await api.GET('/api/tasks/{id}', { params: { ...params, header: { 'if-none-match': '"1"' } } })
  is<Same<typeof other.data, Task | undefined>>()

  const { data: signedIn } = await api.POST('/api/auth/sign-in/email', { body: { email: 'x', password: 'x' } })
  is<Same<typeof signedIn.token, string>>()
  is<Same<typeof signedIn.user.id, string>>()

  const error: unknown = created
  if (isProblem(error, 'conflict', 'not_found')) is<Same<typeof error.code & ProblemCode, 'conflict' | 'not_found'>>()
  // @ts-expect-error -- no code of the service
  isProblem(error, 'conflikt')
  // @ts-expect-error -- a service acts for a user
  createClient({ baseUrl: 'http://127.0.0.1:8000', auth: { service: 'x' } })
}
