import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { needsServer, openTestDatabase, withClient, type TestDatabase } from './databases.ts'
import { openWorld, SERVICE_TOKEN, type World } from './world.ts'

/** The service must store and answer the same with all default settings of a server, a database or a login. */

const DEFAULTS: Readonly<Record<string, string>> = {
  array_nulls: 'off',
  'app.user_id': 'another-user',
  backslash_quote: 'off',
  bytea_output: 'escape',
  client_encoding: 'LATIN1',
  datestyle: 'German, DMY',
  default_transaction_deferrable: 'on',
  default_transaction_isolation: 'serializable',
  extra_float_digits: '-15',
  idle_session_timeout: '500ms',
  intervalstyle: 'sql_standard',
  lock_timeout: '1ms',
  quote_all_identifiers: 'on',
  row_security: 'off',
  search_path: '',
  standard_conforming_strings: 'off',
  timezone: 'Asia/Kathmandu',
  transform_null_equals: 'on',
}

const urlOf = ({ env }: TestDatabase): string => env['DATABASE_URL'] ?? ''

const setDefaults = (database: TestDatabase, settings: Readonly<Record<string, string>>): Promise<void> =>
  withClient(urlOf(database), async (client) => {
    for (const [name, value] of Object.entries(settings)) {
      await client.query(`alter database ${client.database ?? ''} set ${name} = '${value}'`)
    }
  })

const IDS = new Set(['id', 'userId', 'cursor'])
const INSTANTS = new Set(['createdAt', 'updatedAt', 'completedAt'])

/** The part of an answer that does not depend on time and user; instants are replaced by their format. */
const constant = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(body), (name: string, value: unknown) => {
    if (typeof value !== 'string') return value
    if (IDS.has(name)) return '…'
    return INSTANTS.has(name) ? value.replace(/\.\d{3}Z$/, 'Z').replace(/\d/g, '0') : value
  })

/** A request for each kind of SQL that reads or writes text that a setting could change. */
async function answers(world: World): Promise<unknown[]> {
  const { token, id, email, password } = await world.signUp()
  const seen: unknown[] = []
  const ask = async (method: string, path: string, body?: unknown, headers = {}): Promise<Record<string, unknown>> => {
    const answer = await world.ask(method, path, { token, body, headers })
    seen.push([method, path.replaceAll(/[0-9a-f-]{36}/g, '…'), answer.status, constant(answer.json)])
    return answer.json as Record<string, unknown>
  }
  const key = { 'idempotency-key': randomUUID() }
  const first = {
    title: "Łódź “\\\" 'x' ß",
    description: null,
    dueDate: '2026-12-24T18:00:00.25Z',
    tags: ['NULL', 'a\\b'],
  }
  const task = await ask('POST', '/api/tasks', first, key)
  await ask('POST', '/api/tasks', first, key)
  await ask('POST', '/api/tasks/batch', {
    operations: [
      { op: 'create', task: { title: 'two', description: null, dueDate: null } },
      { op: 'create', task: { title: 'three', description: 'null', dueDate: '2026-01-02T03:04:05+05:45' } },
    ],
  })
  await ask('PATCH', `/api/tasks/${String(task['id'])}`, { dueDate: '2026-02-01T00:00:00Z' }, { 'if-match': '"1"' })
  await ask('PATCH', `/api/tasks/${String(task['id'])}/complete`)
  for (const query of [
    'q=lodz&sort=relevance',
    'q=lodz',
    'dueBefore=2026-06-01T00:00:00Z',
    'sort=dueDate&limit=1',
    'tag=NULL',
  ]) {
    await ask('GET', `/api/tasks?${query}`)
  }
  await ask('GET', '/api/tasks/stats')
  await ask('GET', '/api/tags')
  await world
    .ask('POST', '/api/auth/sign-in/email', { body: { email, password } })
    .then(({ status }) => seen.push(status))
  const asService = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': id }
  await world.ask('GET', '/api/tasks?limit=1', { headers: asService }).then(({ json }) => seen.push(constant(json)))
  // With isolation level serializable or repeatable read most of these requests would fail.
  const path = `/api/tasks/${String(task['id'])}`
  const written = await Promise.all(
    Array.from({ length: 12 }, (_, index) => world.ask('PATCH', path, { token, body: { title: `title ${index}` } })),
  )
  seen.push(written.map(({ status }) => status))
  const { rows } = await world.asOwner((client) =>
    client.query<Record<'title' | 'json', string>>(
      'select title, description, tags, json, search_words from public.tasks order by title',
    ),
  )
  assert.equal(rows.length, 3)
  for (const row of rows) {
    if (!row.title.startsWith('title')) seen.push({ ...row, json: constant(JSON.parse(row.json)) })
  }
  return seen
}

suite('the defaults of a database', { skip: needsServer }, () => {
  test('do not change the computed columns of a row, whichever program writes it', async () => {
    await using database = await openTestDatabase()
    await setDefaults(database, DEFAULTS)
    await withClient(urlOf(database), async (client) => {
      await client.query(
        `insert into public.users (id, name, email, "emailVerified") values ('ada', 'Ada', 'ada@example.com', true)`,
      )
      await client.query(
        `insert into public.tasks (id, user_id, title, due_date, created_at, updated_at, tags)
         values (gen_random_uuid(), 'ada', $1, '2026-12-24T18:00:00.25Z', '2026-12-01T00:00:00Z', '2026-12-01T00:00:00Z', $2)`,
        ['Łódź [x]\\u', ['a-b']],
      )
      const { rows } = await client.query<{ json: string; words: string }>(
        'select json, search_words as words from public.tasks',
      )
      const { title, dueDate, createdAt, tags } = JSON.parse(rows[0]?.json ?? '') as Record<string, unknown>
      assert.deepEqual(
        [title, dueDate, createdAt, tags],
        ['Łódź [x]\\u', '2026-12-24T18:00:00.250Z', '2026-12-01T00:00:00Z', ['a-b']],
      )
      assert.equal(rows[0]?.words, ' lodz x u \n a b \n  ')
    })
  })

  for (const pooler of ['none', 'transaction']) {
    test(`do not change stored rows and answers, with DATABASE_POOLER=${pooler}`, async () => {
      const seen: unknown[][] = []
      for (const defaults of [{}, DEFAULTS]) {
        await using database = await openTestDatabase({ migrated: false })
        await setDefaults(database, defaults)
        await using world = await openWorld({ env: { ...database.env, DATABASE_POOLER: pooler } })
        seen.push(await answers(world))
      }
      const [plain = [], changed] = seen
      assert.ok(plain.length > 15)
      assert.deepEqual(changed, plain)
    })
  }
})
