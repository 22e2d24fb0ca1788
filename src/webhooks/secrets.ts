import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Fernet } from '../lib/fernet.ts'
import { Secret } from '../lib/secret.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** A new secret, in the form of Standard Webhooks. */
export const newSecret = (): Secret => new Secret(PREFIX + randomBytes(SECRET_BYTES).toString('base64'))

/** The secret as it is stored. */
export const sealedSecret = (fernet: Fernet, secret: Secret): string => fernet.encrypt(Buffer.from(secret.reveal()))

/** Undefined if no encryption key of this process opens it. */
export function openedSecret(fernet: Fernet, sealed: string): Secret | undefined {
  const plaintext = fernet.decrypt(sealed)?.plaintext
  if (plaintext === undefined) return undefined
  const secret = new Secret(plaintext.toString())
  plaintext.fill(0)
  return secret
}

/** A request to a receiver, before it is signed. */
export interface Message {
  /** The header webhook-id. */
  readonly id: string
  readonly body: string
}

/**
 * The headers of Standard Webhooks: id, time and signatures. While a secret is being replaced there is one signature by each.
 *
 * @param timestampS seconds since the epoch: when the message is sent, and not when the event happened
 */
export function signedHeaders({ id, body }: Message, timestampS: number, secrets: readonly Secret[]) {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(timestampS), 'webhook-signature': signatures.join(' ') }
}

const MESSAGE_ID_BYTES = 18

/**
 * The webhook-id of an entry of the change log for a webhook: the same for each attempt. The id of the change is part of it, because
 * a database that was restored from a backup uses numbers again.
 */
export const messageIdOf = (webhookId: string, seq: number, changeId: string): string =>
  `msg_${createHash('sha256').update(`${webhookId}.${seq}.${changeId}`).digest().subarray(0, MESSAGE_ID_BYTES).toString('base64url')}`

/** The webhook-id of a test. */
export const testMessageId = (deliveryId: string): string => `msg_${deliveryId.replaceAll('-', '')}`
