import { databaseUnavailable } from './wire/failures.ts'
import { onDeadline, type TimeBudget } from './wire/lease.ts'
import type { Proof } from './proof.ts'

/**
 * The writes of one credential that are at the database at once. The change log makes the transactions of a user commit one after
 * another; more of them would wait there for each other's locks, on connections that other users need.
 */
const AT_ONCE = 4

interface Writer {
  running: number
  readonly waiting: (() => void)[]
}

/** Lets a few writes of each credential run at once. The others start in the order of their arrival. */
export class WriteQueue {
  readonly #writers = new Map<string, Writer>()

  /**
   * @param time the time that the write waits here is taken from it
   * @throws Problem unavailable (503) if it ends before the write could start; nothing was changed
   */
  async run<T>({ principal }: Proof, time: TimeBudget, write: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([principal.kind, principal.proof])
    const writer = this.#writers.get(key) ?? { running: 0, waiting: [] }
    this.#writers.set(key, writer)
    if (writer.running < AT_ONCE) writer.running++
    else await turn(writer, time)
    try {
      return await write()
    } finally {
      const next = writer.waiting.shift()
      if (next !== undefined) next()
      else if (--writer.running === 0) this.#writers.delete(key)
    }
  }
}

/** Waits until a write that ends passes its place on. */
async function turn({ waiting }: Writer, time: TimeBudget): Promise<void> {
  const startedAt = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  waiting.push(resolve)
  const cancel = onDeadline(time.leftMs, () => {
    const at = waiting.indexOf(resolve)
    if (at >= 0) waiting.splice(at, 1)
    reject(databaseUnavailable(new Error('earlier writes of this credential did not end in time')))
  })
  try {
    await promise
  } finally {
    cancel()
    time.leftMs -= performance.now() - startedAt
  }
}
