import type { Principal } from '../principal.ts'

interface Overlap {
  readonly sinceMs: number
  running: number
}

/**
 * Completions of one task by one credential that overlap in time. They count as one: a client that sends several has not seen that one of
 * them has moved the task on. Each is given the time at which the first of them arrived, to which the database compares when the task
 * was moved on (`recurring.ts`). A client that has waited for an answer is never among them, because a request leaves before it is
 * answered.
 */
export class Overlaps {
  readonly #open = new Map<string, Overlap>()

  /** @param id of the task; undefined if the request completes none, or several, whose other completions must not be confused */
  async run<T>(principal: Principal, id: string | undefined, work: (principal: Principal) => Promise<T>): Promise<T> {
    const { kind, proof, origin } = principal
    if (id === undefined || origin?.arrivedAtMs === undefined) return await work(principal)
    const key = JSON.stringify([kind, proof, id.toLowerCase()])
    const overlap = this.#open.get(key) ?? { sinceMs: origin.arrivedAtMs, running: 0 }
    this.#open.set(key, overlap)
    overlap.running++
    try {
      const arrivedAtMs = Math.min(origin.arrivedAtMs, overlap.sinceMs)
      return await work({ ...principal, origin: { ...origin, arrivedAtMs } })
    } finally {
      if (--overlap.running === 0) this.#open.delete(key)
    }
  }
}
