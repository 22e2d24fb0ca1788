/** Lets a number of works run at once. The others start in the order of their arrival. */
export class Places {
  readonly #count: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(count: number) {
    this.#count = count
  }

  get isFull(): boolean {
    return this.#taken >= this.#count
  }

  get isUnused(): boolean {
    return this.#taken === 0
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * @param wait how the work waits for its turn: by default until then. If it gives up earlier, it calls `withdraw` and throws.
   */
  async run<T>(
    work: () => Promise<T>,
    wait: (turn: Promise<void>, withdraw: () => void) => Promise<void> = (turn) => turn,
  ): Promise<T> {
    if (this.isFull) await this.#turn(wait)
    else this.#taken++
    try {
      return await work()
    } finally {
      // The one that ends passes its place on.
      const next = this.#waiting.shift()
      if (next === undefined) this.#taken--
      else next()
    }
  }

  #turn(wait: (turn: Promise<void>, withdraw: () => void) => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    return wait(promise, () => {
      const at = this.#waiting.indexOf(resolve)
      if (at >= 0) this.#waiting.splice(at, 1)
    })
  }
}
