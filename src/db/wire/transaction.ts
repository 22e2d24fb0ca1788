import type { Pool, PoolClient } from 'pg'
import { isAnswer, isOutdatedConnection, unavailable, unknownOutcome } from './failures.ts'
import { borrow, type Lease, type TimeBudget } from './lease.ts'

export interface Transaction<T, Entered> {
  /** Begins the transaction and enters its scope. An error ends it before any work. */
  readonly enter: (lease: Lease) => Promise<Entered>
  readonly work: (lease: Lease, scope: { readonly ended: boolean }, entered: Entered) => Promise<T>
  /** Whether the transaction is rolled back after the work, whose result is returned as after a commit. */
  readonly isDryRun?: boolean
}

/** Runs work between BEGIN and COMMIT, on another connection where the first turns out to be lost before anything is done. */
export async function transaction<T, Entered>(
  pool: Pool,
  timeBudget: TimeBudget,
  { enter, work, isDryRun = false }: Transaction<T, Entered>,
): Promise<T> {
  for (;;) {
    const lease = await borrow(pool, timeBudget)
    const { client } = lease
    const scope = { ended: false }
    let isEntered = false
    let broken = true
    try {
      const entered = await lease.within(enter(lease))
      isEntered = true
      const result = await lease.within(work(lease, scope, entered))
      scope.ended = true
      await lease.within(isDryRun ? rollBack(client) : commit(client))
      broken = false
      return result
    } catch (error) {
      scope.ended = true
      // Answers arrive in order: once ROLLBACK is answered, so is every earlier statement, and the connection can be returned.
      broken = await lease.within(client.query('rollback')).then(
        () => isOutdatedConnection(error),
        () => true,
      )
      // An outdated connection means that the others of the pool are outdated too.
      if (isOutdatedConnection(error)) lease.markPoolStale()
      // A connection that broke while it idled: nothing has been done on it, so another may do.
      if (!broken || isEntered || !lease.reused) throw unavailable(error) ?? error
      lease.markPoolStale()
    } finally {
      lease.end(broken)
    }
  }
}

/** If the work swallowed an error, PostgreSQL answers COMMIT with ROLLBACK, which the driver does not treat as an error. */
async function commit(client: PoolClient): Promise<void> {
  let command
  try {
    ;({ command } = await client.query('commit'))
  } catch (error) {
    throw unknownOutcome(error) ?? error
  }
  if (command !== 'COMMIT') throw new Error('nothing was committed: a statement of the transaction had failed')
}

/**
 * Ends a dry run. Deferred constraints are checked first, as a commit would do. This also fails if the work swallowed an error, as
 * a commit does.
 */
const rollBack = (client: PoolClient): Promise<unknown> => client.query('set constraints all immediate; rollback')

/**
 * Runs a statement that is a transaction of its own, in one round trip.
 *
 * @param changes whether it writes
 * @param send sends everything at once
 * @throws Problem unavailable (503); outcome_unknown (503) if a write may have been committed
 */
export async function roundTrip<T>(
  pool: Pool,
  timeBudget: TimeBudget,
  changes: boolean,
  send: (lease: Lease) => Promise<T>,
): Promise<T> {
  for (;;) {
    const lease = await borrow(pool, timeBudget)
    let broken = false
    let sent = false
    try {
      // The outcome of a write sent on a lost connection would be unknown, so a connection that was idle is tested first.
      if (changes && !lease.fresh) await lease.within(lease.client.query(''))
      sent = true
      return await lease.within(send(lease))
    } catch (error) {
      broken = !isAnswer(error) || isOutdatedConnection(error)
      const unknown = changes && sent ? unknownOutcome(error) : undefined
      const isAway = unavailable(error) !== undefined
      // The loss of a connection that we did not destroy ourselves means that the server is gone.
      if (broken && isAway && !lease.expired) lease.markPoolStale()
      if (unknown !== undefined || !broken || !isAway || !lease.reused) throw unknown ?? unavailable(error) ?? error
    } finally {
      lease.end(broken)
    }
  }
}
