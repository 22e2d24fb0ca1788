/** Limits on the work that one process does at once. Tests use smaller numbers. */
export interface TurnBounds {
  /** Light requests of one user in progress at once. */
  readonly lightPerUser: number
  /** A request is heavy if it is expected to read, write or answer at least this many bytes. */
  readonly heavyBytes: number
  /**
   * Heavy requests of all users in progress at once, and the total of their expected bytes. A request with more bytes runs alone.
   * The limits leave processors and connections to other requests.
   */
  readonly heavyAtOnce: number
  readonly heavyBytesAtOnce: number
  /**
   * The pause after a heavy request, as a multiple of the event loop's working time during it, and at most. There is none if no other
   * user asked for anything meanwhile.
   */
  readonly pauseFactor: number
  readonly pauseMaxMs: number
  /** Bytes of large answers that clients have not read yet, per user and in all. Beyond these no heavy request starts. */
  readonly heldBytesPerUser: number
  readonly heldBytes: number
  /** Waiting requests, per user and in all, and the size of all their bodies. */
  readonly waitingPerUser: number
  readonly waiting: number
  readonly waitingBodyBytes: number
}

const MIB = 1024 * 1024

export const USUAL_BOUNDS: TurnBounds = {
  // More than the usual burst of a client. While the database is unavailable, each of these waits for its refusal, and so do the requests
  // that are queued behind them.
  lightPerUser: 64,
  heavyBytes: MIB / 8,
  heavyAtOnce: 3,
  heavyBytesAtOnce: MIB,
  pauseFactor: 3,
  pauseMaxMs: 500,
  heldBytesPerUser: 24 * MIB,
  heldBytes: 192 * MIB,
  waitingPerUser: 256,
  waiting: 2_048,
  waitingBodyBytes: 64 * MIB,
}
