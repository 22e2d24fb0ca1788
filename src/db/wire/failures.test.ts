import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Client, DatabaseError, Pool, type ClientConfig } from 'pg'
import { openServedDatabase, type ServedDatabase } from '../../../test/databases.ts'
import { Problem } from '../../errors.ts'
import { databaseUnavailable, isOutdatedConnection, unavailable } from './failures.ts'

let served: ServedDatabase
before(async () => void (served = await openServedDatabase()))
after(() => served[Symbol.asyncDispose]())

/** The error that PostgreSQL itself gives with this SQLSTATE. */
async function raised(code: string): Promise<DatabaseError> {
  const client = await served.db.pool.connect()
  const error: unknown = await client
    .query(`do $$ begin raise exception 'secret detail' using errcode = '${code}'; end $$`)
    .catch((error: unknown) => error)
  client.release()
  assert.ok(error instanceof DatabaseError)
  assert.equal(error.code, code)
  return error
}

describe('an error of the database', () => {
  for (const [code, meaning] of [
    ['08006', 'connection failure'],
    ['08P01', 'protocol violation, with which poolers say that they have no server'],
    ['53000', 'insufficient resources'],
    ['53100', 'disk full'],
    ['53200', 'out of memory'],
    ['53300', 'too many connections'],
    ['57P01', 'shut down by an administrator'],
    ['57P02', 'crashed'],
    ['57P03', 'still starting up'],
    ['57P04', 'database dropped'],
    ['57P05', 'session idle for too long'],
    ['57014', 'statement cancelled or timed out'],
    ['25P03', 'idle in its transaction for too long'],
    ['25P04', 'transaction took too long'],
    ['25006', 'became a read-only standby'],
    ['40001', 'serialization failure'],
    ['40P01', 'deadlock'],
    ['55P03', 'lock not available'],
  ] as const) {
    test(`${code}, ${meaning}, means 503 with Retry-After, and keeps its own message for the log`, async () => {
      const error = await raised(code)
      const problem = unavailable(error)
      assert.ok(problem !== undefined)
      assert.deepEqual(
        [problem.code, problem.status, problem.headers, problem.body],
        ['unavailable', 503, { 'retry-after': '2' }, { retryAfter: 2 }],
      )
      assert.equal(problem.cause, error)
      assert.doesNotMatch(problem.message, /secret/)
      assert.equal(isOutdatedConnection(error), code === '25006')
    })
  }

  for (const [code, meaning] of [
    ['22021', 'a text with NUL'],
    ['23502', 'a missing value'],
    ['23505', 'a duplicate'],
    ['23514', 'a value out of bounds'],
    ['42501', 'permission denied'],
    ['42P01', 'no such table'],
    ['0A000', 'not supported'],
    ['25P02', 'in a failed transaction'],
    ['P0001', 'raised by a function'],
    ['XX000', 'an internal error'],
  ] as const) {
    test(`${code}, ${meaning}, is not a 503: a retry would not help`, async () => {
      const error = await raised(code)
      assert.equal(unavailable(error), undefined)
      assert.equal(isOutdatedConnection(error), false)
    })
  }
})

describe('a connection that cannot be had means 503', () => {
  const fails = async (config: ClientConfig): Promise<unknown> => {
    const client = new Client({
      user: 'unknown',
      database: 'nothing',
      ssl: false,
      connectionTimeoutMillis: 200,
      ...config,
    })
    client.on('error', () => undefined)
    return client.connect().then(
      () => assert.fail('it connected'),
      (error: unknown) => error,
    )
  }
  const listening = async (onConnection?: (end: () => void) => void): Promise<number> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      onConnection?.(() => socket.end())
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    server.unref()
    return (server.address() as AddressInfo).port
  }

  test('to a port on which nothing listens', async () => {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    assert.ok(unavailable(await fails({ host: '127.0.0.1', port })))
    // Both addresses of the name, in one error.
    assert.ok(unavailable(await fails({ host: 'localhost', port })))
  })

  test('to a host name that does not exist', async () => {
    assert.ok(unavailable(await fails({ host: 'nowhere.invalid' })))
  })

  test('to a socket that does not exist', async () => {
    assert.ok(unavailable(await fails({ host: '/nonexistent' })))
  })

  test('to a server that accepts and does not answer', async () => {
    assert.ok(unavailable(await fails({ host: '127.0.0.1', port: await listening() })))
  })

  test('to a server that accepts and closes the connection', async () => {
    assert.ok(unavailable(await fails({ host: '127.0.0.1', port: await listening((hangUp) => hangUp()) })))
  })

  test('from a pool that is already closed', async () => {
    const pool = new Pool()
    await pool.end()
    assert.ok(unavailable(await pool.connect().catch((error: unknown) => error)))
  })
})

test('a problem, a bug and a value that is not an error are not a 503', () => {
  for (const each of [
    new Problem('not_found', 'no'),
    databaseUnavailable(new Error('x')),
    new TypeError('x is not a function'),
    'x',
    null,
  ]) {
    assert.equal(unavailable(each), undefined)
  }
})
