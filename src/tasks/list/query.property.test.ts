import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, mock, suite, test } from 'node:test'
import * as fc from 'fast-check'
import { openWorld, SERVICE_TOKEN, type Answer, type World } from '../../../test/world.ts'
import { parametersOf, select, type Asked, type ModelTask } from '../../../test/task-model.ts'

const TASKS = '/api/tasks'
/** A Wednesday. `due` is asked for around it, and nothing here takes so long that it would have to move. */
const NOW = '2026-07-15T10:30:00Z'

let world: World
before(async () => {
  world = await openWorld()
  mock.timers.enable({ apis: ['Date'], now: Date.parse(NOW) })
})
after(async () => {
  mock.timers.reset()
  await world[Symbol.asyncDispose]()
})

const WORDS = [
  'Milk',
  'mílk',
  'silk',
  'Buy',
  'notebook',
  'note book',
  'Zebra',
  'éclair',
  'Straße',
  '2025',
  'x-ray',
  '!',
]
const TAGS = ['home', 'a,b', 'Ümlaut milk', 'back\\slash', 'Home']
const INSTANTS = [
  '2026-07-12T23:59:59.999Z',
  '2026-07-13T00:00:00Z',
  '2026-07-15T10:30:00Z',
  '2026-07-15T22:30:00Z',
  '2026-08-01T00:00:00Z',
]
const DAYS = ['2026-07-12', '2026-07-13', '2026-07-15', '2026-07-16', '2026-08-01']
const ZONES = ['UTC', 'Asia/Tokyo', 'America/Los_Angeles', 'Pacific/Kiritimati', 'Asia/Kathmandu']
const SOUGHT = [
  'mil',
  'mlik',
  'MILK',
  'buy',
  'noteboook',
  'notebook',
  'zebar',
  'eclair',
  'strasse',
  '2026',
  '2025',
  'ray',
  'home',
  'a',
]

const words = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }).map((some) => some.join(' '))
const status = fc.constantFrom('TODO', 'IN_PROGRESS', 'COMPLETED')
const priority = fc.constantFrom('URGENT', 'HIGH', 'MEDIUM', 'LOW')
const instant = fc.constantFrom(...INSTANTS)
const dueOn = fc.oneof(instant, fc.constantFrom(...DAYS))
const dueDate = fc.option(dueOn, { freq: 3 })
const content = {
  title: words,
  description: fc.option(words),
  status,
  priority,
  dueDate,
  tags: fc.uniqueArray(fc.constantFrom(...TAGS), { maxLength: 3 }),
}
const task = fc.record({ ...content, createdAt: instant, updatedAt: instant })

const NAMES = ['createdAt', 'updatedAt', 'dueDate', 'priority', 'title', 'status'] as const
const sort = fc
  .uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 })
  .chain((names) => fc.tuple(...names.map((name) => fc.constantFrom(name, `-${name}`))))
const some = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.uniqueArray(values, { minLength: 1, maxLength: 2 })

const asked: fc.Arbitrary<Asked> = fc
  .record(
    {
      status: some(status),
      priority: some(priority),
      tag: some(fc.constantFrom(...TAGS)),
      tagMode: fc.constantFrom('any', 'all'),
      completed: fc.boolean(),
      due: fc.constantFrom('overdue', 'today', 'week', 'none'),
      timezone: fc.constantFrom(...ZONES),
      dueBefore: dueOn,
      dueAfter: dueOn,
      createdBefore: instant,
      createdAfter: instant,
      updatedSince: instant,
      q: some(fc.constantFrom(...SOUGHT)).map((sought) => sought.join(' ')),
      sort,
      relevance: fc.boolean(),
      fields: fc.constantFrom(['id', 'title'], ['id', 'version']),
    },
    { requiredKeys: [] },
  )
  .chain((all) =>
    // All filters at once match nothing: a few of them.
    fc.subarray(Object.keys(all), { maxLength: 4 }).map((kept) => {
      const few = Object.fromEntries(Object.entries(all).filter(([name]) => kept.includes(name) || name === 'sort'))
      return few
    }),
  )

const change = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), body: fc.record(content) }),
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat() }),
  fc.record({
    kind: fc.constant('patch' as const),
    at: fc.nat(),
    body: fc.record(content, { requiredKeys: [] }),
  }),
)

