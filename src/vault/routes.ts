import { Type } from 'typebox'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { isDone, stillRunning } from '../db/idempotency.ts'
import type { UserSql } from '../db/sql.ts'
import { Problem } from '../errors.ts'
import { nextPageHeaders, type Cursors } from '../http/cursor.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import type { App } from '../http/app.ts'
import { IdempotentHeaders, ONCE_REFUSALS, pageHeaders, REPLAYED, refusals, RefTo, security } from '../http/wire.ts'
import { openFernet } from '../lib/fernet.ts'
import type { Limits } from '../limits/limits.ts'
import type { Tracer } from '../observer.ts'
import { refuseUnlessValid, sealed, shapedKey, unsealed } from './keys.ts'
import { openLiveChecks } from './live-check.ts'
import {
  AUDIT_PAGE_SIZE_DEFAULT,
  AuditQuery,
  ByProvider,
  KeyRead,
  PlaintextKey,
  UserApiKey,
  UserApiKeyPut,
} from './schema.ts'
import * as store from './store.ts'

const KEYS = '/api/user-api-keys'
const KEY = `${KEYS}/:provider`
const tags = ['provider keys']

const key = RefTo<UserApiKey>('UserApiKey', { description: 'The masked key' })
const pageOfReads = Type.Array(RefTo<KeyRead>('KeyRead'), {
  description: 'One page',
  headers: pageHeaders('Entries on all pages'),
})

interface VaultDeps {
  readonly db: Database
  readonly cursors: Cursors
  readonly limits: Limits
  readonly config: Pick<Config, 'vault'>
  readonly tracing: Tracer | undefined
}

