const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
const RFC_850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/**
 * How long a server asks its client to wait, in `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date in one of the three formats of
 * HTTP.
 *
 * @param nowMs Unix time
 * @returns milliseconds from now, 0 for a date that has passed; undefined without the header, and if it is something else
 */
export function retryAfterMs(value: string | string[] | undefined, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1_000
  const atMs = dateMs(value)
  return Number.isNaN(atMs) ? undefined : Math.max(atMs - nowMs, 0)
}

function dateMs(value: string): number {
  if (IMF_FIXDATE.test(value) || RFC_850.test(value)) return Date.parse(value)
  // It has no zone, and Node would take it for a local time.
  return ASCTIME.test(value) ? Date.parse(`${value} GMT`) : NaN
}
