interface Limits {
  readonly minMs: number
  readonly maxMs: number
}

/**
 * How long to wait before another attempt: twice as long after each failure, up to a limit. A part of it is random, so that the pages
 * of all users do not come back at the same moment after a restart of the service.
 *
 * @param failures before this one
 * @param random from 0 to 1
 */
export function backoffMs(failures: number, { minMs, maxMs }: Limits, random = Math.random()): number {
  const fullMs = Math.min(maxMs, minMs * 2 ** failures)
  return fullMs * (0.5 + random / 2)
}

/** What `Retry-After` says; undefined if it is missing or a date, which only some proxies send. */
export function retryAfterMs(headers: { get(name: string): string | null }): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}
