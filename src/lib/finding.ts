/** The result of one check. */
export interface Finding {
  readonly check: string
  /** `fail`: the service cannot serve, or not safely. `warn`: it can. */
  readonly state: 'ok' | 'warn' | 'fail' | 'skipped'
  /** Must not contain a secret, or a URL that may contain one. */
  readonly found: string
  /** What to do next, if anything. */
  readonly next?: string
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found })
export const warn = (check: string, found: string, next: string): Finding => ({ check, state: 'warn', found, next })
export const fail = (check: string, found: string, next?: string): Finding => ({
  check,
  state: 'fail',
  found,
  ...(next !== undefined && { next }),
})
export const skipped = (check: string, found: string): Finding => ({ check, state: 'skipped', found })

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const SKEW_WARN_MS = 2_000
const SKEW_FAIL_MS = 60_000

/** @param askedAtMs,answeredAtMs this machine's clock before and after the other clock was read */
export function clockFinding(check: string, otherMs: number, askedAtMs: number, answeredAtMs: number): Finding {
  const skewMs = Math.round(Math.max(askedAtMs - otherMs, otherMs - answeredAtMs, 0))
  const found = skewMs < 10 ? 'the same as here' : `${skewMs / 1000} s ${otherMs > answeredAtMs ? 'ahead' : 'behind'}`
  if (skewMs <= SKEW_WARN_MS) return ok(check, found)
  const next = 'set both clocks by NTP (timedatectl status): sessions, rate limits and logs go by them'
  return skewMs > SKEW_FAIL_MS ? fail(check, found, next) : warn(check, found, next)
}
