import { isUtf8 } from 'node:buffer'
import { Problem, retryAfter } from '../errors.ts'
import type { Fernet } from '../lib/fernet.ts'
import { Secret } from '../lib/secret.ts'
import type { Verdict } from './live-check.ts'
import { KEY_PROBLEMS } from './problems.ts'
import { masked, PROVIDERS, type ProviderName } from './providers.ts'

/** Seconds. Only the operator can correct the cause, by configuring the lost encryption key again. */
const UNREADABLE_RETRY_AFTER_S = 300

/** @throws Problem invalid_input (422) if the text does not have the format of this provider's keys, so that it is safe in a header */
export function shapedKey(provider: ProviderName, text: string): Secret {
  const { shape, must } = PROVIDERS[provider]
  if (!shape.test(text)) throw Problem.invalid([{ in: 'body', pointer: '/apiKey', detail: `apiKey ${must}` }])
  return new Secret(text)
}

/** The key in the form in which it is stored. */
export function sealed(fernet: Fernet, apiKey: Secret): { readonly encryptedKey: string; readonly maskedKey: string } {
  const plaintext = Buffer.from(apiKey.reveal())
  const encryptedKey = fernet.encrypt(plaintext)
  plaintext.fill(0)
  return { encryptedKey, maskedKey: masked(apiKey.reveal()) }
}

/** @throws Problem key_unreadable (503) when no configured encryption key decrypts it; the stored key does not change */
export function unsealed(fernet: Fernet, encryptedKey: string): Secret {
  const plaintext = fernet.decrypt(encryptedKey)?.plaintext
  // Plaintext that is not valid UTF-8 would be returned as a different key.
  if (plaintext === undefined || plaintext.length === 0 || !isUtf8(plaintext)) {
    throw new Problem(
      KEY_PROBLEMS.key_unreadable,
      'The stored key cannot be decrypted with the encryption keys of this service. It was not changed: store the key again, or ask the operator to add the lost entry to ENCRYPTION_KEY',
      retryAfter(UNREADABLE_RETRY_AFTER_S),
    )
  }
  const apiKey = new Secret(plaintext.toString())
  plaintext.fill(0)
  return apiKey
}

/**
 * Returns if the provider has accepted the key.
 *
 * @throws Problem key_refused (422) when the provider refuses the key; provider_unavailable (503) when it gave no decision
 */
export function refuseUnlessValid(provider: ProviderName, verdict: Verdict): void {
  const { title } = PROVIDERS[provider]
  switch (verdict.status) {
    case 'success':
      return
    case 'failure':
      throw new Problem(KEY_PROBLEMS.key_refused, verdict.reason, {
        body: { errors: [{ in: 'body', pointer: '/apiKey', detail: verdict.reason }] },
      })
    case 'quota_exceeded':
      throw unavailable(verdict, `${title} does not accept requests at present: a quota or rate limit is used up`)
    case 'unreachable':
      throw unavailable(verdict, `${title} cannot be reached, or does not answer as documented`)
  }
}

const unavailable = ({ retryAfterS, cause }: Extract<Verdict, { cause: Error }>, what: string): Problem =>
  new Problem(KEY_PROBLEMS.provider_unavailable, `${what}. The key could not be checked, and nothing was changed`, {
    ...retryAfter(retryAfterS),
    cause,
  })
