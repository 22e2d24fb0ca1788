import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { DatabaseError, type Pool } from 'pg'
import { openServedDatabase, type ServedDatabase } from '../../../test/databases.ts'
import { Problem } from '../../errors.ts'
import { unknownOutcome } from './failures.ts'
import { borrow, type TimeBudget } from './lease.ts'

let served: ServedDatabase
let pool: Pool
before(async () => {
  served = await openServedDatabase({ DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0' })
  pool = served.db.pool
})
after(() => served[Symbol.asyncDispose]())

const isUnavailable = (error: unknown): boolean => error instanceof Problem && error.code === 'unavailable'
/** How long something takes that misses its deadline; a busy machine may take a part of it. */
const WITHOUT_DEADLINE_MS = 20_000

const of = (leftMs: number, acquireMs = leftMs): TimeBudget => ({ leftMs, acquireMs })

describe('a connection that was lent', () => {
  beforeEach(() => assert.equal(pool.waitingCount, 0))

  test('is returned, and lent again', async () => {
    const first = await borrow(pool, of(5_000))
    const { client } = first
    await client.query('select 1')
    first.end(false)
    const second = await borrow(pool, of(5_000))
    assert.equal(second.client, client)
    assert.equal(second.reused, true)
    second.end(false)
  })

  test('is destroyed if it may be broken', async () => {
    const first = await borrow(pool, of(5_000))
    first.end(true)
    const second = await borrow(pool, of(5_000))
    assert.notEqual(second.client, first.client)
    assert.equal(second.reused, false)
    second.end(false)
  })

  test('is not lent again once its server was found to be gone', async () => {
    const first = await borrow(pool, of(5_000))
    first.end(false)
    first.markPoolStale()
    const second = await borrow(pool, of(5_000))
    assert.notEqual(second.client, first.client)
    second.end(false)
  })

  test('is destroyed at its deadline, and its work is rejected', async () => {
    const lease = await borrow(pool, of(300))
    const startedAt = performance.now()
    await assert.rejects(lease.within(new Promise(() => undefined)), { code: 'ETIMEDOUT' })
    assert.ok(performance.now() - startedAt < WITHOUT_DEADLINE_MS)
    await assert.rejects(lease.client.query('select 1'))
    lease.end(true)
    const next = await borrow(pool, of(5_000))
    await next.client.query('select 1')
    next.end(false)
  })

  test('takes the time it is held from the budget', async () => {
    const timeBudget = of(5_000)
    const lease = await borrow(pool, timeBudget)
    await lease.client.query('select 1')
    lease.end(false)
    assert.ok(timeBudget.leftMs < 5_000 && timeBudget.leftMs > 0)
  })

  test('sets a statement_timeout that ends a little earlier', async () => {
    const lease = await borrow(pool, of(2_000))
    const limitMs = Number(/^(\d+)ms$/.exec(lease.statementTimeout)?.[1])
    assert.ok(limitMs <= 1_900 && limitMs > 500, lease.statementTimeout)
    lease.end(false)
  })
})

describe('where no connection comes free', () => {
  test('the wait ends with the budget, or with its limit for waiting', async () => {
    const holder = await borrow(pool, of(10_000))
    for (const timeBudget of [of(300), of(WITHOUT_DEADLINE_MS, 300)]) {
      const startedAt = performance.now()
      await assert.rejects(borrow(pool, timeBudget), isUnavailable)
      assert.ok(performance.now() - startedAt < WITHOUT_DEADLINE_MS)
    }
    holder.end(false)
    // A connection that becomes available after the deadline is returned to the pool.
    const next = await borrow(pool, of(5_000))
    next.end(false)
    assert.equal(pool.idleCount, pool.totalCount)
  })

  test('in time to start something, nothing is started', async () => {
    await assert.rejects(borrow(pool, of(50)), isUnavailable)
    assert.equal(pool.idleCount, pool.totalCount)
  })
})

describe('a commit that failed', () => {
  const answered = (severity: string, code: string): DatabaseError =>
    Object.assign(new DatabaseError('no', 2, 'error'), { severity, code })

  test('certainly did not happen if PostgreSQL refused it, or if it was never sent', () => {
    for (const error of [
      answered('ERROR', '40001'),
      answered('ERROR', '23503'),
      new Error('Client has encountered a connection error and is not queryable'),
      new Error('Client was closed and is not queryable'),
    ]) {
      assert.equal(unknownOutcome(error), undefined)
    }
  })

  test('may have happened when the connection was lost, or the session was ended', () => {
    for (const error of [
      answered('FATAL', '57P01'),
      answered('FATAL', '57P02'),
      new Error('Connection terminated unexpectedly'),
      Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
      Object.assign(new Error('the database did not answer in time'), { code: 'ETIMEDOUT' }),
    ]) {
      const problem = unknownOutcome(error)
      assert.deepEqual([problem?.code, problem?.status, problem?.headers['retry-after']], ['outcome_unknown', 503, '2'])
      assert.equal(problem?.cause, error)
    }
  })
})
