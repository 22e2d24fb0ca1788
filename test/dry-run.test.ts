import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { checksum } from './checksum.ts'
import { openEvents } from './event-stream.ts'
import { maskedAnswer, type WriteRequest } from './feature-cases.ts'
import { openWorld, SERVICE_TOKEN, type Answer, type Asking, type User } from './world.ts'
import { caseOf, document, openSurroundedWorld, WRITES, writesBy, type SurroundedWorld } from './writes.ts'

const TASKS = '/api/tasks'
const DRY = '?dryRun=true'

let world: SurroundedWorld
let ada: User
/** Users whose rows were changed, as the database object says to what sends events. */
const changed: string[] = []

before(async () => {
  world = await openSurroundedWorld()
  world.deps.db.onChange((userId) => changed.push(userId))
  ada = await world.signUp()
})
after(() => world[Symbol.asyncDispose]())

const ask = (method: string, { path, body, headers = {} }: WriteRequest, key?: string): Promise<Answer> =>
  world.ask(method, path, {
    token: ada.token,
    body,
    headers: { ...headers, ...(key !== undefined && { 'idempotency-key': key }) },
  })
const cases = writesBy(ask, (work) => world.asOwner(work))
const dry = ({ path, ...request }: WriteRequest): WriteRequest => ({ ...request, path: path + DRY })
const create = async (fields: object = {}): Promise<Answer['json']> =>
  (await ask('POST', { path: TASKS, body: { title: 'x', ...fields } })).json

/** Runs the work and asserts that it left every row of every table as it was, and that nothing was sent anywhere. */
async function changesNothing<T>(work: () => Promise<T>): Promise<T> {
  const [before, events, sent] = [await checksum(world), changed.length, world.countOutside()]
  const result = await work()
  assert.equal(await checksum(world), before, 'rows were changed')
  assert.equal(changed.length, events, 'a change was announced')
  assert.equal(world.countOutside(), sent, 'another server was called')
  return result
}

/** Headers that say when a request was made, how many came before it, or where the log is. */
const OF_THE_REQUEST =
  /^(?:date|content-length|x-request-id|x-ratelimit-|ratelimit|x-sync-cursor$|x-change-id$|dry-run$)/
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
const INSTANT = /\d{4}-\d\d-\d\dT[\d:.]+Z/g

/** What a dry run and the request itself have in common. @param chosen ids that the client has chosen */
function essence({ status, headers, text }: Answer, { areIdsChosen = false } = {}): unknown {
  const masked = (of: string): string => (areIdsChosen ? of : of.replaceAll(UUID, 'ID')).replaceAll(INSTANT, 'INSTANT')
  return {
    status,
    headers: [...headers].filter(([name]) => !OF_THE_REQUEST.test(name)).map(([name, value]) => [name, masked(value)]),
    body: masked(text).replace(/"(cursor|requestId)":"[^"]*"/g, '"$1":""'),
  }
}

function assertImpossible(answer: Answer): void {
  assert.deepEqual([answer.status, answer.json.code], [422, 'invalid_input'], answer.text)
  assert.deepEqual(
    answer.json.errors.map((each: object) => ({ ...each, detail: '' })),
    [{ in: 'query', pointer: '/dryRun', detail: '' }],
  )
  assert.match(answer.json.detail, /dryRun must be false here: the result depends on another server/)
}

suite('every route that writes', () => {
  for (const { name, method, operation } of WRITES) {
    const isPossible = Object.entries<{ headers?: object }>(operation.responses)
      .filter(([status]) => status.startsWith('2'))
      .every(([, { headers = {} }]) => 'Dry-Run' in headers)

    test(`${name} has the shared parameter in the OpenAPI document`, () => {
      const references = operation.parameters.map((each: { $ref?: string }) => each.$ref)
      const shared = isPossible ? 'DryRun' : 'NoDryRun'
      assert.ok(references.includes(`#/components/parameters/${shared}`), String(references))
      const { name: parameter, in: part, required = false, schema } = document.components.parameters[shared]
      assert.deepEqual([parameter, part, required, schema], ['dryRun', 'query', false, { type: 'boolean' }])
    })

    if (isPossible) {
      test(`${name} as a dry run changes nothing and has the answer of the request itself`, async () => {
        ada = await world.signUp()
        const request = await caseOf(cases, name)
        const answers = await changesNothing(() =>
          Promise.all([ask(method, dry(request)), ask(method, dry(request), randomUUID())]),
        )
        const masked = (of: Answer): Answer => ({ ...of, text: maskedAnswer(name, of.text) })
        const before = await checksum(world)
        const real = await ask(method, request)
        assert.ok(real.status < 300, real.text)
        assert.equal(real.headers.get('dry-run'), null)
        assert.notEqual(await checksum(world), before, 'the request of the table has an effect')
        for (const answer of answers) {
          assert.deepEqual(essence(masked(answer)), essence(masked(real)))
          assert.equal(answer.headers.get('dry-run'), 'true')
          assert.equal(answer.headers.get('x-sync-cursor'), null)
        }
      })
    } else {
      test(`${name} refuses a dry run before another server is called, and takes dryRun=false`, async () => {
        ada = await world.signUp()
        const request = await caseOf(cases, name)
        assertImpossible(await changesNothing(() => ask(method, dry(request))))
        const real = await ask(method, { ...request, path: `${request.path}?dryRun=false` })
        assert.ok(real.status < 300, real.text)
      })
    }
  }
})

