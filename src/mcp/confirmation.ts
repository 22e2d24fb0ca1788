import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { derivedKey } from '../lib/derived-key.ts'

/** How long the user has to answer a question. */
const VALID_MS = 10 * 60 * 1000

/** What a question is about. Its answer counts for nothing else. */
export interface Asked {
  readonly userId: string
  /** The proof of the credential, so that no other credential of the user can use the answer. */
  readonly proof: readonly string[]
  readonly tool: string
  /** Without duplicates, in lower case. */
  readonly ids: readonly string[]
  /** What has been done to the tasks so far. What is confirmed changes it, so that no answer counts twice. */
  readonly position: string
}

/**
 * What comes back with the answer to a question. It holds no data, and nothing is stored: an HMAC over what was asked and its time. Any
 * process of the service can check it.
 */
export interface Confirmations {
  /** The `requestState` of a question to the user, which the client sends back. It is valid for ten minutes. */
  stateOf(this: void, asked: Asked, nowMs: number): string
  isStateOf(this: void, state: string, asked: Asked, nowMs: number): boolean
  /** What a model repeats that has asked the user itself: short, because models copy it. It is valid for ten to twenty minutes. */
  codeOf(this: void, asked: Asked, nowMs: number): string
  isCodeOf(this: void, code: string, asked: Asked, nowMs: number): boolean
}

/** Of a code, in hexadecimal digits. The rate limit leaves no time to guess. */
const CODE_LENGTH = 12

export function openConfirmations({ encryptionKeys }: Pick<Config, 'encryptionKeys'>): Confirmations {
  const [secret] = encryptionKeys
  if (secret === undefined) throw new Error('confirmations need an encryption key')
  const key = derivedKey(secret, 'todo-backend mcp confirmation v1')
  const sign = (what: 'state' | 'code', { userId, proof, tool, ids, position }: Asked, time: number): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([what, time, userId, proof, tool, position, ids.toSorted()]))
      .digest()
  const code = (asked: Asked, period: number): string =>
    sign('code', asked, period).toString('hex').slice(0, CODE_LENGTH)
  return {
    stateOf(asked, nowMs) {
      const expiresAtMs = nowMs + VALID_MS
      return `${expiresAtMs}.${sign('state', asked, expiresAtMs).toString('base64url')}`
    },
    isStateOf(state, asked, nowMs) {
      const [, expiry, signature = ''] = /^(\d{1,15})\.([\w-]{43})$/.exec(state) ?? []
      const expiresAtMs = Number(expiry)
      if (!(expiresAtMs > nowMs)) return false
      return timingSafeEqual(Buffer.from(signature, 'base64url'), sign('state', asked, expiresAtMs))
    },
    codeOf: (asked, nowMs) => code(asked, periodAt(nowMs)),
    isCodeOf(given, asked, nowMs) {
      if (!CODE.test(given)) return false
      const period = periodAt(nowMs)
      return [period, period - 1].some((each) => timingSafeEqual(Buffer.from(given), Buffer.from(code(asked, each))))
    },
  }
}

const CODE = new RegExp(`^[0-9a-f]{${CODE_LENGTH}}$`)

const periodAt = (nowMs: number): number => Math.floor(nowMs / VALID_MS)
