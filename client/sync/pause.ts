/** A wait that can be ended from outside. */
export class Pause {
  readonly #signal: AbortSignal
  #isWoken = false
  #end: (() => void) | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Resolves after this time, at {@link wake}, or when the signal is aborted. */
  for(ms: number): Promise<void> {
    if (this.#isWoken || this.#signal.aborted) {
      this.#isWoken = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#signal.removeEventListener('abort', end)
        this.#end = undefined
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#signal.addEventListener('abort', end, { once: true })
      this.#end = end
    })
  }

  /** Ends the current wait, or the next one if there is none now. */
  wake(): void {
    if (this.#end === undefined) this.#isWoken = true
    else this.#end()
  }
}
