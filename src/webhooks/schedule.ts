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

/** @param failures of the same event, so far @returns undefined after the last attempt */
export const retryInMs = (failures: number): number | undefined => RETRIES_MS[failures - 1]
