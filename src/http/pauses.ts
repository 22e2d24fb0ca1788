import { performance } from 'node:perf_hooks'
import type { TurnBounds } from './turn-bounds.ts'

/** What pauses know of time. Tests move it by hand. */
export interface LoopClock {
  /** Milliseconds that the event loop has spent working, not waiting, since the process started. */
  activeMs(this: void): number
  after(this: void, ms: number, run: () => void): void
}

const LOOP_CLOCK: LoopClock = {
  activeMs: () => performance.eventLoopUtilization().active,
  // A pause must not keep a process alive that has nothing else to do.
  after: (ms, run) => void setTimeout(run, ms).unref(),
}

/**
 * Pauses between heavy requests, in proportion to the time that the event loop worked during the one before. Elapsed time would also
 * count the wait for a distant database, during which other requests are not delayed.
 */
export class Pauses {
  readonly #bounds: Pick<TurnBounds, 'pauseFactor' | 'pauseMaxMs'>
  readonly #clock: LoopClock
  readonly #onEnd: () => void
  #count = 0

  constructor(bounds: Pick<TurnBounds, 'pauseFactor' | 'pauseMaxMs'>, onEnd: () => void, clock = LOOP_CLOCK) {
    this.#bounds = bounds
    this.#onEnd = onEnd
    this.#clock = clock
  }

  get isPaused(): boolean {
    return this.#count > 0
  }

  /**
   * A heavy request begins.
   *
   * @param begunByOthers the number of requests that other users have begun so far
   * @returns to be called when the request is done. Pauses only if other users have begun requests meanwhile
   */
  watch(begunByOthers: () => number): () => void {
    const begun = begunByOthers()
    const activeMs = this.#clock.activeMs()
    return () => {
      if (begunByOthers() > begun) this.#pause(this.#clock.activeMs() - activeMs)
    }
  }

  #pause(workedMs: number): void {
    const { pauseFactor, pauseMaxMs } = this.#bounds
    const pauseMs = Math.min(pauseMaxMs, pauseFactor * workedMs)
    if (pauseMs <= 0) return
    this.#count++
    this.#clock.after(pauseMs, () => {
      this.#count--
      this.#onEnd()
    })
  }
}
