import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import type { PoolClient } from 'pg'
import { splitStatements } from '../src/db/schema/statements.ts'
import { until } from './faults/measures.ts'
import { openWorld, type User, type World } from './world.ts'

/**
 * The exact cost of each route for the database, counted on the wire: the statements that PostgreSQL executes, and the round trips.
 * A round trip is counted when the service sends after it has waited for an answer; each one is a wait for the network.
 *
 * A larger number is a regression, however fast this machine is. A smaller one is an improvement: update it here.
 */
const COSTS = {
  // The proof of the session and the operation in one statement, which is a transaction by itself.
  'a list': [1, 1],
  'a list with its total': [1, 1],
  'a filtered list': [1, 1],
  'an unchanged list': [1, 1],
  'a list that has changed': [1, 1],
  'the tags': [1, 1],
  'unchanged tags, counted': [1, 1],
  'the statistics': [1, 1],
  'unchanged statistics': [1, 1],
  'one task': [1, 1],
  'a task that does not exist': [1, 1],
  'a creation': [1, 1],
  'a change': [1, 1],
  'a toggle': [1, 1],
  'a removal': [1, 1],
  'the history': [1, 1],
  'the history of a task': [1, 1],
  // In a transaction, entering a scope takes 4 in 1 (begin, timeout, role, proof of the session), and commit 1 in 1.
  // Lock the log and find the request, together; its entries; its tasks; change them; note what was undone; the new entry.
  'an undo': [12, 8],
  'a change of nothing': [7, 4], // the statement above, which matched no row; select for update, compare
  'the next page': [6, 3], // the page, after the proof: the cursor belongs to the user
  'a creation with an Idempotency-Key': [9, 5], // claim the key and look it up, together; insert … returning; store the result
  'its repetition': [7, 3], // claim the key and look it up, together
  'a batch of three creations': [6, 3], // one insert … returning
  'a batch of two puts that has seen the log': [9, 6], // before the insert: the lock of the log, those of the tasks, what is unseen
  'a dry run of a creation': [7, 3], // insert … returning; check of deferred constraints and rollback, together
} as const satisfies Readonly<Record<string, readonly [statements: number, roundTrips: number]>>

type What = keyof typeof COSTS

interface Asked {
  /** Sent as If-None-Match. */
  readonly known?: string
  readonly ask: readonly [method: string, path: string, body?: object]
  readonly status?: number
  readonly key?: string
}

const TASK = { title: 'x' }
const PUT = { op: 'put', id: ':first', task: TASK }
const OPERATION = { op: 'create', task: TASK }

const REQUESTS: Readonly<Record<What, Asked>> = {
  'a list': { ask: ['GET', '?limit=20'] },
  'a list with its total': { ask: ['GET', '?limit=20&count=true'] },
  'a filtered list': { ask: ['GET', '?status=TODO&limit=20'] },
  'an unchanged list': { ask: ['GET', '?limit=20'], known: '*', status: 304 },
  'a list that has changed': { ask: ['GET', '?limit=20'], known: '"before"' },
  'the tags': { ask: ['GET', '/../tags'] },
  'unchanged tags, counted': { ask: ['GET', '/../tags?count=true'], known: '*', status: 304 },
  'the statistics': { ask: ['GET', '/stats'] },
  'unchanged statistics': { ask: ['GET', '/stats'], known: '*', status: 304 },
  'one task': { ask: ['GET', '/:id'] },
  'a task that does not exist': { ask: ['GET', '/019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'], status: 404 },
  'a creation': { ask: ['POST', '', TASK], status: 201 },
  'a creation with an Idempotency-Key': { ask: ['POST', '', TASK], status: 201, key: 'once' },
  'its repetition': { ask: ['POST', '', TASK], status: 201, key: 'once' },
  'a change': { ask: ['PATCH', '/:id', { title: 'another' }] },
  'a change of nothing': { ask: ['PATCH', '/:id', { title: 'another' }] },
  'a toggle': { ask: ['PATCH', '/:id/complete'] },
  'an undo': { ask: ['POST', '/../history/:change/undo'] },
  'the history': { ask: ['GET', '/../history?limit=20'] },
  'the history of a task': { ask: ['GET', '/:id/history'] },
  'the next page': { ask: ['GET', '?limit=1&cursor=:cursor'] },
  'a batch of three creations': { ask: ['POST', '/batch', { operations: [OPERATION, OPERATION, OPERATION] }] },
  'a batch of two puts that has seen the log': {
    ask: ['POST', '/batch', { ifCursor: ':seen', operations: [PUT, { ...PUT, id: ':second' }] }],
  },
  'a dry run of a creation': { ask: ['POST', '?dryRun=true', TASK], status: 201 },
  'a removal': { ask: ['DELETE', '/:id'], status: 204 },
}
const ALL = Object.keys(REQUESTS) as What[]

/** The head of a message in the frontend protocol (PostgreSQL §55.7): a type of one byte, and a length of four that includes itself. */
const TYPE_SIZE = 1

/** Counts the messages that a connection sends, and the answers that it waited for. */
class Meter {
  statements = 0
  roundTrips = 0
  /** Statements that PostgreSQL had to parse and plan. */
  parses = 0
  /** Statements whose columns were requested. */
  describes = 0
  #rest: Buffer = Buffer.alloc(0)
  #hasHeard = true

  reset(): void {
    this.statements = this.roundTrips = this.parses = this.describes = 0
    this.#hasHeard = true
  }

