import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { isDryRun } from '../http/dry-run.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import { newPersonalToken, openPersonalTokenHashing } from '../http/personal-token.ts'
import * as operations from './operations.ts'
import { NewPersonalToken, PersonalToken, PersonalTokenCreate } from './schema.ts'
import * as store from './store.ts'
import { TokenUses } from './uses.ts'

const TOKENS = '/api/tokens'
const TOKEN = `${TOKENS}/:id`

/** Personal tokens. Only sessions reach these routes, so that no token can make another one. */
export function tokenRoutes(app: App, { db, config }: FeatureDeps): void {
  for (const schema of [PersonalToken, NewPersonalToken, PersonalTokenCreate]) app.addSchema(schema)
  noteUses(app, db)
  const hashing = openPersonalTokenHashing(config.encryptionKeys)

  app.post(TOKENS, { schema: operations.createToken }, async (request, reply) => {
    store.refuseTwoExpiries(request.body)
    const token = newPersonalToken()
    const repeatable = once(request, reply)
    let isReplayed = false
    const created = await db.asUser(
      signedIn(request),
      // The result, which is stored under the Idempotency-Key, is without the token.
      (sql) => store.create(sql, request.body, token, hashing),
      {
        once: repeatable && {
          ...repeatable,
          onReplay: () => {
            isReplayed = true
            repeatable.onReplay()
          },
        },
      },
    )
    return reply
      .code(201)
      .header('location', app.links.to(`${TOKENS}/${created.id}`))
      .send({ ...created, token: isReplayed || isDryRun(request) ? null : token })
  })

  app.get(TOKENS, { schema: operations.listTokens }, async (request, reply) =>
    reply.send([...(await db.asUser(signedIn(request), store.list))]),
  )

  app.get(TOKEN, { schema: operations.getToken }, async (request, reply) =>
    reply.send(await db.asUser(signedIn(request), store.find(request.params.id))),
  )

  app.delete(TOKEN, { schema: operations.revokeToken }, async (request, reply) => {
    const { id } = request.params
    await db.asUser(signedIn(request), (sql) => store.revoke(sql, id), { once: once(request, reply) })
    return reply.code(204).send(null)
  })
}

/** For all routes that take a principal: also those of features before this one, because Fastify collects hooks when it is ready. */
function noteUses(app: App, db: FeatureDeps['db']): void {
  const uses = new TokenUses(
    (hashes) => db.asSystem('note uses of personal tokens', (sql) => store.noteUses(sql, hashes)),
    app.log,
  )
  // Not onResponse, because an event stream stays open. The admission has found the user of the token, or it is not known to exist.
  app.addHook('onSend', (request, { statusCode }, _payload, done) => {
    const { principal, admitted } = request
    if (principal?.kind === 'token' && admitted?.userId !== undefined && statusCode !== 401) uses.note(principal.proof)
    done()
  })
  app.addHook('onClose', () => uses.flush())
}
