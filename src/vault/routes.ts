import type { FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { Problem } from '../errors.ts'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { nextPageHeaders } from '../http/cursor.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import { openFernet } from '../lib/fernet.ts'
import type { Principal } from '../principal.ts'
import { openCheckedKeys } from './checked-keys.ts'
import { shapedKey, unsealed } from './keys.ts'
import { openLiveChecks } from './live-check.ts'
import { openKeyMetrics } from './metrics.ts'
import * as operations from './operations.ts'
import type { ProviderName } from './providers.ts'
import { AUDIT_PAGE_SIZE_DEFAULT, type AuditQuery, KeyRead, PlaintextKey, UserApiKey, UserApiKeyPut } from './schema.ts'
import { vaultSettings } from './settings.ts'
import * as store from './store.ts'

const KEYS = '/api/user-api-keys'
const KEY = `${KEYS}/:provider`

/** Users' keys for AI providers. Only services can read a key in plain text, with a single route, and each read is recorded. */
export function vaultRoutes(app: App, deps: FeatureDeps): void {
  for (const schema of [UserApiKey, UserApiKeyPut, PlaintextKey, KeyRead]) app.addSchema(schema)
  storedKeys(app, deps)
  checkedKeys(app, deps)
  readKeys(app, deps)
}

/** The routes that need only the database. */
function storedKeys(app: App, { db }: FeatureDeps): void {
  app.get(KEYS, { schema: operations.listKeys }, async (request, reply) =>
    reply.send(await db.asUser(signedIn(request), store.list)),
  )

  app.get(KEY, { schema: operations.getKey }, async (request, reply) => {
    const { provider } = request.params
    return reply.send(await db.asUser(signedIn(request), (sql) => store.find(sql, provider)))
  })

  app.delete(KEY, { schema: operations.deleteKey }, async (request, reply) => {
    const { provider } = request.params
    await db.asUser(signedIn(request), (sql) => store.remove(sql, provider), { once: once(request, reply) })
    return reply.code(204).send(null)
  })
}

/** The routes that call a provider. */
function checkedKeys(app: App, { db, limits, config, metrics, tracing }: FeatureDeps): void {
  const keys = openCheckedKeys(
    db,
    openFernet(config.encryptionKeys),
    openLiveChecks({
      baseUrls: vaultSettings.of(config).baseUrls,
      limits,
      metrics: openKeyMetrics(metrics.registry),
      tracer: tracing,
    }),
  )

  app.put(KEY, { config: { waitsElsewhere: true }, schema: operations.putKey }, async (request, reply) => {
    const { provider } = request.params
    const apiKey = shapedKey(provider, request.body.apiKey)
    const work = { principal: signedIn(request), provider, repeatable: once(request, reply) }
    const { key, isNew } = await keys.put(work, apiKey)
    return reply.code(isNew ? 201 : 200).send(key)
  })

  app.post(`${KEY}/test`, { config: { waitsElsewhere: true }, schema: operations.testKey }, async (request, reply) => {
    const { provider } = request.params
    const work = { principal: signedIn(request), provider, repeatable: once(request, reply) }
    return reply.send(await keys.test(work, request.log))
  })
}

/** Keys in plain text, and the record of their reads. */
function readKeys(app: App, deps: FeatureDeps): void {
  const fernet = openFernet(deps.config.encryptionKeys)

  app.get(`${KEY}/plaintext`, { schema: operations.readKey }, async (request, reply) => {
    const [principal, { provider }] = [signedIn(request), request.params]
    const { actor } = principal
    const apiKey = await deps.db.asUser(principal, async (sql) => {
      if (actor.kind !== 'service') throw new Problem('forbidden', 'Only services may read a key in plain text')
      const { encryptedKey } = await store.findSealed(sql, provider)
      await store.noteRead(sql, { provider, service: actor.name, requestId: request.id })
      return unsealed(fernet, encryptedKey)
    })
    return reply.send({ provider, apiKey: apiKey.reveal() })
  })

  app.get(`${KEY}/audit`, { schema: operations.listReads }, async (request, reply) => {
    const { provider } = request.params
    const page = await pageOfReads(deps, signedIn(request), provider, request.query)
    setPageHeaders(app, reply, provider, request.query, page)
    return reply.send(page.reads)
  })
}

type PageQuery = Static<typeof AuditQuery>
type Page = Omit<store.AuditPage, 'next'> & { readonly next: string | undefined }

const auditOf = (provider: ProviderName): string => `${KEYS}/${provider}/audit`

const pageOfReads = (
  { db, cursors }: FeatureDeps,
  principal: Principal,
  provider: ProviderName,
  { limit = AUDIT_PAGE_SIZE_DEFAULT, count = false, cursor }: PageQuery,
): Promise<Page> =>
  db.asUser(principal, async (sql) => {
    const list = auditOf(provider)
    const after = cursor === undefined ? undefined : cursors.open(sql.userId, list, cursor)
    const { next, ...page } = await store.auditPage(sql, provider, { limit, count }, after)
    return { ...page, next: next && cursors.seal(sql.userId, list, next) }
  })

function setPageHeaders(
  app: App,
  reply: FastifyReply,
  provider: ProviderName,
  { limit = AUDIT_PAGE_SIZE_DEFAULT, count = false }: PageQuery,
  { total, next }: Page,
): void {
  if (total !== undefined) void reply.header('x-total-count', total)
  if (next === undefined) return
  const path = `${auditOf(provider)}?${count ? 'count=true&' : ''}limit=${limit}`
  void reply.headers(nextPageHeaders(app.links, path, next))
}
