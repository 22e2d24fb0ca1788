import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Config } from '../config/config.ts'

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
}

/**
 * The `requestState` of a question, which the client sends back with the answer of its user. It holds no data: an HMAC over what was asked,
 * and when it expires. Any process of the service can check it.
 */
export interface Confirmations {
  stateOf(this: void, asked: Asked, nowMs: number): string
  isOf(this: void, state: string, asked: Asked, nowMs: number): boolean
}

export function openConfirmations({ encryptionKeys }: Pick<Config, 'encryptionKeys'>): Confirmations {
  const [secret] = encryptionKeys
  if (secret === undefined) throw new Error('confirmations need an encryption key')
  const key = createHmac('sha256', secret.reveal()).update('todo-backend mcp confirmation v1').digest()
  const sign = ({ userId, proof, tool, ids }: Asked, expiresAtMs: number): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([expiresAtMs, userId, proof, tool, ids.toSorted()]))
      .digest('base64url')
  return {
    stateOf(asked, nowMs) {
      const expiresAtMs = nowMs + VALID_MS
      return `${expiresAtMs}.${sign(asked, expiresAtMs)}`
    },
    isOf(state, asked, nowMs) {
      const [, expiry, signature = ''] = /^(\d{1,15})\.([\w-]{43})$/.exec(state) ?? []
      const expiresAtMs = Number(expiry)
      if (!(expiresAtMs > nowMs)) return false
      return timingSafeEqual(Buffer.from(signature), Buffer.from(sign(asked, expiresAtMs)))
    },
  }
}
