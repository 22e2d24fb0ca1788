/**
 * How many changes a cursor has behind it: the number before its first dot. The rest of a cursor is opaque.
 *
 * @returns NaN where there is no cursor
 */
export function seqOf(cursor: string | null | undefined): number {
  return Number(/^(\d+)\./.exec(cursor ?? '')?.[1] ?? Number.NaN)
}

interface Waiter {
  readonly seq: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** How far a copy has got, and who waits for it to get further. */
export class Position {
  readonly #waiters = new Set<Waiter>()
  #hasEnded = false
  /** Undefined before the first page of a load. */
  cursor: string | undefined

  /** Whether the copy contains the change with this number. */
  includes(seq: number): boolean {
    return seqOf(this.cursor) >= seq
  }

  moveTo(cursor: string): void {
    this.cursor = cursor
    for (const { seq, resolve } of this.#waiters) if (this.includes(seq)) resolve()
  }

  end(): void {
    this.#hasEnded = true
    for (const { reject } of this.#waiters) reject(new Error(ENDED))
  }

  /** @throws the reason of the signal; an Error when following has ended */
  async reached(seq: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (this.includes(seq)) return
    if (this.#hasEnded) throw new Error(ENDED)
    let clear = (): void => undefined
    try {
      await new Promise<void>((resolve, reject) => {
        const waiter = { seq, resolve, reject }
        const stop = (): void => reject(signal?.reason as Error)
        this.#waiters.add(waiter)
        signal?.addEventListener('abort', stop, { once: true })
        clear = () => {
          this.#waiters.delete(waiter)
          signal?.removeEventListener('abort', stop)
        }
      })
    } finally {
      clear()
    }
  }
}

const ENDED = 'following has ended'
