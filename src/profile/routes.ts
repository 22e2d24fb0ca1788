import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { expectedTag, isFresh } from '../http/conditional.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import * as operations from './operations.ts'
import { Profile, ProfilePatch } from './schema.ts'
import * as store from './store.ts'

const ME = '/api/me'

/** The user's own profile and settings. */
export function profileRoutes(app: App, { db, config }: Pick<FeatureDeps, 'db' | 'config'>): void {
  for (const schema of [Profile, ProfilePatch]) app.addSchema(schema)

  app.get(ME, { schema: operations.getProfile }, async (request, reply) => {
    const profile = await db.asUser(signedIn(request), store.find)
    const tag = store.tagOf(profile)
    void reply.header('etag', tag)
    return isFresh(request, tag) ? reply.code(304).send(null) : reply.send(profile)
  })

  app.patch(ME, { schema: operations.updateProfile }, async (request, reply) => {
    const patch = store.settable(request.body, config.auth.mode)
    const check = expectedTag(request)
    const profile = await db.asUser(
      signedIn(request),
      (sql) => store.change(sql, patch, (current) => check(store.tagOf(current))),
      { once: once(request, reply) },
    )
    return reply.header('etag', store.tagOf(profile)).send(profile)
  })
}
