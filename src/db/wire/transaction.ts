import type { Pool, PoolClient } from 'pg'
import { isAnswer, isOutdatedConnection, unavailable, unknownOutcome } from './failures.ts'
import { borrow, type Lease, type TimeBudget } from './lease.ts'

export interface Transaction<T, Entered> {
  /** Begins the transaction and enters its scope. An error ends it before any work. */
  readonly enter: (lease: Lease) => Promise<Entered>
  readonly work: (lease: Lease, scope: { readonly ended: boolean }, entered: Entered) => Promise<T>
}

/** Runs work between BEGIN and COMMIT, on another connection where the first turns out to be lost before anything is done. */
export async function transaction<T, Entered>(
  pool: Pool,
  timeBudget: TimeBudget,
  { enter, work }: Transaction<T, Entered>,
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
      await lease.within(commit(client))
      broken = false
      return result
    } catch (error) {
      scope.ended = true
      // Answers come in order: once this has one, so has every statement sent before it, and the connection may go back.
      broken = await lease.within(client.query('rollback')).then(
        () => isOutdatedConnection(error),
        () => true,
      )
      // What is outdated here is outdated on the other connections too.
      if (isOutdatedConnection(error)) lease.markPoolStale()
      // A connection that broke while it idled: nothing has been done on it, so another may do.
      if (!broken || isEntered || !lease.reused) throw unavailable(error) ?? error
      lease.markPoolStale()
    } finally {
      lease.end(broken)
    }
  }
}

/** After an error that the work kept to itself PostgreSQL answers COMMIT with ROLLBACK, which is no error. */
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
 * Runs a statement that is a transaction of its own, in one flight.
 *
 * @param send everything at once
 * @param changes whether it does more than read
 * @throws Problem unavailable (503); outcome_unknown (503) where it may have changed something
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
      // Nobody knows what became of a change sent on a connection that was lost while it idled. So such a one is asked first.
      if (changes && !lease.fresh) await lease.within(lease.client.query(''))
      sent = true
      return await lease.within(send(lease))
    } catch (error) {
      broken = !isAnswer(error) || isOutdatedConnection(error)
      const unknown = changes && sent ? unknownOutcome(error) : undefined
      const isAway = unavailable(error) !== undefined
      // What befell the connection, and was not done by us, befell the others too.
      if (broken && isAway && !lease.expired) lease.markPoolStale()
      if (unknown !== undefined || !broken || !isAway || !lease.reused) throw unknown ?? unavailable(error) ?? error
    } finally {
      lease.end(broken)
    }
  }
}
