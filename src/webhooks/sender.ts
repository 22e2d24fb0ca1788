import type { Fernet } from '../lib/fernet.ts'
import type { Secret } from '../lib/secret.ts'
import { OutboundError } from '../outbound/errors.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { retryAfterMs } from '../outbound/retry-after.ts'
import type { Target } from './reader.ts'
import { ANSWER_SHOWN_BYTES } from './schema.ts'
import { openedSecret, signedHeaders, type Message } from './secrets.ts'

/** An answer that takes longer makes a webhook a slow one. */
export const SLOW_MS = 2_000

/** What became of an attempt. */
export interface Outcome {
  readonly isDelivered: boolean
  /** The receiver wants no more events (410). */
  readonly isGone: boolean
  /** Whether there was an answer with a status. */
  readonly isAnswered: boolean
  readonly isSlow: boolean
  /** The pause that an answer 429 or 503 asks for. */
  readonly retryAfterMs: number | undefined
  readonly durationMs: number
  readonly responseStatus: number | null
  readonly responseBody: string | null
  readonly error: string | null
}

/** Sends a message to a webhook, once. */
export type Send = (target: Target, message: Message, signal: AbortSignal) => Promise<Outcome>

/** The result rejects only if the signal was aborted: the attempt then does not count. */
export const openSender =
  (outbound: Pick<Outbound, 'send'>, fernet: Fernet): Send =>
  async (target, message, signal) => {
    const startedAt = performance.now()
    const durationMs = (): number => Math.round(performance.now() - startedAt)
    const secrets = secretsOf(target, fernet)
    if (secrets === undefined) {
      return failure(
        0,
        'the secret of the webhook cannot be decrypted: make a new one, or ask the operator for the lost encryption key',
      )
    }
    try {
      const { status, headers, body } = await outbound.send({
        url: target.url,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...signedHeaders(message, Math.floor(Date.now() / 1000), secrets),
        },
        body: message.body,
        signal,
      })
      const isDelivered = status >= 200 && status < 300
      return {
        isDelivered,
        isGone: status === 410,
        isAnswered: true,
        isSlow: durationMs() > SLOW_MS,
        retryAfterMs: status === 429 || status === 503 ? retryAfterMs(headers['retry-after'], Date.now()) : undefined,
        durationMs: durationMs(),
        responseStatus: status,
        responseBody: shown(body),
        error: status >= 300 && status < 400 ? 'redirects are not followed' : null,
      }
    } catch (error) {
      if (!(error instanceof OutboundError) || error.failure === 'aborted') throw error
      return failure(durationMs(), error.message)
    }
  }

const failure = (durationMs: number, error: string): Outcome => ({
  isDelivered: false,
  isGone: false,
  isAnswered: false,
  isSlow: durationMs > SLOW_MS,
  retryAfterMs: undefined,
  durationMs,
  responseStatus: null,
  responseBody: null,
  error,
})

/** The current secret, and the one before it while that signs too; undefined if the current one cannot be read. */
function secretsOf({ sealedSecret, previousSecret }: Target, fernet: Fernet): readonly Secret[] | undefined {
  const current = openedSecret(fernet, sealedSecret)
  if (current === undefined) return undefined
  const previous = previousSecret === null ? undefined : openedSecret(fernet, previousSecret)
  return previous === undefined ? [current] : [current, previous]
}

/** The beginning of an answer as text that PostgreSQL can store. */
const shown = (body: Buffer): string =>
  new TextDecoder().decode(body.subarray(0, ANSWER_SHOWN_BYTES)).replaceAll('\0', '\ufffd')