suite('a dry run that is refused has the refusal of the request itself:', () => {
  const ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'
  const refused: Readonly<Record<string, (task: string) => readonly [status: number, method: string, WriteRequest]>> = {
    'a task that is not there': () => [404, 'PATCH', { path: `${TASKS}/${ID}`, body: { title: 'y' } }],
    'the deletion of one': () => [404, 'DELETE', { path: `${TASKS}/${ID}` }],
    'another version': (id) => [412, 'PATCH', { path: `${TASKS}/${id}`, body: {}, headers: { 'if-match': '"9"' } }],
    'an id in use': (id) => [409, 'POST', { path: TASKS, body: { id, title: 'y' } }],
    'an unknown member': () => [422, 'POST', { path: TASKS, body: { title: 'y', x: 1 } }],
    'a malformed If-Match': (id) => [400, 'DELETE', { path: `${TASKS}/${id}`, headers: { 'if-match': '1' } }],
    'a malformed key': () => [400, 'POST', { path: TASKS, body: { title: 'y' }, headers: { 'idempotency-key': '' } }],
    'an operation of an atomic batch': (id) => [
      404,
      'POST',
      {
        path: `${TASKS}/batch`,
        body: {
          operations: [
            { op: 'delete', id },
            { op: 'complete', id: ID },
          ],
        },
      },
    ],
  }
  for (const [what, requestFor] of Object.entries(refused)) {
    test(what, async () => {
      const [status, method, request] = requestFor((await create()).id)
      const [answer, real] = await changesNothing(async () => [
        await ask(method, dry(request)),
        await ask(method, request),
      ])
      assert.equal(answer.status, status, answer.text)
      assert.deepEqual(essence(answer, { areIdsChosen: true }), essence(real, { areIdsChosen: true }))
    })
  }

  test('a missing or ended credential', async () => {
    for (const token of [undefined, 'A'.repeat(32)]) {
      const answer = await changesNothing(() => world.ask('POST', TASKS + DRY, { token, body: { title: 'x' } }))
      assert.deepEqual([answer.status, answer.json.code], [401, 'unauthenticated'])
    }
  })
})

