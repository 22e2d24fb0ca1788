import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { needsServer, openTestDatabase } from './databases.ts'
import { maskedAnswer, type WriteRequest } from './feature-cases.ts'
import { startService } from './service.ts'
import { caseOf, document, openSurroundedWorld, WRITES, writesBy, type SurroundedWorld } from './writes.ts'
import { SERVICE_TOKEN, untilServed, type Answer, type User } from './world.ts'

const TASKS = '/api/tasks'

let world: SurroundedWorld
let ada: User

before(async () => {
  world = await openSurroundedWorld()
  ada = await world.signUp()
})
after(() => world[Symbol.asyncDispose]())

const ask = (method: string, { path, body, headers }: WriteRequest, key?: string): Promise<Answer> =>
  world.ask(method, path, {
    token: ada.token,
    body,
    headers: { ...headers, ...(key === undefined ? {} : { 'idempotency-key': key }) },
  })

const create = async (fields: object = {}): Promise<Answer['json']> =>
  (await ask('POST', { path: TASKS, body: { title: 'x', ...fields } })).json

const refuses = (answer: Answer, status: number, code: string): void =>
  assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text)

/** All rows of users except the idempotency keys. */
async function everything(): Promise<unknown> {
  return world.asOwner(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'user_id' and not a.attisdropped
         and c.relname <> 'idempotency_keys' order by 1`,
    )
    const tables: unknown[] = []
    for (const { name } of rows) {
      tables.push(name, (await client.query(`select to_jsonb(t) as row from ${name} t order by 1`)).rows)
    }
    return tables
  })
}

const cases = writesBy(ask, (work) => world.asOwner(work))
const isSized = ({ headers }: Answer): boolean => headers.has('content-length')

suite('every route that writes', () => {
  test('is in the table of test/writes.ts, which has no other entry', () => {
    assert.deepEqual(Object.keys(cases).sort(), WRITES.map(({ name }) => name).sort())
  })

  for (const { name, method, operation } of WRITES) {
    test(`${name} has Idempotency-Key and its refusals in the OpenAPI document`, () => {
      const header = operation.parameters.find(
        (each: { in: string; name: string }) => each.in === 'header' && each.name === 'idempotency-key',
      )
      assert.ok(header?.description, 'the header')
      // Without an example, because tools would send the same key with every write, so that only the first one is executed.
      for (const part of [header, header.schema]) assert.ok(!('example' in part || 'examples' in part), 'no example')
      const examplesOf = (status: string): string[] => {
        const name = String(operation.responses[status]?.$ref).split('/').at(-1) ?? ''
        return Object.keys(document.components.responses[name]?.content['application/problem+json'].examples ?? {})
      }
      assert.ok(examplesOf('400').includes('invalid_header'))
      assert.ok(examplesOf('409').includes('request_in_progress'))
      assert.ok(examplesOf('422').includes('idempotency_key_reused'))
      for (const [status, response] of Object.entries<{ headers?: object }>(operation.responses)) {
        if (status.startsWith('2')) assert.ok('Idempotency-Replayed' in (response.headers ?? {}), status)
      }
    })

    test(`${name} repeated with its key is executed once, and has the same answer`, async () => {
      ada = await world.signUp()
      const request = await caseOf(cases, name)
      const key = randomUUID()
      const first = await ask(method, request, key)
      assert.ok(first.status < 300, first.text)
      assert.equal(first.headers.get('idempotency-replayed'), null)
      const after = await everything()
      const asked = world.countOutside()
      for (let time = 0; time < 2; time++) {
        const again = await ask(method, request, key)
        assert.deepEqual([again.status, maskedAnswer(name, again.text)], [first.status, maskedAnswer(name, first.text)])
        assert.equal(again.headers.get('idempotency-replayed'), 'true')
        assert.equal(again.headers.get('content-length'), isSized(first) ? String(Buffer.byteLength(again.text)) : null)
        for (const header of ['content-type', 'etag', 'location', 'cache-control']) {
          assert.equal(again.headers.get(header), first.headers.get(header), header)
        }
      }
      assert.deepEqual(await everything(), after)
      assert.equal(world.countOutside(), asked, 'no other server is called again')
      refuses(await ask('POST', { path: TASKS, body: { title: 'other' } }, key), 422, 'idempotency_key_reused')
      const unknownKey = await ask(method, request, randomUUID())
      assert.equal(unknownKey.headers.get('idempotency-replayed'), null)
    })

    test(`${name} with an invalid key is 400 and changes nothing`, async () => {
      ada = await world.signUp()
      const request = await caseOf(cases, name)
      const before = await everything()
      refuses(await ask(method, request, 'x'.repeat(256)), 400, 'invalid_header')
      assert.deepEqual(await everything(), before)
    })
  }
})

suite('an Idempotency-Key', () => {
  const post = (key: string, title: string, asking: { token?: string; headers?: Record<string, string> } = ada) =>
    world.ask('POST', TASKS, {
      token: asking.token,
      body: { title },
      headers: { ...asking.headers, 'idempotency-key': key },
    })

  for (const [what, first, same] of [
    ['bare or in quotes', 'a-key', '"a-key"'],
    ['with spaces and commas', 'a, b', '"a, b"'],
    ['with escapes', `"a\\"b\\\\c"`, `a"b\\c`],
    ['of 255 characters', 'x'.repeat(255), `"${'x'.repeat(255)}"`],
    ['of one character', '~', '"~"'],
  ] as const) {
    test(`is the same key ${what}`, async () => {
      const answers = [await post(first, what), await post(same, what)]
      assert.deepEqual(
        answers.map(({ status }) => status),
        [201, 201],
      )
      assert.equal(answers[1]?.text, answers[0]?.text)
      assert.equal(answers[1]?.headers.get('idempotency-replayed'), 'true')
    })
  }

  for (const [what, key] of [
    ['is empty', ''],
    ['is empty in quotes', '""'],
    ['has more than 255 characters', 'x'.repeat(256)],
    ['has more than 255 characters in quotes', `"${'x'.repeat(256)}"`],
    ['has a quote that is not closed', '"abc'],
    ['has something behind the string', '"abc";a=1'],
    ['has an escape of nothing', '"a\\b"'],
    ['is no ASCII', 'ké'],
    ['has a tab', 'a\tb'],
  ] as const) {
    test(`that ${what} is 400, names the header and creates nothing`, async () => {
      const before = await everything()
      const answer = await post(key, 'x')
      refuses(answer, 400, 'invalid_header')
      assert.match(answer.json.detail, /idempotency-key/)
      assert.deepEqual(await everything(), before)
    })
  }

  test('belongs to its user: another user can use the same key for another request', async () => {
    const ben = await world.signUp('Ben')
    const [mine, his] = [await post('shared', 'mine'), await post('shared', 'his', ben)]
    assert.deepEqual([mine.json.title, his.json.title], ['mine', 'his'])
    assert.equal(his.headers.get('idempotency-replayed'), null)
    assert.equal((await post('shared', 'his', ben)).json.id, his.json.id)
  })

  test('is the same for a service that acts for the user', async () => {
    const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
    const [first, again] = [await post('by a service', 'x', { headers }), await post('by a service', 'x')]
    assert.equal(again.text, first.text)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
  })

  test('is not replayed after the end of the session or without a credential', async () => {
    const eve = await world.signUp('Eve')
    assert.equal((await post('signed out', 'x', eve)).status, 201)
    await world.ask('POST', '/api/auth/sign-out', { token: eve.token, body: {} })
    refuses(await post('signed out', 'x', eve), 401, 'unauthenticated')
    refuses(await post('signed out', 'x', {}), 401, 'unauthenticated')
  })

  test('is bound to its content in any notation, its path and its If-Match', async () => {
    const task = await create()
    const path = `${TASKS}/${task.id}`
    const patch = (raw: string, headers: Record<string, string> = { 'if-match': '"1"' }, at = path) =>
      world.ask('PATCH', at, { token: ada.token, raw, headers: { ...headers, 'idempotency-key': 'content' } })
    assert.equal((await patch('{"title":"y","tags":["a","b"]}')).status, 200)
    const same = await patch(' { "tags" : ["a", "\\u0062"],\n"title": "y" } ')
    assert.deepEqual([same.status, same.headers.get('idempotency-replayed')], [200, 'true'])
    for (const [at, headers] of [
      [`${TASKS}/${task.id.toUpperCase()}`, {}],
      [`${path}/`, {}],
      [path, { 'x-timezone': 'Europe/Berlin' }],
    ] as const) {
      const written = await patch('{"title":"y","tags":["a","b"]}', { 'if-match': '"1"', ...headers }, at)
      assert.deepEqual([written.status, written.headers.get('idempotency-replayed')], [200, 'true'], at)
    }
    for (const other of [
      await patch('{"title":"y","tags":["b","a"]}'),
      await patch('{"title":"y"}'),
      await patch('{"title":"y","tags":["a","b"],"description":null}'),
      await patch('{"title":"y","tags":["a","b"]}', { 'if-match': '"2"' }),
      await patch('{"title":"y","tags":["a","b"]}', {}),
      await patch('{"title":"y","tags":["a","b"]}', { 'if-match': '"1"' }, `${TASKS}/${(await create()).id}`),
    ]) {
      refuses(other, 422, 'idempotency_key_reused')
      assert.equal(other.headers.get('idempotency-replayed'), null)
    }
    assert.equal((await ask('GET', { path })).json.version, 2)
  })

  test('that the previous version has stored is replayed after an upgrade', async () => {
    const body = { title: 'kept before' }
    const first = await ask('POST', { path: TASKS, body }, 'upgraded')
    // The row of that version, which did not have the column.
    await world.asOwner(async (client) => {
      const fingerprint = createHash('sha256').update(`["POST","/api/tasks",[],null,{"title":"kept before"}]`).digest()
      const values = [fingerprint, 'upgraded']
      const { rowCount } = await client.query(
        'update idempotency_keys set fingerprint = $1, fingerprint_version = default where key = $2',
        values,
      )
      assert.equal(rowCount, 1)
    })
    const again = await ask('POST', { path: TASKS, body }, 'upgraded')
    assert.deepEqual([again.status, again.text], [201, first.text])
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    refuses(await ask('POST', { path: TASKS, body: { title: 'x' } }, 'upgraded'), 422, 'idempotency_key_reused')
  })

  test('of a refused request can be used again, because a refusal changes nothing', async () => {
    const { id } = await create()
    const patch = (tag: string) =>
      ask('PATCH', { path: `${TASKS}/${id}`, body: { title: 'y' }, headers: { 'if-match': tag } }, 'refused')
    refuses(await patch('"7"'), 412, 'precondition_failed')
    refuses(await patch('"7"'), 412, 'precondition_failed')
    const done = await patch('"1"')
    assert.deepEqual([done.status, done.headers.get('idempotency-replayed')], [200, null])
    assert.equal((await patch('"1"')).headers.get('idempotency-replayed'), 'true')
  })

  test('replays the answer for a task that was changed or deleted since, and does not restore the task', async () => {
    const first = await post('replay', 'x')
    await ask('DELETE', { path: `${TASKS}/${first.json.id}` })
    const again = await post('replay', 'x')
    assert.deepEqual([again.status, again.text, again.headers.get('etag')], [201, first.text, '"1"'])
    assert.equal((await ask('GET', { path: `${TASKS}/${first.json.id}` })).status, 404)
  })

  test('is an allowed header for pages of other origins, and they can read Idempotency-Replayed', async () => {
    const origin = 'http://localhost:3000'
    const { headers } = await world.ask('POST', TASKS, { token: ada.token, body: { title: 'x' }, headers: { origin } })
    assert.match(headers.get('access-control-expose-headers') ?? '', /Idempotency-Replayed/)
  })

  test('is ignored by the auth server, whose answers contain tokens and are not stored', async () => {
    const body = { email: ada.email, password: ada.password }
    const signIn = () =>
      world.ask('POST', '/api/auth/sign-in/email', { body, headers: { 'idempotency-key': 'sign-in' } })
    const [first, second] = [await signIn(), await signIn()]
    assert.deepEqual([first.status, second.status], [200, 200])
    assert.notEqual(second.json.token, first.json.token)
  })
})

suite('at the same time', () => {
  test('50 POSTs with one key insert one row, and every 201 has the same body', async () => {
    const posts = Array.from({ length: 50 }, () => ask('POST', { path: TASKS, body: { title: 'fifty' } }, 'fifty'))
    const texts = new Set<string>()
    let answered = 0
    for (let answer of await Promise.all(posts)) {
      while (answer.status === 409) {
        refuses(answer, 409, 'request_in_progress')
        assert.equal(answer.headers.get('retry-after'), '1')
        assert.equal(answer.json.retryAfter, 1)
        answer = await ask('POST', { path: TASKS, body: { title: 'fifty' } }, 'fifty')
      }
      assert.equal(answer.status, 201, answer.text)
      texts.add(answer.text)
      answered += 1
    }
    assert.deepEqual([answered, texts.size], [50, 1])
    const { rows } = await world.asOwner((client) => client.query(`select 1 from tasks where title = 'fifty'`))
    assert.equal(rows.length, 1)
  })

  test('100 PATCHes with one ETag are one 200 and 99 times 412', async () => {
    const { id } = await create()
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        untilServed(() =>
          ask('PATCH', { path: `${TASKS}/${id}`, body: { title: `writer ${n}` }, headers: { 'if-match': '"1"' } }),
        ),
      ),
    )
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b)
    assert.deepEqual(statuses, [200, ...Array.from({ length: 99 }, () => 412)])
    assert.equal((await ask('GET', { path: `${TASKS}/${id}` })).json.version, 2)
  })

  test(
    'a key whose request is in progress is 409 with Retry-After, and afterwards a replay',
    { skip: needsServer },
    async () => {
      const { id } = await create()
      const patch = () => ask('PATCH', { path: `${TASKS}/${id}`, body: { title: 'slow' } }, 'running')
      await world.asOwner(async (holder) => {
        await holder.query('begin')
        await holder.query('select from tasks where id = $1 for update', [id])
        const first = patch()
        // A transaction reads the statistics only once, so another connection checks them.
        const isWaiting = () =>
          world.asOwner((client) =>
            client.query(
              `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
            ),
          )
        const ended = first.then((answer) => assert.fail(`it did not wait: ${answer.text}`))
        while ((await Promise.race([isWaiting(), ended])).rows.length === 0);
        const second = await patch()
        refuses(second, 409, 'request_in_progress')
        assert.equal(second.headers.get('retry-after'), '1')
        await holder.query('commit')
        assert.equal((await first).status, 200)
      })
      const replay = await patch()
      assert.deepEqual([replay.json.version, replay.headers.get('idempotency-replayed')], [2, 'true'])
    },
  )
})

suite('a service that is killed between the commit and the answer', () => {
  test('has executed the request once: its repetition at the next process is a replay', async () => {
    await using database = await openTestDatabase()
    const body = { title: 'written, and never answered' }
    let token: string
    {
      await using service = await startService(database.env)
      token = (await service.signUp()).token
      const headers = { 'idempotency-key': 'killed', 'x-die-before-answering': 'now' }
      await assert.rejects(service.ask('POST', TASKS, { token, body, headers }), TypeError)
      assert.equal(await service.ended, 'SIGKILL')
    }
    await using service = await startService(database.env)
    const there = await service.ask('GET', TASKS, { token })
    assert.deepEqual(
      there.json.map(({ title }: { title: string }) => title),
      [body.title],
    )
    const again = await service.ask('POST', TASKS, { token, body, headers: { 'idempotency-key': 'killed' } })
    assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [201, 'true'])
    assert.deepEqual(again.json, there.json[0])
    assert.equal((await service.ask('GET', TASKS, { token })).json.length, 1)
  })
})
