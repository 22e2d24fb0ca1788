import { isUtf8 } from 'node:buffer'
import { Problem, retryAfter } from '../errors.ts'
import type { Fernet } from '../lib/fernet.ts'
import { Secret } from '../lib/secret.ts'
import type { Verdict } from './live-check.ts'
import { KEY_PROBLEMS } from './problems.ts'
import { masked, PROVIDERS, type ProviderName } from './providers.ts'

/** Only whoever runs the service can mend it, by giving the encryption key back. */
const UNREADABLE_RETRY_AFTER_S = 300

/** @throws Problem invalid_input (422) for what no key of this provider looks like; only such keys ever reach a header */
export function shapedKey(provider: ProviderName, text: string): Secret {
  const { shape, must } = PROVIDERS[provider]
  if (!shape.test(text)) throw Problem.invalid([{ in: 'body', pointer: '/apiKey', detail: `apiKey ${must}` }])
  return new Secret(text)
}

/** As it is stored. */
export function sealed(fernet: Fernet, apiKey: Secret): { readonly encryptedKey: string; readonly maskedKey: string } {
  const plaintext = Buffer.from(apiKey.reveal())
  const encryptedKey = fernet.encrypt(plaintext)
  plaintext.fill(0)
  return { encryptedKey, maskedKey: masked(apiKey.reveal()) }
}

/** @throws Problem key_unreadable (503) when no encryption key of this process opens it; it stays as it is */
export function unsealed(fernet: Fernet, encryptedKey: string): Secret {
  const plaintext = fernet.decrypt(encryptedKey)?.plaintext
  // What is no text would be handed out as another.
  if (plaintext === undefined || plaintext.length === 0 || !isUtf8(plaintext)) {
    throw new Problem(
      KEY_PROBLEMS.key_unreadable,
      'The stored key cannot be decrypted with the encryption keys of this service. It is kept as it is: put the key again, or have the operator give ENCRYPTION_KEY back its lost entry',
      retryAfter(UNREADABLE_RETRY_AFTER_S),
    )
  }
  const apiKey = new Secret(plaintext.toString())
  plaintext.fill(0)
  return apiKey
}

/**
 * Lets only a key pass that its provider has accepted.
 *
 * @throws Problem key_refused (422) when it said no; provider_unavailable (503) when it did not say
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
      throw unavailable(verdict, `${title} answers no more for now: a quota or rate limit is used up`)
    case 'unreachable':
      throw unavailable(verdict, `${title} cannot be reached, or does not answer as it should`)
  }
}

const unavailable = ({ retryAfterS, cause }: Extract<Verdict, { cause: Error }>, what: string): Problem =>
  new Problem(KEY_PROBLEMS.provider_unavailable, `${what}. The key could not be checked, and nothing was changed`, {
    ...retryAfter(retryAfterS),
    cause,
  })
