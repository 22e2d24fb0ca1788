import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { isFresh } from '../http/conditional.ts'
import { pathOf } from '../http/problem.ts'
import { isTimeZone } from '../lib/time-zone.ts'
import { SCOPES } from '../principal.ts'
import { codingFor, openScript, openStyle, type Asset } from './assets.ts'
import { documentHtml } from './html.ts'
import { Fault, openPublicApi, type PublicApi } from './public-api.ts'
import { pagesSettings } from './settings.ts'
import { accountPage, SECTIONS, type AccountPage } from './views/account-page.ts'
import { consentPage, type ConsentPage } from './views/consent-page.ts'
import { busyPage, signInPage } from './views/sign-in-page.ts'
import { tasksPage, type TasksPage } from './views/tasks-page.ts'
import type { User } from './views/task.ts'
import type { Child } from './views/tree.ts'
import { unknownParts, viewOf } from './views/view.ts'

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

/** `/`, `/account`, `/consent` and what they load. */
export function pageRoutes(app: App, { config, mail }: FeatureDeps): void {
  if (!pagesSettings.of(config).enabled) return
  const style = openStyle('pages')
  const scripts = {
    tasks: openScript('tasks'),
    account: openScript('account'),
    consent: openScript('consent'),
    signIn: openScript('sign-in'),
  }
  assetRoute(app, [style, ...Object.values(scripts)])
  const api = openPublicApi(app)
  const isExternal = config.auth.mode === 'external'
  // Asked at each request, because the routes of other features are added after these.
  const offers = (method: 'GET' | 'POST', url: string): boolean => app.hasRoute({ method, url })

  /** A page for a signed-in user; visitors get the forms, which lead to `/`, and on `/consent` back to it. */
  const route: RouteOf = (path, answer) => {
    app.get(path, open, async (request, reply) => {
      const root = rootOf(request, config.http.publicUrl)
      const show = ({ title, script, body, data }: Page): FastifyReply =>
        sendPage(
          reply,
          documentHtml({ title, style: at(root, style), script: at(root, script), body: body(root), data }),
        )
      const user = isExternal ? undefined : await api.user(request)
      if (user === undefined) {
        const hasMail = mail.isAvailable
        const offered = { hasDocs: config.http.docsEnabled, isExternal, hasMail, stays: path === CONSENT }
        return show({ title: 'Tasks', script: scripts.signIn, body: (root) => signInPage({ root, ...offered }) })
      }
      if (!(user instanceof Fault)) return show(await answer(request, reply, user))
      void reply.code(user.status)
      if (user.retryAfter !== undefined) void reply.header('retry-after', user.retryAfter)
      return show({ title: 'Tasks', script: scripts.signIn, body: (root) => busyPage(root, user.detail) })
    })
  }

  route('/', async (request, reply, user) => {
    const zone = zoneOf(request)
    const query = new URLSearchParams(request.raw.url?.split('?')[1])
    const view = viewOf(query)
    const found = await api.tasks(request, view, zone)
    if (found instanceof Fault) void reply.code(found.status)
    const list =
      found instanceof Fault
        ? { tasks: [], next: null, position: null, fault: found.detail }
        : { ...found, fault: null }
    const data: TasksPage = { user, view, unknown: unknownParts(query), ...list, canUndo: offers(...UNDO) }
    const body = (root: string): Child => tasksPage(data, root, { zone, now: new Date() })
    return { title: 'Tasks', script: scripts.tasks, body, data }
  })

  route('/account', async (_request, _reply, user) => {
    const sections = SECTIONS.filter(([, , method, url]) => offers(method, url))
      .map(([id]) => id)
      .filter((id) => id !== 'email' || mail.isAvailable)
    const data: AccountPage = {
      user,
      sections,
      canUndo: offers(...UNDO),
      scopes: Object.entries(SCOPES),
      hasMcp: offers('POST', '/mcp'),
      hasReminders: offers('GET', '/api/notifications'),
    }
    return { title: 'Account', script: scripts.account, body: (root) => accountPage(data, root), data }
  })

  // With an external auth server no app can be connected.
  if (!isExternal) consentRoute(route, api, scripts.consent)
}

/** Adds a page at a path. */
type RouteOf = (
  path: string,
  answer: (request: FastifyRequest, reply: FastifyReply, user: User) => Promise<Page>,
) => void

/** The page on which a user decides about an app. */
function consentRoute(route: RouteOf, api: PublicApi, script: Asset): void {
  route(CONSENT, async (request, reply, user) => {
    const query = request.raw.url?.split('?')[1] ?? ''
    const { status, asked } = await api.authorization(request, query)
    void reply.code(status)
    const data: ConsentPage = { user, request: query, asked, scopes: Object.entries(SCOPES) }
    return { title: 'Connect an app', script, body: (root) => consentPage(data, root), data }
  })
}

/** Where apps send the browser of the user: the authorization endpoint of OAuth 2. */
const CONSENT = '/consent'
const UNDO = ['POST', '/api/history/:id/undo'] as const

interface Page {
  readonly title: string
  readonly script: Asset
  /** @param root the relative path of the service */
  body(this: void, root: string): Child
  readonly data?: unknown
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
