import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe as describeApi } from '../src/describe.ts'
import { FEATURE_CASES, type Ask, type AsOwner, type WriteRequest } from './feature-cases.ts'
import { openWorld, type World } from './world.ts'

const TASKS = '/api/tasks'

/**
 * A request for each route that writes. A second execution would have another answer or leave another state. A new route must be added
 * here, or to the cases of its feature.
 *
 * @param ask sends the requests that prepare it
 * @param asOwner prepares what no request can
 */
export function writesBy(ask: Ask, asOwner: AsOwner): Readonly<Record<string, () => Promise<WriteRequest>>> {
  const create = async (): Promise<string> => (await ask('POST', { path: TASKS, body: { title: 'x' } })).json.id
  return {
    'POST /api/tasks': async () => ({ path: TASKS, body: { title: 'once' } }),
    'PATCH /api/tasks/{id}': async () => ({
      path: `${TASKS}/${await create()}`,
      body: { title: 'changed' },
      headers: { 'if-match': '"1"' },
    }),
    'PATCH /api/tasks/{id}/complete': async () => ({ path: `${TASKS}/${await create()}/complete` }),
    'POST /api/tasks/{id}/skip': async () => {
      const body = { title: 'x', dueDate: '2027-01-04', recurrence: { rule: 'FREQ=DAILY' } }
      const { json } = await ask('POST', { path: TASKS, body })
      return { path: `${TASKS}/${json.id}/skip` }
    },
    'DELETE /api/tasks/{id}': async () => ({ path: `${TASKS}/${await create()}` }),
    'POST /api/tasks/batch': async () => {
      const operations = [
        { op: 'create', task: { title: 'in a batch' } },
        { op: 'complete', id: await create() },
        { op: 'delete', id: randomUUID() },
      ]
      return { path: `${TASKS}/batch`, body: { atomic: false, operations } }
    },
    'POST /api/tasks/bulk-delete': async () => ({
      path: `${TASKS}/bulk-delete`,
      body: { ids: [await create(), randomUUID()] },
    }),
    ...Object.assign({}, ...FEATURE_CASES.map(({ writes }) => writes?.(ask, asOwner))),
  }
}

/** The request of {@link writesBy} for an operation. */
export const caseOf = async (cases: ReturnType<typeof writesBy>, name: string): Promise<WriteRequest> =>
  (await cases[name]?.()) ?? assert.fail('it is not in the table of test/writes.ts')

/** A world with the servers outside the service that the writes need. */
export interface SurroundedWorld extends World {
  /** How many requests these servers got. */
  countOutside(this: void): number
}

export async function openSurroundedWorld(): Promise<SurroundedWorld> {
  await using opened = new AsyncDisposableStack()
  const surroundings = await Promise.all(FEATURE_CASES.flatMap(({ open }) => open?.() ?? []))
  for (const each of surroundings) opened.use(each)
  const world = opened.use(await openWorld({ env: Object.assign({}, ...surroundings.map(({ env }) => env)) }))
  const closing = opened.move()
  return {
    ...world,
    countOutside: () => surroundings.reduce((sum, { count }) => sum + count(), 0),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- a document that has another shape fails the tests
export const document: any = JSON.parse(await describeApi())

/** Every operation of the document that writes and that a principal may use. */
// oxlint-disable-next-line typescript/no-explicit-any -- the same
export const WRITES = Object.entries<Record<string, any>>(document.paths)
  .filter(([path]) => path.startsWith('/api/') && !path.startsWith('/api/auth/'))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      operation,
    })),
  )
  .filter(({ method }) => /^(?:POST|PUT|PATCH|DELETE)$/.test(method))