suite('the parameter dryRun', () => {
  const post = (query: string): Promise<Answer> => ask('POST', { path: `${TASKS}?${query}`, body: { title: 'x' } })

  for (const query of ['dryRun=1', 'dryRun=', 'dryRun', 'dryRun=TRUE', 'dryRun=yes', 'dryRun=true,true']) {
    test(`is strict: ?${query} is 422, and nothing is created`, async () => {
      const { status, json } = await changesNothing(() => post(query))
      assert.deepEqual([status, json.detail], [422, 'query parameter dryRun must be one of true, false'])
    })
  }

  test('may be sent once, and under this name only: otherwise the request is refused, not executed', async () => {
    for (const query of ['dryRun=true&dryRun=true', 'dryRun=true&dryRun=false']) {
      assert.equal((await changesNothing(() => post(query))).json.detail, 'query parameter dryRun must be given once')
    }
    for (const name of ['dryrun', 'dry_run', 'dry-run', 'DryRun']) {
      const { json } = await changesNothing(() => post(`${name}=true`))
      assert.equal(json.detail, `query parameter ${name} is unknown; the parameters are dryRun`)
    }
  })

  test('percent-encoded is the same parameter', async () => {
    const answer = await changesNothing(() => post('%64ryRun=%74rue'))
    assert.deepEqual([answer.status, answer.headers.get('dry-run')], [201, 'true'])
  })

  test('as false executes the request', async () => {
    const answer = await post('dryRun=false')
    assert.deepEqual([answer.status, answer.headers.get('dry-run')], [201, null])
    assert.equal((await ask('GET', { path: `${TASKS}/${answer.json.id}` })).status, 200)
  })

  test('is unknown to reads, and to /api/auth, which would not roll back', async () => {
    const { id } = await create()
    for (const path of [TASKS, `${TASKS}/${id}`, '/api/changes']) {
      const { status, json, headers } = await ask('GET', { path: path + DRY })
      assert.equal(status, 422)
      assert.match(json.detail, /^query parameter dryRun is unknown/)
      assert.equal(headers.get('dry-run'), null)
    }
    const body = { name: 'Eve', email: 'eve@example.com', password: 'correct horse battery' }
    const answer = await changesNothing(() => world.ask('POST', `/api/auth/sign-up/email${DRY}`, { body }))
    assert.equal(answer.status, 422, answer.text)
  })

  test('can be read as Dry-Run by pages of other origins', async () => {
    const headers = { origin: 'http://localhost:3000' }
    const answer = await ask('POST', { path: TASKS + DRY, body: { title: 'x' }, headers })
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /\bDry-Run\b/)
  })
})

suite('a dry run', () => {
  test('works for a service too, and writes dryRun into the line of the log', async () => {
    const asking: Asking = {
      headers: { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id, 'x-request-id': 'dry-1' },
    }
    const path = `${TASKS}/${(await create()).id}`
    const answer = await changesNothing(() => world.ask('DELETE', path + DRY, asking))
    assert.deepEqual([answer.status, answer.headers.get('dry-run')], [204, 'true'])
    const line = world.logged.find((each) => each.includes('"reqId":"dry-1"')) ?? assert.fail('no line')
    assert.equal(JSON.parse(line).dryRun, true)
    assert.equal(world.logged.filter((each) => each.includes('"dryRun"') && each.includes('"GET"')).length, 0)
  })

  test('with a new Idempotency-Key leaves the key unused', async () => {
    const request = { path: TASKS, body: { title: 'x' } }
    assert.equal((await changesNothing(() => ask('POST', dry(request), 'tried'))).status, 201)
    const real = await ask('POST', { ...request, body: { title: 'another' } }, 'tried')
    assert.deepEqual([real.status, real.headers.get('idempotency-replayed')], [201, null])
  })

  test('with a used Idempotency-Key has the answer that a repetition would get', async () => {
    const request = { path: TASKS, body: { title: 'x' } }
    const first = await ask('POST', request, 'used')
    const answer = await changesNothing(() => ask('POST', dry(request), 'used'))
    assert.deepEqual([answer.status, answer.text], [201, first.text])
    assert.deepEqual([answer.headers.get('idempotency-replayed'), answer.headers.get('dry-run')], ['true', 'true'])
    const other = await changesNothing(() => ask('POST', dry({ ...request, body: { title: 'y' } }), 'used'))
    assert.deepEqual([other.status, other.json.code], [422, 'idempotency_key_reused'])
    const again = await ask('POST', { ...request, path: `${TASKS}?dryRun=false` }, 'used')
    assert.deepEqual([again.text, again.headers.get('idempotency-replayed')], [first.text, 'true'])
  })

  test('reaches no event stream', async () => {
    ada = await world.signUp()
    await using client = await openEvents(`${world.url}/api/events`, { token: ada.token })
    await client.named('ready')
    await ask('POST', { path: TASKS + DRY, body: { title: 'dry' } })
    await ask('POST', {
      path: `${TASKS}/batch${DRY}`,
      body: { operations: [{ op: 'create', task: { title: 'dry' } }] },
    })
    const { id } = await create({ title: 'real' })
    const { data } = await client.next(({ event }) => event === 'change')
    assert.deepEqual([data.seq, data.id], [1, id])
  })

  test('of a batch gives the cursor before it, with which the real batch is refused if a task has changed since', async () => {
    ada = await world.signUp()
    const { id } = await create()
    const position = (await ask('GET', { path: TASKS })).headers.get('x-sync-cursor')
    const operations = [
      { op: 'complete', id },
      { op: 'create', task: { title: 'y' } },
    ]
    const { json } = await ask('POST', { path: `${TASKS}/batch${DRY}`, body: { operations } })
    assert.equal(json.cursor, position)
    const real = { path: `${TASKS}/batch`, body: { operations, ifCursor: json.cursor } }
    await create({ title: 'of no concern' })
    await ask('PATCH', { path: `${TASKS}/${id}`, body: { title: 'changed meanwhile' } })
    const refused = await changesNothing(() => ask('POST', real))
    assert.deepEqual([refused.status, refused.json.code], [412, 'precondition_failed'])
    const { json: again } = await ask('POST', { path: `${TASKS}/batch${DRY}`, body: { operations } })
    const done = await ask('POST', { ...real, body: { operations, ifCursor: again.cursor } })
    assert.equal(done.status, 200, done.text)
  })

  test('does not exclude others that run at the same time, and holds no lock afterwards', async () => {
    const { id } = await create()
    const [newId, path] = [randomUUID(), `${TASKS}/${id}`]
    const requests = Array.from({ length: 8 }, (_, n) => [
      ask('POST', { path: TASKS + DRY, body: { id: newId, title: `t${n}` } }),
      ask('PATCH', { path: path + DRY, body: { title: `t${n}` }, headers: { 'if-match': '"1"' } }),
      ask('DELETE', { path: path + DRY }),
    ])
    const answers = await changesNothing(() => Promise.all(requests.flat()))
    assert.deepEqual(
      answers.map(({ status }) => status),
      requests.flatMap(() => [201, 200, 204]),
    )
    const locks = await world.asOwner((client) =>
      client.query(
        `select 1 from pg_locks join pg_database on pg_database.oid = database
         where datname = current_database() and pid <> pg_backend_pid()`,
      ),
    )
    assert.equal(locks.rows.length, 0)
    assert.equal((await ask('DELETE', { path, headers: { 'if-match': '"1"' } })).status, 204)
  })

  test('counts as one write of the rate limit', async () => {
    await using limited = await openWorld({ env: { RATE_LIMIT_WRITE: '2' } })
    const { token } = await limited.signUp()
    const post = (): Promise<Answer> => limited.ask('POST', TASKS + DRY, { token, body: { title: 'x' } })
    const answers = [await post(), await post(), await post()]
    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('x-ratelimit-remaining')]),
      [
        [201, '1'],
        [201, '0'],
        [429, '0'],
      ],
    )
  })
})

