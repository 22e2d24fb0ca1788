/** A time that is further away was stored by a clock that was wrong. */
const PAUSE_MAX_MS = 5 * 60_000

/** How long the service wants no further writes, as its `Retry-After` says. All tabs of the user keep to it, and a reload too. */
export class Pause {
  readonly #name: string
  /** In milliseconds since 1970. */
  #untilMs = 0

  constructor(userId: string) {
    this.#name = `pause-${userId}`
  }

  begin(lengthMs: number): void {
    this.#untilMs = Date.now() + Math.min(lengthMs, PAUSE_MAX_MS)
    try {
      localStorage.setItem(this.#name, String(this.#untilMs))
    } catch {
      // A browser that keeps nothing: this tab keeps to it.
    }
  }

  /** Milliseconds; 0 if there is no pause. */
  get leftMs(): number {
    const leftMs = Math.max(this.#untilMs, this.#storedMs()) - Date.now()
    return leftMs > 0 && leftMs <= PAUSE_MAX_MS ? leftMs : 0
  }

  #storedMs(): number {
    try {
      return Number(localStorage.getItem(this.#name) ?? 0)
    } catch {
      return 0
    }
  }
}
