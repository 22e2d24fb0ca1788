/** The time that a run may take. What does not fit into it is skipped. */
export class Budget {
  readonly #minutes: number | undefined
  readonly #deadline: number
  readonly #used: string[] = []

  /**
   * @param minutes a number, as text; without it the time is unlimited
   * @throws RangeError when it is not a positive number
   */
  constructor(minutes: string | undefined) {
    this.#minutes = minutes === undefined || minutes === '' ? undefined : Number(minutes)
    if (this.#minutes !== undefined && !(this.#minutes > 0)) {
      throw new RangeError(`CLIENTS_BUDGET_MINUTES is a positive number of minutes, not ${minutes}`)
    }
    this.#deadline = performance.now() + (this.#minutes ?? Infinity) * 60_000
  }

  /** Infinity without a limit. */
  get leftMs(): number {
    return Math.max(0, this.#deadline - performance.now())
  }

  /** Measures the work and remembers its name for {@link reason}, unless no time is left. */
  async spend<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.leftMs === 0) return work()
    const start = performance.now()
    try {
      return await work()
    } finally {
      this.#used.push(`${name} (${Math.round((performance.now() - start) / 1000)} s)`)
    }
  }

  /** Why something is skipped when no time is left. */
  get reason(): string {
    const unit = this.#minutes === 1 ? 'minute' : 'minutes'
    return `the time of ${this.#minutes} ${unit} was used by ${this.#used.join(', ') || 'the start of the service'}`
  }
}
