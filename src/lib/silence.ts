const TICK_MS = 10
/** A tick later than this says that this machine is busy, not that the other side is slow: it does not count. */
const LATE_MS = 2
/** A wait ends after this long however busy this process is, in multiples of what it is on a calm machine. */
const BUSY_FACTOR = 3

export class Silence extends Error {
  override readonly name = 'Silence'
}

interface Waiting {
  readonly sinceTick: number
  readonly sinceMs: number
  readonly giveUp: (reason: Silence) => void
}

/**
 * Tells somebody who does not answer from a machine that is too busy to notice the answer. Time is counted in ticks that
 * come on time, so that a deadline of a few dozen milliseconds holds on a calm machine and cuts nobody off on a busy one.
 */
export class SilenceWatch {
  readonly #waiting = new Set<Waiting>()
  readonly #timeoutMs: number
  #ticks = 0
  #isTicking = false

  /** @param timeoutMs how long to wait for an answer, in milliseconds in which this process was not busy */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** @throws Silence when the answer does not come within the timeout */
  async answer<T>(coming: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>()
    const waiting = { sinceTick: this.#ticks, sinceMs: performance.now(), giveUp: reject }
    this.#waiting.add(waiting)
    if (!this.#isTicking) this.#tickLater()
    try {
      return await Promise.race([coming, promise])
    } finally {
      this.#waiting.delete(waiting)
      coming.catch(() => undefined)
    }
  }

  #tickLater(): void {
    this.#isTicking = true
    const dueAt = performance.now() + TICK_MS
    setTimeout(() => {
      this.#isTicking = false
      if (performance.now() - dueAt <= LATE_MS) this.#ticks++
      if (this.#waiting.size === 0) return
      this.#tickLater()
      // What has arrived in the meantime is read first.
      setImmediate(() => this.#giveUp())
    }, TICK_MS)
  }

  #giveUp(): void {
    const now = performance.now()
    for (const { sinceTick, sinceMs, giveUp } of this.#waiting) {
      const isInTime = (this.#ticks - sinceTick) * TICK_MS < this.#timeoutMs
      if (isInTime && now - sinceMs < BUSY_FACTOR * this.#timeoutMs) return
      giveUp(new Silence('no answer in time'))
    }
  }
}
