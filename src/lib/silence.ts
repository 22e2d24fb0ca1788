const TICK_MS = 10
/** A tick that is later than this means that this machine is busy, not that the other side is slow: it does not count. */
const LATE_MS = 2
/** The maximum wait on a busy machine, as a multiple of the timeout. */
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
 * A timeout that distinguishes a server that does not answer from a process that is too busy to read the answer. It counts ticks that
 * arrive on time, so that a timeout of a few dozen milliseconds is exact on an idle machine and not premature on a busy one.
 */
export class SilenceWatch {
  readonly #waiting = new Set<Waiting>()
  readonly #timeoutMs: number
  #ticks = 0
  #isTicking = false

  /** @param timeoutMs maximum wait for an answer, in milliseconds during which this process was not busy */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** @throws Silence if the answer does not arrive within the timeout */
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
      // Data that has arrived meanwhile is read first.
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
