import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { SERVER_URL } from '../../test/databases.ts'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../test/world.ts'

/** Of the ids that all actors share, so that they meet. */
const IDS = 2
const RUNS = SERVER_URL === undefined ? 5 : 15
const STEPS_MIN = 12
const STEPS_MAX = 24

let world: World

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

/** The fields of each task without what every change increments. */
type Tasks = ReadonlyMap<string, Json>

/** A request, by the user or by a service for the user. */
type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>

const asUser =
  ({ token }: User): Ask =>
  (method, path, body) =>
    world.ask(method, path, { token, body })
const asService =
  ({ id }: User): Ask =>
  (method, path, body) =>
    world.ask(method, path, { body, headers: { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': id } })

async function tasksOf(ask: Ask): Promise<Tasks> {
  const tasks: Json[] = (await ask('GET', '/api/tasks')).json
  return new Map(tasks.map(({ version: _version, updatedAt: _updatedAt, ...task }: Json) => [task.id, task]))
}

/** A change that a request made, with all tasks before and after it. */
interface Done {
  readonly id: string
  readonly was: Tasks
  readonly is: Tasks
}

/** What an undo should do: refuse, or leave these tasks. */
type Expected = 'conflict' | Tasks

/**
 * The model. It knows the tasks before and after each request, and from the history only which fields of which tasks the request touched.
 */
function expectedOf({ was, is }: Done, changes: readonly Json[], now: Tasks): Expected {
  const wanted = new Map(now)
  for (const [id, of] of Map.groupBy(changes, (change) => change.id as string)) {
    const fields = new Set(of.flatMap(({ before, after: set }) => Object.keys({ ...before, ...set })))
    const [earlier, made, current] = [was.get(id), is.get(id), now.get(id)]
    if ((made === undefined) !== (current === undefined)) return 'conflict'
    const touched = Object.keys(made ?? {}).filter((field) => fields.has(field))
    if (touched.some((field) => JSON.stringify(made[field]) !== JSON.stringify(current[field]))) return 'conflict'
    if (earlier === undefined) wanted.delete(id)
    else if (current === undefined) wanted.set(id, earlier)
    else wanted.set(id, { ...current, ...Object.fromEntries(touched.map((field) => [field, earlier[field]])) })
  }
  return wanted
}

/** Each conflict is of a field that is not as the change made it, and names a later change that touched it. */
async function assertNamed(ask: Ask, answer: Answer, later: readonly string[]): Promise<void> {
  assert.deepEqual([answer.status, answer.json.code], [409, 'undo_conflict'], answer.text)
  for (const { id, field, change } of answer.json.conflicts as Json[]) {
    assert.ok(later.includes(change.id), 'the named change is not a later one')
    const { changes } = (await ask('GET', `/api/history/${change.id}`)).json
    const touches = ({ id: of, op, after: set }: Json): boolean =>
      of === id && (op !== 'update' || (field !== null && field in set))
    assert.ok(changes.some(touches), 'the named change does not touch the field')
  }
}

const at = fc.nat({ max: IDS - 1 })
const fields = fc.record(
  {
    title: fc.constantFrom('a', 'b', 'c'),
    description: fc.constantFrom(null, 'd'),
    priority: fc.constantFrom('LOW', 'MEDIUM', 'HIGH'),
    status: fc.constantFrom('TODO', 'COMPLETED'),
    tags: fc.constantFrom([], ['x']),
    dueDate: fc.constantFrom(null, '2026-12-24T17:00:00.5Z'),
  },
  { requiredKeys: [] },
)

const operation = fc.oneof(
  fc.record({ op: fc.constant('create'), at, fields }),
  fc.record({ op: fc.constant('put'), at, fields }),
  fc.record({ op: fc.constant('update'), at, fields }),
  fc.record({ op: fc.constantFrom('complete', 'delete'), at, fields }),
)

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

function operationOf({ op, at: n, fields: given }: Operation, ids: readonly string[]): object {
  const id = ids[n]
  if (op === 'create') return { op, task: { title: 'a', ...given, id } }
  if (op === 'put') return { op, id, task: { title: 'a', ...given } }
  return op === 'update' ? { op, id, patch: given } : { op, id }
}

/** A write may be refused, for what it finds. */
type Write = (ask: Ask, ids: readonly string[]) => Promise<Answer>

const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ at, fields }).map(
    ({ at: n, fields: given }): Write =>
      (ask, ids) =>
        ask('POST', '/api/tasks', { title: 'a', ...given, id: ids[n] }),
  ),
  fc.record({ at, fields }).map(
    ({ at: n, fields: given }): Write =>
      (ask, ids) =>
        ask('PATCH', `/api/tasks/${ids[n]}`, given),
  ),
  at.map(
    (n): Write =>
      (ask, ids) =>
        ask('PATCH', `/api/tasks/${ids[n]}/complete`),
  ),
  at.map(
    (n): Write =>
      (ask, ids) =>
        ask('DELETE', `/api/tasks/${ids[n]}`),
  ),
  at.map(
    (n): Write =>
      (ask, ids) =>
        ask('POST', `/api/trash/${ids[n]}/restore`),
  ),
  fc.uniqueArray(at, { minLength: 1 }).map(
    (some): Write =>
      (ask, ids) =>
        ask('POST', '/api/tasks/bulk-delete', { ids: some.map((n) => ids[n]) }),
  ),
  fc.array(operation, { minLength: 1, maxLength: 6 }).map(
    (operations): Write =>
      (ask, ids) =>
        ask('POST', '/api/tasks/batch', {
          atomic: false,
          operations: operations.map((each) => operationOf(each, ids)),
        }),
  ),
)