async function askAs(userId: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': userId }
  const answer = await world.ask(method, path, { headers, ...(body === undefined ? {} : { body }) })
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`)
  return answer
}

type Content = Omit<ModelTask, 'id' | 'version'>

/** A new user with these tasks, whose instants are chosen: of many tasks some have the same. */
async function arrange(tasks: readonly Content[], zone: string): Promise<{ userId: string; tasks: ModelTask[] }> {
  const userId = randomUUID()
  const stored = tasks.map((each) => ({ ...each, id: randomUUID(), version: 1 }))
  await world.asOwner(async (client) => {
    await client.query(
      `insert into users (id, name, email, "emailVerified") values ($1, 'Ada', $1 || '@example.com', true)`,
      [userId],
    )
    await client.query('insert into user_settings (user_id, timezone) values ($1, $2)', [userId, zone])
    await client.query(
      `insert into tasks (id, user_id, title, description, status, priority, due_date, due_day, tags, created_at, updated_at, completed_at)
       select (t->>'id')::uuid, $1, t->>'title', t->>'description', (t->>'status')::task_status, (t->>'priority')::task_priority,
         todo_due_date(t->>'dueDate'), todo_due_day(t->>'dueDate'), array(select jsonb_array_elements_text(t->'tags')), (t->>'createdAt')::timestamptz,
         (t->>'updatedAt')::timestamptz, case when t->>'status' = 'COMPLETED' then now() end
       from jsonb_array_elements($2::jsonb) t`,
      [userId, JSON.stringify(stored)],
    )
  })
  return { userId, tasks: stored }
}

/** All pages of a listing; `between` runs after each but the last. */
async function listing(
  userId: string,
  query: Asked,
  limit: number,
  between: (page: Answer) => Promise<void> = async () => undefined,
): Promise<{ id: string }[]> {
  const seen: { id: string }[] = []
  let path: string | undefined = `${TASKS}?${parametersOf(query)}count=true&limit=${limit}`
  while (path !== undefined) {
    const page: Answer = await askAs(userId, 'GET', path)
    seen.push(...page.json)
    assert.ok(seen.length < 100, 'the pages do not end')
    path = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
    if (path !== undefined) await between(page)
  }
  return seen
}

suite('every combination of filters, search and order', () => {
  test('gives what matches, in order, on pages of any size, with the total', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(task, { minLength: 4, maxLength: 14 }),
        fc.constantFrom(...ZONES),
        fc.array(fc.tuple(asked, fc.integer({ min: 1, max: 5 })), { minLength: 3, maxLength: 3 }),
        async (contents, zone, queries) => {
          const { userId, tasks } = await arrange(contents, zone)
          for (const [query, limit] of queries) {
            const expected = select(tasks, query, NOW, zone).map(({ id }) => id)
            const totals = new Set<string | null>([])
            const seen = await listing(userId, query, limit, async (page) => {
              totals.add(page.headers.get('x-total-count'))
            })
            assert.deepEqual(
              seen.map(({ id }) => id),
              expected,
              JSON.stringify(query),
            )
            assert.deepEqual([...totals], expected.length > limit ? [String(expected.length)] : [])
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('shows each unchanged task exactly once while others are created, changed and deleted between the pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(task, { minLength: 6, maxLength: 14 }),
        fc.constantFrom(...ZONES),
        asked,
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 5 }),
        async (contents, zone, query, limit, changes) => {
          const { userId, tasks } = await arrange(contents, zone)
          const touched = new Set<string>()
          const alive = tasks.map(({ id }) => id)
          const rounds = changes.values()
          const seen = await listing(userId, query, limit, async () => {
            for (const each of rounds.next().value ?? []) {
              if (each.kind === 'create') {
                const { id } = (await askAs(userId, 'POST', TASKS, each.body)).json
                touched.add(id)
                alive.push(id)
              } else if (alive.length > 0) {
                const at = each.at % alive.length
                const id = alive[at] ?? ''
                touched.add(id)
                if (each.kind === 'patch') await askAs(userId, 'PATCH', `${TASKS}/${id}`, each.body)
                else await askAs(userId, 'DELETE', `${TASKS}/${alive.splice(at, 1)[0]}`)
              }
            }
          })
          const still = (ids: readonly string[]): string[] => ids.filter((id) => !touched.has(id))
          assert.deepEqual(
            still(seen.map(({ id }) => id)),
            still(select(tasks, query, NOW, zone).map(({ id }) => id)),
            JSON.stringify(query),
          )
        },
      ),
      { numRuns: 60 },
    )
  })
})
