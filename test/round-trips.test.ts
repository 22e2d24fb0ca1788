import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { PoolClient } from 'pg'
import { splitStatements } from '../src/db/statements.ts'
import { openWorld, type User, type World } from './world.ts'

/**
 * What each route costs the database, counted on the wire and exact: `statements` that PostgreSQL runs, and `roundTrips`, the
 * times that something is sent after something was waited for. Each of these is a wait for the network, on every request.
 *
 * Numbers that grow are a regression, however fast it is here. Numbers that shrink are good news: write them down.
 */
const COSTS: readonly Cost[] = [
  // Entering a scope takes four statements (begin, the time-out, the role, whose session it is) in one round trip; commit is one more of each.
  {
    what: 'a list',
    statements: 7,
    roundTrips: 3,
    why: 'the page and the total go together',
    ask: ['GET', '?limit=20'],
  },
  { what: 'a list to its end', statements: 7, roundTrips: 3, why: 'the same', ask: ['GET', ''] },
  { what: 'one task', statements: 6, roundTrips: 3, why: 'select', ask: ['GET', '/:id'] },
  {
    what: 'a task that is not there',
    status: 404,
    statements: 6,
    roundTrips: 3,
    why: 'select, and rollback',
    ask: ['GET', '/:none'],
  },
  {
    what: 'a creation',
    status: 201,
    statements: 6,
    roundTrips: 3,
    why: 'insert … returning',
    ask: ['POST', '', { title: 'x' }],
  },
  {
    what: 'a change',
    statements: 7,
    roundTrips: 4,
    why: 'select for update, compare, update',
    ask: ['PATCH', '/:id', { title: 'another' }],
  },
  {
    what: 'a change of nothing',
    statements: 6,
    roundTrips: 3,
    why: 'select for update alone',
    ask: ['PATCH', '/:id', { title: 'another' }],
  },
  {
    what: 'a toggle',
    statements: 7,
    roundTrips: 4,
    why: 'select for update, decide, update',
    ask: ['PATCH', '/:id/complete'],
  },
  {
    what: 'a removal',
    status: 204,
    statements: 7,
    roundTrips: 4,
    why: 'select for update, compare, delete',
    ask: ['DELETE', '/:id'],
  },
]

interface Cost {
  readonly what: string
  readonly status?: number
  readonly statements: number
  readonly roundTrips: number
  readonly why: string
  readonly ask: readonly [method: string, path: string, body?: object]
}

/** Of the frontend protocol (PostgreSQL §55.7): a type of one byte, a length of four that counts itself. */
const TYPE_SIZE = 1

/** What a connection sends, and when it had something to wait for. */
class Meter {
  statements = 0
  roundTrips = 0
  /** Statements that PostgreSQL had to parse and plan anew. */
  parses = 0
  #rest: Buffer = Buffer.alloc(0)
  #hasHeard = true

  reset(): void {
    this.statements = this.roundTrips = this.parses = 0
    this.#hasHeard = true
  }

  watch({ connection: { stream } }: PoolClient): void {
    const write = stream.write.bind(stream)
    stream.write = ((chunk: Buffer, ...rest: []) => {
      this.#sent(chunk)
      return write(chunk, ...rest)
      // The overloads of `write` differ in what follows the chunk, which is passed on as it is.
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
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
  }
}

suite('the round trips of a request whose session and connection are known', () => {
  const meter = new Meter()
  let world: World
  let ada: User
  let id: string

  const ask = async ({ ask: [method, path, body], status = 200 }: Cost): Promise<void> => {
    const full = `/api/tasks${path.replace(':id', id).replace(':none', '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11')}`
    const answer = await world.ask(method, full, { token: ada.token, body })
    assert.equal(answer.status, status, answer.text)
  }
  const newTask = async (): Promise<void> => {
    ;({ id } = (await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 'x' } })).json)
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
    // Everything once, so that its statements are prepared.
    await newTask()
    for (const cost of COSTS) await ask(cost)
    await newTask()
  })
  after(() => world[Symbol.asyncDispose]())

  for (const cost of COSTS) {
    const { what, statements, roundTrips, why } = cost
    test(`${what} takes ${statements} statements in ${roundTrips} round trips: ${why}`, async () => {
      meter.reset()
      await ask(cost)
      assert.deepEqual(
        { statements: meter.statements, roundTrips: meter.roundTrips, parses: meter.parses },
        { statements, roundTrips, parses: 0 },
      )
    })
  }

  test('a session that is new here takes one scope more, to learn whose limit it counts for', async () => {
    const ben = await world.signUp('Ben')
    meter.reset()
    await world.ask('GET', '/api/tasks', { token: ben.token })
    assert.deepEqual({ statements: meter.statements, roundTrips: meter.roundTrips }, { statements: 12, roundTrips: 5 })
  })

  test('the documents, the health and a refusal before the database take none', async () => {
    meter.reset()
    await world.ask('GET', '/health')
    await world.ask('GET', '/openapi.json')
    assert.equal((await world.ask('GET', '/api/tasks')).status, 401)
    assert.equal((await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 7 } })).status, 422)
    assert.deepEqual({ statements: meter.statements, roundTrips: meter.roundTrips }, { statements: 0, roundTrips: 0 })
  })
})
