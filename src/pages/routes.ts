import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { isFresh } from '../http/conditional.ts'
import { pathOf } from '../http/problem.ts'
import { isTimeZone } from '../lib/time-zone.ts'
import { codingFor, openScript, openStyle, type Asset } from './assets.ts'
import { documentHtml } from './html.ts'
import { Fault, openPublicApi } from './public-api.ts'
import { pagesSettings } from './settings.ts'
import { busyPage, signInPage } from './views/sign-in-page.ts'
import { tasksPage, type TasksPage } from './views/tasks-page.ts'
import type { Child } from './views/tree.ts'
import { viewOf } from './views/view.ts'

/** No inline script or style, and nothing from another host. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const FOR_EVER = 'public, max-age=31536000, immutable'

/** Pages have no limit of their own: what they read counts for the limits of its routes. */
const open = { schema: { hide: true }, config: { unlimited: true } } as const

/** `/` and what it loads. */
export function pageRoutes(app: App, deps: FeatureDeps): void {
  const { config } = deps
  if (!pagesSettings.of(config).enabled) return
  const style = openStyle('pages')
  const [tasksScript, signInScript] = [openScript('tasks'), openScript('sign-in')]
  assetRoute(app, [style, tasksScript, signInScript])
  const api = openPublicApi(app)
  const isExternal = config.auth.mode === 'external'

  app.get('/', open, async (request, reply) => {
    const root = rootOf(request, config.http.publicUrl)
    const show = (script: Asset, body: Child, data?: TasksPage): FastifyReply =>
      sendPage(reply, documentHtml({ title: 'Tasks', style: at(root, style), script: at(root, script), body, data }))
    const user = isExternal ? undefined : await api.user(request)
    if (user === undefined) {
      return show(signInScript, signInPage({ root, hasDocs: config.http.docsEnabled, isExternal }))
    }
    if (user instanceof Fault) {
      if (user.retryAfter !== undefined) void reply.header('retry-after', user.retryAfter)
      void reply.code(user.status)
      return show(signInScript, busyPage(root, user.detail))
    }
    const zone = zoneOf(request)
    const view = viewOf(new URLSearchParams(request.raw.url?.split('?')[1]))
    const found = await api.tasks(request, view, zone)
    const list =
      found instanceof Fault
        ? { tasks: [], next: null, position: null, fault: found.detail }
        : { ...found, fault: null }
    if (found instanceof Fault) void reply.code(found.status)
    // The routes of other features are added after this one.
    const canUndo = app.hasRoute({ method: 'POST', url: '/api/history/:id/undo' })
    const page: TasksPage = { user, view, ...list, canUndo }
    return show(tasksScript, tasksPage(page, root, { zone, now: new Date() }), page)
  })
}

const sendPage = (reply: FastifyReply, html: string): FastifyReply =>
  reply
    .headers({ 'content-security-policy': POLICY, 'cache-control': 'private, no-store', vary: 'Origin, Cookie' })
    .type('text/html; charset=utf-8')
    .send(html)

/** Every address has the hash of its content, so that a page never gets the script of another release. */
function assetRoute(app: App, assets: readonly Asset[]): void {
  const known = new Map(assets.map((asset) => [`${asset.hash}/${asset.name}`, asset]))
  app.get('/assets/:hash/:name', open, async (request, reply) => {
    // The router matches both parameters.
    const { hash, name } = request.params as { readonly hash: string; readonly name: string }
    const asset = known.get(`${hash}/${name}`)
    if (asset === undefined) throw new Problem('not_found', 'There is no file of the pages at this path')
    const etag = `"${asset.hash}"`
    void reply.headers({ 'cache-control': FOR_EVER, etag, vary: 'Origin, Accept-Encoding' })
    if (isFresh(request, etag)) return reply.code(304).send()
    const coding = codingFor(request.headers['accept-encoding'])
    if (coding !== 'identity') void reply.header('content-encoding', coding)
    return reply.type(`${asset.type}; charset=utf-8`).send(await asset.encoded(coding))
  })
}

const at = (root: string, { hash, name }: Asset): string => `${root}assets/${hash}/${name}`

/**
 * The path of the service as its pages name it. With PUBLIC_URL the browser's path may lack the slash at the end of the prefix, so the
 * path is absolute; without it there may be an unknown prefix, so it is relative.
 */
function rootOf(request: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return `${new URL(publicUrl).pathname.replace(/\/$/, '')}/`
  const depth = pathOf(request.raw.url ?? '/').split('/').length - 2
  return depth === 0 ? './' : '../'.repeat(depth)
}

/** The script keeps the time zone of the browser in a cookie, so that the first paint has the right days. */
function zoneOf({ headers: { cookie = '' } }: FastifyRequest): string {
  const [, value = ''] = /(?:^|;\s*)zone=([^;]{1,64})/.exec(cookie) ?? []
  const zone = value.replaceAll('%2F', '/')
  return isTimeZone(zone) ? zone : 'UTC'
}