test('in random sequences of requests each has the same answer as its dry run before', async () => {
  ada = await world.signUp()
  const ids = [randomUUID(), randomUUID(), randomUUID()]
  const pick = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] ?? assert.fail()
  const title = (): string => pick(['a', 'b'])
  const anyId = (): string => pick(ids)
  const operation = (): object =>
    pick([
      () => ({ op: 'create', task: { id: anyId(), title: title() } }),
      () => ({ op: 'put', id: anyId(), task: { title: title() } }),
      () => ({ op: 'update', id: anyId(), ifVersion: pick([1, 2]), patch: { title: title() } }),
      () => ({ op: 'complete', id: anyId() }),
      () => ({ op: 'delete', id: anyId() }),
    ])()
  const request = (): readonly [method: string, WriteRequest] =>
    pick<() => readonly [string, WriteRequest]>([
      () => ['POST', { path: TASKS, body: { id: anyId(), title: title() } }],
      () => [
        'PATCH',
        { path: `${TASKS}/${anyId()}`, body: { title: title() }, headers: { 'if-match': pick(['"1"', '*']) } },
      ],
      () => ['PATCH', { path: `${TASKS}/${anyId()}/complete` }],
      () => ['DELETE', { path: `${TASKS}/${anyId()}` }],
      () => ['POST', { path: `${TASKS}/bulk-delete`, body: { ids: ids.slice(pick([0, 1, 2])) } }],
      () => [
        'POST',
        { path: `${TASKS}/batch`, body: { atomic: pick([true, false]), operations: [operation(), operation()] } },
      ],
    ])()
  const history: unknown[] = []
  for (let n = 0; n < 80; n++) {
    const [method, asked] = request()
    history.push([method, asked])
    const answer = await changesNothing(() => ask(method, dry(asked)))
    const real = await ask(method, asked)
    assert.deepEqual(
      essence(answer, { areIdsChosen: true }),
      essence(real, { areIdsChosen: true }),
      JSON.stringify(history),
    )
  }
})
