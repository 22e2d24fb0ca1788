import { Places } from '../lib/places.ts'
import { databaseUnavailable } from './wire/failures.ts'
import { onDeadline, type TimeBudget } from './wire/lease.ts'
import type { Proof } from './proof.ts'

/**
 * The writes of one credential that are at the database at once. The change log makes the transactions of a user commit one after
 * another; more of them would wait there for each other's locks, on connections that other users need.
 */
const AT_ONCE = 4

/** Lets a few writes of each credential run at once. The others start in the order of their arrival. */
export class WriteQueue {
  readonly #writers = new Map<string, Places>()

  /**
   * @param time the time that the write waits here is taken from it
   * @throws Problem unavailable (503) if it ends before the write could start; nothing was changed
   */
  async run<T>({ principal }: Proof, time: TimeBudget, write: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([principal.kind, principal.proof])
    const writer = this.#writers.get(key) ?? new Places(AT_ONCE)
    this.#writers.set(key, writer)
    try {
      return await writer.run(write, (turn, withdraw) => within(time, turn, withdraw))
    } finally {
      if (writer.isUnused) this.#writers.delete(key)
    }
  }
}

async function within(time: TimeBudget, turn: Promise<void>, withdraw: () => void): Promise<void> {
  const startedAt = performance.now()
  const late = Promise.withResolvers<never>()
  const cancel = onDeadline(time.leftMs, () => {
    withdraw()
    late.reject(databaseUnavailable(new Error('earlier writes of this credential did not end in time')))
  })
  try {
    await Promise.race([turn, late.promise])
  } finally {
    cancel()
    time.leftMs -= performance.now() - startedAt
  }
}