/** Users' keys for AI providers. One leaves in clear by a single route, to services, and each time it is written down. */
export function vaultRoutes(app: App, { db, cursors, limits, config: { vault }, tracing }: VaultDeps): void {
  const fernet = openFernet(vault.encryptionKeys)
  const liveChecks = openLiveChecks({ baseUrls: vault.baseUrls, limits, observer: app.observer, tracer: tracing })
  for (const schema of [UserApiKey, UserApiKeyPut, PlaintextKey, KeyRead]) app.addSchema(schema)

  app.get(
    KEYS,
    {
      schema: {
        operationId: 'listUserApiKeys',
        summary: 'List your provider keys, masked',
        description: 'The keys themselves are never returned.',
        tags,
        security,
        response: {
          200: Type.Array(RefTo<UserApiKey>('UserApiKey'), { description: 'One key per provider, by name' }),
          ...refusals('unauthenticated', 'invalid_input'),
        },
      },
    },
    async (request, reply) => reply.send(await db.asUser(signedIn(request), store.list)),
  )

  app.get(
    KEY,
    {
      schema: {
        operationId: 'getUserApiKey',
        summary: 'Read a provider key, masked',
        description: 'The key itself is never returned.',
        tags,
        security,
        params: ByProvider,
        response: { 200: key, ...refusals('unauthenticated', 'not_found', 'invalid_input') },
      },
    },
    async (request, reply) => {
      const { provider } = request.params
      return reply.send(await db.asUser(signedIn(request), (sql) => store.find(sql, provider)))
    },
  )

  app.put(
    KEY,
    {
      config: { waitsElsewhere: true },
      schema: {
        operationId: 'putUserApiKey',
        summary: 'Store a provider key, or replace it',
        description:
          'The service checks the key with the provider first, and stores it only if the provider accepts it. Otherwise the stored key does not change.',
        tags,
        security,
        params: ByProvider,
        headers: IdempotentHeaders,
        body: RefTo<UserApiKeyPut>('UserApiKeyPut'),
        response: {
          200: RefTo<UserApiKey>('UserApiKey', { description: 'Replaced', headers: REPLAYED }),
          201: RefTo<UserApiKey>('UserApiKey', { description: 'Stored', headers: REPLAYED }),
          ...refusals(
            'invalid_json',
            'unauthenticated',
            'body_too_large',
            'unsupported_media_type',
            'invalid_input',
            'conflict',
            'key_refused',
            'provider_unavailable',
            'outcome_unknown',
            ...ONCE_REFUSALS,
          ),
        },
      },
    },
    async (request, reply) => {
      const { provider } = request.params
      const apiKey = shapedKey(provider, request.body.apiKey)
      const repeatable = once(request, reply)
      // Whoever is nobody makes this service call nobody; and while the provider takes its time, no connection waits for it.
      const { userId, existed, done } = await db.asUser(signedIn(request), async (sql) => ({
        userId: sql.userId,
        existed: await store.exists(sql, provider),
        done: await isDone(sql, repeatable),
      }))
      if (!done) refuseUnlessValid(provider, await liveChecks.check(userId, provider, apiKey))
      const { key, isNew } = await db.asUser(
        signedIn(request),
        (sql) => {
          // What was kept has expired since: this key was not checked.
          if (done) throw stillRunning()
          return store.put(sql, provider, sealed(fernet, apiKey), existed)
        },
        repeatable,
      )
      return reply.code(isNew ? 201 : 200).send(key)
    },
  )

  app.post(
    `${KEY}/test`,
    {
      config: { waitsElsewhere: true },
      schema: {
        operationId: 'testUserApiKey',
        summary: 'Check a stored provider key now',
        description: 'The result is stored, and returned as `validationStatus`.',
        tags,
        security,
        params: ByProvider,
        headers: IdempotentHeaders,
        response: {
          200: RefTo<UserApiKey>('UserApiKey', { description: 'The masked key after the check', headers: REPLAYED }),
          ...refusals(
            'unauthenticated',
            'not_found',
            'invalid_input',
            'key_unreadable',
            'outcome_unknown',
            ...ONCE_REFUSALS,
          ),
        },
      },
    },
    async (request, reply) => {
      const { provider } = request.params
      const [principal, repeatable] = [signedIn(request), once(request, reply)]
      const stored = await db.asUser(principal, async (sql) => {
        if (await isDone(sql, repeatable)) return undefined
        const { keyId, encryptedKey } = await store.findSealed(sql, provider)
        return { userId: sql.userId, keyId, apiKey: unsealed(fernet, encryptedKey) }
      })
      if (stored === undefined) {
        return reply.send(await db.asUser(principal, (sql) => store.find(sql, provider), repeatable))
      }
      const verdict = await liveChecks.check(stored.userId, provider, stored.apiKey)
      if ('cause' in verdict) request.log.warn({ err: verdict.cause, provider }, 'a provider key could not be checked')
      const record = (sql: UserSql): Promise<UserApiKey> => store.record(sql, provider, stored.keyId, verdict)
      return reply.send(await db.asUser(principal, record, repeatable))
    },
  )

  app.delete(
    KEY,
    {
      schema: {
        operationId: 'deleteUserApiKey',
        summary: 'Delete a provider key',
        description: 'The record of its reads is kept.',
        tags,
        security,
        params: ByProvider,
        headers: IdempotentHeaders,
        response: {
          204: Type.Null({ description: 'Deleted', headers: REPLAYED }),
          ...refusals('unauthenticated', 'not_found', 'invalid_input', 'outcome_unknown', ...ONCE_REFUSALS),
        },
      },
    },
    async (request, reply) => {
      await db.asUser(signedIn(request), (sql) => store.remove(sql, request.params.provider), once(request, reply))
      return reply.code(204).send(null)
    },
  )

  app.get(
    `${KEY}/plaintext`,
    {
      schema: {
        operationId: 'readUserApiKey',
        summary: 'Read a provider key in plain text, as a service',
        description: 'Each read is recorded, and the user can see the record.',
        tags,
        security: [{ service: [], userId: [] }],
        params: ByProvider,
        response: {
          200: RefTo<PlaintextKey>('PlaintextKey', { description: 'The key in plain text' }),
          ...refusals('unauthenticated', 'forbidden', 'not_found', 'invalid_input', 'key_unreadable'),
        },
      },
    },
    async (request, reply) => {
      const [principal, { provider }] = [signedIn(request), request.params]
      const apiKey = await db.asUser(principal, async (sql) => {
        if (principal.kind !== 'service') throw new Problem('forbidden', 'Only services may read a key in clear')
        const { encryptedKey } = await store.findSealed(sql, provider)
        await store.noteRead(sql, { provider, service: principal.service, requestId: request.id })
        return unsealed(fernet, encryptedKey)
      })
      return reply.send({ provider, apiKey: apiKey.reveal() })
    },
  )

  app.get(
    `${KEY}/audit`,
    {
      schema: {
        operationId: 'listUserApiKeyReads',
        summary: 'List the reads of your key by services, newest first',
        description: 'Each read adds an entry in the same transaction.',
        tags,
        security,
        params: ByProvider,
        querystring: AuditQuery,
        response: { 200: pageOfReads, ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
      },
    },
    async (request, reply) => {
      const { limit = AUDIT_PAGE_SIZE_DEFAULT, count = false, cursor } = request.query
      const { provider } = request.params
      const list = `${KEYS}/${provider}/audit`
      const page = await db.asUser(signedIn(request), async (sql) => {
        const after = cursor === undefined ? undefined : cursors.open(sql.userId, list, cursor)
        const { reads, total, next } = await store.auditPage(sql, provider, { limit, count }, after)
        return { reads, total, next: next && cursors.seal(sql.userId, list, next) }
      })
      if (page.total !== undefined) void reply.header('x-total-count', page.total)
      if (page.next !== undefined) {
        const path = `${list}?${count ? 'count=true&' : ''}limit=${limit}`
        void reply.headers(nextPageHeaders(app.links.to(path), page.next))
      }
      return reply.send(page.reads)
    },
  )
}
