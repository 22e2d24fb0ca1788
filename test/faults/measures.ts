import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from '../world.ts'

/** FAULTS=short: fewer rounds and shorter outages, for every change. Otherwise all of them, within 15 minutes. */
export const isShort = process.env['FAULTS'] === 'short'

export const ANSWER_LIMIT_MS = 2_000
export const RECOVERY_LIMIT_MS = 5_000
/** How long something that has no time limit may take on a busy machine. */
const PATIENCE_MS = 30_000

/** Rate limits that the tests never reach. */
export const UNLIMITED = { RATE_LIMIT_READ: '1000000', RATE_LIMIT_WRITE: '1000000' }

export interface Timed {
  readonly answer: Answer
  readonly ms: number
}

export async function timed(asking: Promise<Answer>): Promise<Timed> {
  const startedAt = performance.now()
  const answer = await asking
  return { answer, ms: Math.round(performance.now() - startedAt) }
}

/** Asserts a 503 in its usual form, in time. */
export function assertNotNow({ answer, ms }: Timed, code: 'unavailable' | 'outcome_unknown' = 'unavailable'): void {
  assert.equal(answer.status, 503, answer.text)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  assert.ok(Number(answer.headers.get('retry-after')) >= 1, 'Retry-After')
  assert.equal(answer.json.code, code)
  assert.equal(answer.json.type, `/problems/${code}`)
  assert.doesNotMatch(answer.text, /ECONN|127\.0\.0\.1|postgres|select|timeout expired/i)
  assert.ok(ms < ANSWER_LIMIT_MS, `answered after ${ms} ms`)
}

/** Repeats the request until it succeeds. @returns milliseconds; fails beyond the limit */
export async function recovery(ask: () => Promise<Answer>): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    const { status, text } = await ask()
    const ms = Math.round(performance.now() - startedAt)
    if (status < 300) return ms
    assert.equal(status, 503, text)
    assert.ok(ms < RECOVERY_LIMIT_MS, `no success ${ms} ms after the return`)
    await sleep(25)
  }
}

export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  limitMs = PATIENCE_MS,
): Promise<void> {
  const giveUpAt = performance.now() + limitMs
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAt, `did not happen in time: ${what}`)
    await sleep(10)
  }
}

/** min / median / max */
export function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  return `${sorted[0] ?? '–'} / ${sorted[Math.floor(sorted.length / 2)] ?? '–'} / ${sorted.at(-1) ?? '–'}`
}