const step = fc.record({
  byService: fc.boolean(),
  what: fc.oneof(
    { weight: 1, arbitrary: fc.record({ write }) },
    // Which of the changes so far is undone, counted from the newest.
    { weight: 1, arbitrary: fc.record({ undo: fc.nat({ max: 5 }) }) },
  ),
})

/** Undoes a change, and compares with the model. @returns its answer */
async function undoAndCompare(ask: Ask, done: readonly Done[], target: Done): Promise<Answer> {
  const now = await tasksOf(ask)
  const { changes } = (await ask('GET', `/api/history/${target.id}`)).json
  const expected = expectedOf(target, changes, now)
  const answer = await ask('POST', `/api/history/${target.id}/undo`)
  const then = await tasksOf(ask)
  if (expected === 'conflict') {
    await assertNamed(
      ask,
      answer,
      done.slice(done.indexOf(target) + 1).map(({ id }) => id),
    )
    assert.deepEqual(then, now)
  } else {
    assert.ok(answer.status === 200 || answer.status === 204, answer.text)
    assert.deepEqual(byId(then), byId(expected))
    assert.equal(answer.status === 204, JSON.stringify(byId(now)) === JSON.stringify(byId(expected)))
  }
  return answer
}

const byId = (tasks: Tasks): readonly Json[] => [...tasks.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))

test('undos and redos of several actors conflict exactly where a later change is in the way, and undoing everything gives the start', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: STEPS_MIN, maxLength: STEPS_MAX }),
      fc.array(fields, { maxLength: IDS }),
      fc.boolean(),
      async (steps, initial, atOnce) => {
        const user = await world.signUp('Ada')
        const ids = Array.from({ length: IDS }, () => randomUUID())
        const actors = [asUser(user), asService(user)] as const
        const [ask] = actors
        for (const [n, given] of initial.entries())
          await ask('POST', '/api/tasks', { title: 'a', ...given, id: ids[n] })
        await world.asOwner((client) =>
          client.query(`update changes set at = at - interval '1 hour' where user_id = $1`, [user.id]),
        )
        const start = await tasksOf(ask)
        const done: Done[] = []
        const note = async (was: Tasks, { headers }: Answer): Promise<void> => {
          const id = headers.get('x-change-id')
          if (id !== null) done.push({ id, was, is: await tasksOf(ask) })
        }
        for (const { byService, what } of steps) {
          const actor = actors[byService ? 1 : 0]
          const was = await tasksOf(ask)
          if ('write' in what) {
            const answer = await what.write(actor, ids)
            assert.ok(answer.status < 500, answer.text)
            await note(was, answer)
          } else {
            const target = done.at(-1 - what.undo)
            if (target !== undefined) await note(was, await undoAndCompare(actor, done, target))
          }
        }
        if (atOnce) {
          const since = new Date(Date.now() - 30 * 60_000).toISOString()
          const answer = await ask('POST', '/api/history/undo', { since })
          assert.ok(answer.status === 200 || answer.status === 204, answer.text)
        } else {
          for (const { id } of done.toReversed()) {
            const answer = await ask('POST', `/api/history/${id}/undo`)
            assert.ok(answer.status === 200 || answer.status === 204, answer.text)
          }
        }
        assert.deepEqual(byId(await tasksOf(ask)), byId(start))
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  )
})
