export interface Window {
  count: number
  /** Redis's last answer: how many of `count` it had counted, and how many of other processes. */
  shared: { readonly own: number; readonly others: number }
  /** On the clock of `performance.now()`. */
  endsAtMs: number
}

const NOTHING = { own: 0, others: 0 }

/**
 * Counts of this process, in windows of one length. A window's end may be moved earlier, to that of the shared window, but never
 * later: so entries end about in the order of the map, and ended ones do not take memory for long.
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

  /** Adds one to the subject's window and returns it. */
  take(subject: string): Window {
    const now = this.#now()
    this.#dropEnded(now)
    let window = this.#windows.get(subject)
    if (window === undefined || window.endsAtMs <= now) {
      // Deleted first, so that the new window is the last in the map.
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
