import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { SERVER_URL } from '../../test/databases.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

/** Of the ids that all writers share, so that they meet. */
const IDS = 6
const WRITERS = SERVER_URL === undefined ? 2 : 5
const RUNS = SERVER_URL === undefined ? 5 : 8

let world: World

before(async () => {
  world = await openWorld({ env: { RATE_LIMIT_READ: '1000000', RATE_LIMIT_WRITE: '1000000' } })
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']
type Write = (user: User, ids: readonly string[]) => Promise<Answer>

const at = fc.nat({ max: IDS - 1 })
const title = fc.constantFrom('a', 'b', 'c')

const ask = (user: User, method: string, path: string, body?: unknown): Promise<Answer> =>
  world.ask(method, path, { token: user.token, body })

const operation = fc.oneof(
  fc.record({ op: fc.constant('create'), at, title }).map(({ op, at: n, title: text }) => (ids: readonly string[]) => ({
    op,
    task: { id: ids[n], title: text },
  })),
  fc.record({ op: fc.constantFrom('complete', 'delete'), at }).map(({ op, at: n }) => (ids: readonly string[]) => ({
    op,
    id: ids[n],
  })),
  fc.record({ at, title }).map(({ at: n, title: text }) => (ids: readonly string[]) => ({
    op: 'update',
    id: ids[n],
    patch: { title: text },
  })),
)

/** A write may be refused, for what it finds; it may not fail. */
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ at, title }).map(
    ({ at: n, title: text }): Write =>
      (user, ids) =>
        ask(user, 'POST', '/api/tasks', { id: ids[n], title: text }),
  ),
  fc.record({ at, title }).map(
    ({ at: n, title: text }): Write =>
      (user, ids) =>
        ask(user, 'PATCH', `/api/tasks/${ids[n]}`, { title: text }),
  ),
  at.map(
    (n): Write =>
      (user, ids) =>
        ask(user, 'PATCH', `/api/tasks/${ids[n]}/complete`),
  ),
  at.map(
    (n): Write =>
      (user, ids) =>
        ask(user, 'DELETE', `/api/tasks/${ids[n]}`),
  ),
  fc.uniqueArray(at, { minLength: 1 }).map(
    (some): Write =>
      (user, ids) =>
        ask(user, 'POST', '/api/tasks/bulk-delete', { ids: some.map((n) => ids[n]) }),
  ),
  fc.record({ atomic: fc.boolean(), operations: fc.array(operation, { minLength: 1, maxLength: 6 }) }).map(
    ({ atomic, operations }): Write =>
      (user, ids) =>
        ask(user, 'POST', '/api/tasks/batch', { atomic, operations: operations.map((make) => make(ids)) }),
  ),
)

/** A client that keeps a copy. */
class Follower {
  readonly copy = new Map<string, Json>()
  readonly seen: Json[] = []
  cursor: string | undefined
  readonly #user: User
  readonly #limit: number

  constructor(user: User, limit: number) {
    this.#user = user
    this.#limit = limit
  }

  /** @returns whether there is more */
  async step(): Promise<boolean> {
    const query = new URLSearchParams({ limit: String(this.#limit), ...(this.cursor && { cursor: this.cursor }) })
    const answer = await ask(this.#user, 'GET', `/api/changes?${query.toString()}`)
    assert.equal(answer.status, 200, answer.text)
    const changes: Json[] = answer.json
    assert.equal(new Set(changes.map(({ id }) => id)).size, changes.length, 'an entity twice in a page')
    const seqs = changes.map(({ seq }) => seq)
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    )
    for (const { id, op, data } of changes) {
      if (op === 'delete') this.copy.delete(id)
      else this.copy.set(id, data)
    }
    this.seen.push(...changes)
    this.cursor = answer.headers.get('x-next-cursor') ?? undefined
    return answer.headers.get('x-has-more') === 'true'
  }

  async catchUp(): Promise<void> {
    while (await this.step());
  }
}

/** Follows while the writers write, and notes where it was on the way. */
async function followDuring(
  follower: Follower,
  writing: Promise<unknown>,
): Promise<readonly [string, Map<string, Json>][]> {
  const stops: [string, Map<string, Json>][] = []
  const over = new AbortController()
  const written = writing.finally(() => over.abort())
  while (!over.signal.aborted) {
    await follower.step()
    if (follower.cursor !== undefined) stops.push([follower.cursor, new Map(follower.copy)])
  }
  await written
  await follower.catchUp()
  return stops
}

const tasksOf = async (user: User): Promise<Map<string, Json>> =>
  new Map((await ask(user, 'GET', '/api/tasks')).json.map((task: Json) => [task.id, task]))

interface Entry {
  readonly seq: number
  readonly id: string
}

const logOf = ({ id }: User): Promise<Entry[]> =>
  world.asOwner(
    async (client) =>
      (
        await client.query<Entry>(
          `select seq::int as seq, entity_id as id from changes where user_id = $1 order by changes.seq`,
          [id],
        )
      ).rows,
  )

test('of many writers at once every committed change reaches followers, who begin anywhere, and their copies equal the table', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(write, { minLength: 1, maxLength: 8 }), { minLength: WRITERS, maxLength: WRITERS }),
      fc.integer({ min: 1, max: 7 }),
      fc.infiniteStream(fc.nat()),
      async (writers, limit, random) => {
        const user = await world.signUp('Ada')
        const ids = Array.from({ length: IDS }, () => randomUUID())
        const writing = Promise.all(
          writers.map(async (writes) => {
            for (const each of writes) {
              const { status, text } = await each(user, ids)
              assert.ok(status < 500, text)
            }
          }),
        )
        const stops = await followDuring(new Follower(user, limit), writing)
        const now = await tasksOf(user)
        const log = await logOf(user)
        assert.deepEqual(
          log.map(({ seq }) => seq),
          log.map((_, index) => index + 1),
        )
        const begins = [undefined, ...stops]
        for (let n = 0; n < 4; n++) {
          const begin = begins[Number(random.next().value) % begins.length]
          const follower = new Follower(user, limit)
          if (begin !== undefined) {
            follower.cursor = begin[0]
            for (const [id, task] of begin[1]) follower.copy.set(id, task)
          }
          await follower.catchUp()
          assert.deepEqual(follower.copy, now)
          // Each entry after the place where it began reached it: by itself, or by a later change of the same entity.
          const from = Number(begin?.[0].split('.')[0] ?? 0)
          // An initial load begins with the state, and needs no log.
          if (from === 0) continue
          for (const { seq, id } of log.filter((entry) => entry.seq > from)) {
            assert.ok(
              follower.seen.some((change) => change.id === id && change.seq >= seq),
              `the change ${seq} was missed`,
            )
          }
        }
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  )
})