  watch({ connection: { stream } }: PoolClient): void {
    const write = stream.write.bind(stream)
    stream.write = ((chunk: Buffer, ...rest: []) => {
      this.#sent(chunk)
      return write(chunk, ...rest)
      // The overloads of `write` differ in the arguments after the chunk, which are passed on unchanged.
    }) as typeof stream.write
    stream.prependListener('data', () => (this.#hasHeard = true))
  }

  #sent(chunk: Buffer): void {
    if (this.#hasHeard) this.roundTrips++
    this.#hasHeard = false
    let bytes = Buffer.concat([this.#rest, chunk])
    while (bytes.length > TYPE_SIZE + 4) {
      const end = TYPE_SIZE + bytes.readInt32BE(TYPE_SIZE)
      if (bytes.length < end) break
      const type = bytes.toString('latin1', 0, TYPE_SIZE)
      if (type === 'Q') this.statements += splitStatements(bytes.toString('utf8', TYPE_SIZE + 4, end - 1)).length
      if (type === 'E') this.statements++
      if (type === 'P') this.parses++
      if (type === 'D') this.describes++
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
  }
}

suite('with a known session and an open connection', () => {
  const meter = new Meter()
  let world: World
  let ada: User
  let id: string
  let cursor: string
  /** The newest change. */
  let change = ''
  /** After the first task. A task that a batch creates has no later change. */
  let seen: string

  const asks = async (what: What, occasion: string, token = ada.token): Promise<void> => {
    const { ask, status = 200, key, known } = REQUESTS[what]
    const [method, path, body] = ask
    const names: Readonly<Record<string, string>> = {
      id,
      cursor,
      seen,
      change,
      first: randomUUID(),
      second: randomUUID(),
    }
    const named = (text: string): string => text.replaceAll(/:([a-z]+)/g, (whole, name: string) => names[name] ?? whole)
    const answer = await world.ask(method, `/api/tasks${named(path)}`, {
      token,
      body: body && JSON.parse(named(JSON.stringify(body))),
      headers: {
        ...(key !== undefined && { 'idempotency-key': `${key} ${occasion}` }),
        ...(known !== undefined && { 'if-none-match': known }),
      },
    })
    assert.equal(answer.status, status, answer.text)
    change = answer.headers.get('x-change-id') ?? change
  }
  const newTask = async (): Promise<void> => {
    ;({ id } = (await world.ask('POST', '/api/tasks', { token: ada.token, body: TASK })).json)
  }

  before(async () => {
    world = await openWorld({ env: { DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0' } })
    const watched = new WeakSet<PoolClient>()
    world.deps.db.pool.on('acquire', (client) => {
      if (watched.has(client)) return
      watched.add(client)
      meter.watch(client)
    })
    ada = await world.signUp('Ada')
    // Each operation once, so that its statements are prepared.
    await newTask()
    await newTask()
    seen = (await world.ask('GET', '/api/tasks', { token: ada.token })).headers.get('x-sync-cursor') ?? ''
    cursor = (await world.ask('GET', '/api/tasks?limit=1', { token: ada.token })).headers.get('x-next-cursor') ?? ''
    for (const what of ALL) await asks(what, 'before')
    await newTask()
  })
  after(() => world[Symbol.asyncDispose]())

  for (const what of ALL) {
    const [statements, roundTrips] = COSTS[what]
    test(`${what} takes ${statements} statements in ${roundTrips} round trips, and parses and describes none`, async () => {
      meter.reset()
      await asks(what, 'measured')
      assert.deepEqual(
        {
          statements: meter.statements,
          roundTrips: meter.roundTrips,
          parses: meter.parses,
          describes: meter.describes,
        },
        { statements, roundTrips, parses: 0, describes: 0 },
      )
    })
  }

  test('each takes as many with a personal token', async () => {
    const scopes = ['tasks:read', 'tasks:write']
    const made = await world.ask('POST', '/api/tokens', { token: ada.token, body: { name: 'measured', scopes } })
    const { token } = made.json
    const used = async (): Promise<boolean> =>
      (await world.ask('GET', '/api/tokens', { token: ada.token })).json[0].lastUsedAt !== null
    await newTask()
    await asks('one task', 'token', token)
    await until('its use is noted', used)
    const costs: Record<string, readonly number[]> = {}
    for (const what of ALL) {
      meter.reset()
      await asks(what, 'with a token', token)
      costs[what] = [meter.statements, meter.roundTrips]
    }
    assert.deepEqual(costs, COSTS)
  })

  test('a session that is new to the process needs one more statement, to find its user for the rate limit', async () => {
    const ben = await world.signUp('Ben')
    meter.reset()
    await world.ask('GET', '/api/tasks', { token: ben.token })
    assert.deepEqual({ statements: meter.statements, roundTrips: meter.roundTrips }, { statements: 2, roundTrips: 2 })
  })

  test('documents, health and early refusals need none', async () => {
    meter.reset()
    await world.ask('GET', '/health')
    await world.ask('GET', '/openapi.json')
    assert.equal((await world.ask('GET', '/api/tasks')).status, 401)
    assert.deepEqual({ statements: meter.statements, roundTrips: meter.roundTrips }, { statements: 0, roundTrips: 0 })
  })

  test('a refusal of the body needs one, which proves the credential', async () => {
    meter.reset()
    assert.equal((await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 7 } })).status, 422)
    assert.deepEqual({ statements: meter.statements, roundTrips: meter.roundTrips }, { statements: 1, roundTrips: 1 })
  })
})
