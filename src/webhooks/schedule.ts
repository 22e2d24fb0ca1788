const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** The pauses after the first failed attempt, the second, and so on. After the attempt that follows the last one the webhook is disabled. */
export const RETRIES_MS: readonly number[] = [
  5 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
]

/** The longest pause that a receiver can ask for. */
export const RETRY_AFTER_MAX_MS = 24 * HOUR_MS

/** How often an event is sent before its webhook is disabled. */
export const ATTEMPTS_MAX = RETRIES_MS.length + 1

const elapsedMs = (failures: number): number =>
  RETRIES_MS.slice(0, failures - 1).reduce((sum, pauseMs) => sum + pauseMs, 0)

/** The time after the first attempt at which the webhook is disabled, if no receiver asks for longer pauses. */
export const DISABLED_AFTER_MS = elapsedMs(ATTEMPTS_MAX)

/** The failure with which half of the time has passed. Its owner is warned once, with this one. */
export const WARNED_AFTER = RETRIES_MS.findIndex((_, index) => 2 * elapsedMs(index + 1) >= DISABLED_AFTER_MS) + 1

/** The time after the first attempt at which the owner is warned. */
export const WARNED_AFTER_MS = elapsedMs(WARNED_AFTER)

/**
 * @param failures of the same event, so far
 * @param askedMs the pause that the receiver asks for, if any: the schedule has the shortest ones, and no receiver gets more attempts by asking
 * @returns undefined after the last attempt
 */
export function retryInMs(failures: number, askedMs = 0): number | undefined {
  const plannedMs = RETRIES_MS[failures - 1]
  return plannedMs === undefined ? undefined : Math.max(plannedMs, Math.min(askedMs, RETRY_AFTER_MAX_MS))
}
