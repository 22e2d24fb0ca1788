import { LRUCache } from 'lru-cache'

/** Requests at the same time of one process: to one host, of one user, and of one user to one host. */
const OF_HOST = 8
const OF_USER = 4
const OF_USER_TO_HOST = 2
/** When a job whose request found no place tries again. */
const BUSY_MS = 250

/** A circuit opens after this many requests in a row without an answer. */
const OPENS_AFTER = 3
const OPEN_MS = 30_000
const CIRCUITS_MAX = 10_000

interface Circuit {
  failures: number
  /** On the clock of {@link TrafficOptions}; one request may try from then on. */
  openUntilMs: number
  isTrying: boolean
}

export interface TrafficOptions {
  /** Milliseconds; monotonic. */
  readonly now?: () => number
}

/** A place for a request. */
export interface Place {
  /** @param isAnswered whether the receiver answered; undefined if the request was not sent or was aborted */
  leave(isAnswered: boolean | undefined): void
}

/**
 * Bounds how many requests a process makes at the same time, so that a receiver is not overrun and a user cannot take all places. A circuit for
 * each user and host spares a receiver that does not answer: while it is open, no event is sent there for the first time. Retries of an
 * event have their schedule and are not delayed. The circuit is of one user, so that no user can stop the events of another one to a shared host.
 */
export class Traffic {
  readonly #now: () => number
  readonly #counts = new Map<string, number>()
  readonly #circuits = new LRUCache<string, Circuit>({ max: CIRCUITS_MAX })

  constructor({ now = () => performance.now() }: TrafficOptions = {}) {
    this.#now = now
  }

  /** @param isRetry whether the event has been sent before @returns a place, or in how many milliseconds to try again */
  enter(userId: string, host: string, isRetry: boolean): Place | number {
    const circuit = this.#circuits.get(JSON.stringify([userId, host]))
    if (circuit !== undefined && !isRetry) {
      const waitMs = circuit.openUntilMs - this.#now()
      if (waitMs > 0) return Math.ceil(waitMs)
      // Half open: one request finds out.
      if (circuit.failures >= OPENS_AFTER && circuit.isTrying) return BUSY_MS
    }
    const limits = [
      [`host ${host}`, OF_HOST],
      [`user ${userId}`, OF_USER],
      [JSON.stringify([userId, host]), OF_USER_TO_HOST],
    ] as const
    if (limits.some(([key, most]) => (this.#counts.get(key) ?? 0) >= most)) return BUSY_MS
    for (const [key] of limits) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    if (circuit !== undefined) circuit.isTrying = true
    return {
      leave: (isAnswered) => {
        for (const [key] of limits) this.#subtract(key)
        this.#note(JSON.stringify([userId, host]), isAnswered)
      },
    }
  }

  /** Open circuits, for a metric. */
  get open(): number {
    const now = this.#now()
    return [...this.#circuits.values()].filter(({ openUntilMs }) => openUntilMs > now).length
  }

  #subtract(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left === 0) this.#counts.delete(key)
    else this.#counts.set(key, left)
  }

  #note(key: string, isAnswered: boolean | undefined): void {
    const circuit = this.#circuits.get(key) ?? { failures: 0, openUntilMs: -Infinity, isTrying: false }
    circuit.isTrying = false
    if (isAnswered === true) return void this.#circuits.delete(key)
    if (isAnswered === false) {
      circuit.failures += 1
      if (circuit.failures >= OPENS_AFTER) circuit.openUntilMs = this.#now() + OPEN_MS
    }
    if (circuit.failures > 0) this.#circuits.set(key, circuit)
  }
}
