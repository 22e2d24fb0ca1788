export interface Window {
  count: number
  /** What Redis said last: how many of `count` it knew, and how many it had from other processes. */
  shared: { readonly own: number; readonly others: number }
  /** On the clock of `performance.now()`. */
  endsAtMs: number
}

const NOTHING = { own: 0, others: 0 }

/**
 * What passes through this process, counted in windows of one length. A window may be told to end earlier, with the one that
 * others count in, and never later: so the oldest entry is the first to go, and what has ended takes no memory for long.
 */
export class Windows {
  readonly #windows = new Map<string, Window>()
  readonly #lengthMs: number
  readonly #now: () => number

  /** @param now milliseconds */
  constructor(lengthMs: number, now: () => number = () => performance.now()) {
    this.#lengthMs = lengthMs
    this.#now = now
  }

  get size(): number {
    return this.#windows.size
  }

  /** The subject's window, with one more in it. */
  take(subject: string): Window {
    const now = this.#now()
    this.#dropEnded(now)
    let window = this.#windows.get(subject)
    if (window === undefined || window.endsAtMs <= now) {
      // Deleted first, so that it stands behind all that began before it.
      this.#windows.delete(subject)
      window = { count: 0, shared: NOTHING, endsAtMs: now + this.#lengthMs }
      this.#windows.set(subject, window)
    }
    window.count++
    return window
  }

  #dropEnded(now: number): void {
    for (const [subject, { endsAtMs }] of this.#windows) {
      if (endsAtMs > now) return
      this.#windows.delete(subject)
    }
  }
}
