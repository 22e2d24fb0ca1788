import type { FastifyBaseLogger } from 'fastify'
import { isDone, stillRunning, type OnceOnly } from '../db/idempotency.ts'
import type { Scopes } from '../db/scopes.ts'
import type { Fernet } from '../lib/fernet.ts'
import type { Secret } from '../lib/secret.ts'
import type { Principal } from '../principal.ts'
import { refuseUnlessValid, sealed, unsealed } from './keys.ts'
import type { LiveChecks } from './live-check.ts'
import type { ProviderName } from './providers.ts'
import type { UserApiKey } from './schema.ts'
import * as store from './store.ts'

/** Work on one key of a user that asks its provider. */
interface Checked {
  readonly principal: Principal
  readonly provider: ProviderName
  readonly repeatable: OnceOnly | undefined
}

export interface CheckedKeys {
  /**
   * Stores a key that its provider accepts.
   *
   * @throws Problem key_refused (422), provider_unavailable (503), too_many_requests (429), conflict (409)
   */
  put(work: Checked, apiKey: Secret): Promise<{ readonly key: UserApiKey; readonly isNew: boolean }>
  /**
   * Asks the provider about the stored key and records its answer.
   *
   * @throws Problem not_found (404), key_unreadable (503), too_many_requests (429)
   */
  test(work: Checked, log: FastifyBaseLogger): Promise<UserApiKey>
}

/**
 * Both operations use two transactions and ask the provider between them, so that no database connection waits for a provider.
 * The first one proves the principal, so that anonymous callers cannot trigger outbound requests, and looks whether an earlier
 * request with the same Idempotency-Key is done: then the provider is not asked again.
 */
export function openCheckedKeys(db: Pick<Scopes, 'asUser'>, fernet: Fernet, liveChecks: LiveChecks): CheckedKeys {
  return {
    async put({ principal, provider, repeatable }, apiKey) {
      const { userId, existed, done } = await db.asUser(principal, async (sql) => ({
        userId: sql.userId,
        existed: await store.exists(sql, provider),
        done: await isDone(sql, repeatable),
      }))
      if (!done) refuseUnlessValid(provider, await liveChecks.check(userId, provider, apiKey))
      return db.asUser(
        principal,
        (sql) => {
          // The earlier result has expired since the first transaction, so this key was not checked.
          if (done) throw stillRunning()
          return store.put(sql, provider, sealed(fernet, apiKey), existed)
        },
        { once: repeatable },
      )
    },

    async test({ principal, provider, repeatable }, log) {
      const stored = await db.asUser(principal, async (sql) => {
        if (await isDone(sql, repeatable)) return undefined
        const { keyId, encryptedKey } = await store.findSealed(sql, provider)
        return { userId: sql.userId, keyId, apiKey: unsealed(fernet, encryptedKey) }
      })
      if (stored === undefined) return db.asUser(principal, (sql) => store.find(sql, provider), { once: repeatable })
      const verdict = await liveChecks.check(stored.userId, provider, stored.apiKey)
      if ('cause' in verdict) log.warn({ err: verdict.cause, provider }, 'a provider key could not be checked')
      return db.asUser(principal, (sql) => store.record(sql, provider, stored.keyId, verdict), { once: repeatable })
    },
  }
}
