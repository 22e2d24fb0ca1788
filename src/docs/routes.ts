import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { lazy } from '../lib/lazy.ts'
import { isFresh } from '../http/conditional.ts'
import { pathOf } from '../http/problem.ts'
import type { App } from '../http/app.ts'
import { llmsText } from './llms.ts'

/**
 * What the pages need beyond `'none'`, all from this process. Both viewers insert style elements, Swagger UI shows images from data:
 * URLs, and ReDoc searches in a worker that it creates from a blob.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const ASSET_MAX_AGE_S = 86_400

interface Asset {
  readonly type: 'text/css' | 'text/javascript'
  /** Called once, at the first request. */
  readonly read: () => string
}

const packaged = (specifier: string): string => readFileSync(new URL(import.meta.resolve(specifier)), 'utf8')

/** The build copies ReDoc's bundle here, so that the package does not need 30 MB of dependencies that ReDoc never loads. */
const BUILT_REDOC = new URL('redoc.standalone.js', import.meta.url)

/** Undefined in a checkout without development dependencies, which then has no `/redoc`. */
function findRedoc(): URL | undefined {
  if (existsSync(BUILT_REDOC)) return BUILT_REDOC
  try {
    return new URL(import.meta.resolve('redoc/bundles/redoc.standalone.js'))
  } catch {
    return undefined
  }
}
const REDOC = findRedoc()

/** Operations are tried out on the server of this page, regardless of `servers`: its policy allows no other. */
const START_SWAGGER_UI = `// The URL of this service as seen by this page, including a prefix that a proxy strips.
const base = new URL('..', document.currentScript.src).href

function forThisPage(response) {
  if (!response.ok || !response.url.endsWith('/openapi.json')) return response
  const document = JSON.parse(response.text)
  document.servers = [{ url: base.replace(/\\/$/, '') }]
  return { ...response, text: JSON.stringify(document) }
}

SwaggerUIBundle({
  url: base + 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  responseInterceptor: forThisPage,
})
`

/** ReDoc shows a logo from its vendor's host, which the policy forbids. This text replaces it. */
const REDOC_LOGO = /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini(?:-full)?\.svg/g
const LOGO = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="16"><text y="13" font-family="sans-serif" font-size="13">Redocly</text></svg>',
)}`

const ASSETS: Readonly<Record<string, Asset>> = {
  '/docs/swagger-ui.css': { type: 'text/css', read: () => packaged('@fastify/swagger-ui/static/swagger-ui.css') },
  '/docs/swagger-ui.js': {
    type: 'text/javascript',
    read: () => packaged('@fastify/swagger-ui/static/swagger-ui-bundle.js'),
  },
  '/docs/pages.css': { type: 'text/css', read: () => readFileSync(new URL('pages.css', import.meta.url), 'utf8') },
  '/docs/start.js': { type: 'text/javascript', read: () => START_SWAGGER_UI },
  ...(REDOC && {
    '/redoc/redoc.js': {
      type: 'text/javascript' as const,
      read: () => readFileSync(REDOC, 'utf8').replace(REDOC_LOGO, LOGO),
    },
  }),
}

/** @param content with links relative to the root of this service */
const page = (content: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>todo-backend API</title>
    <link rel="icon" href="data:,">
${content}
  </body>
</html>
`

const PAGES: Readonly<Record<string, string>> = {
  '/docs': page(`    <link rel="stylesheet" href="docs/swagger-ui.css">
    <link rel="stylesheet" href="docs/pages.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui.js"></script>
    <script src="docs/start.js"></script>`),
  ...(REDOC && {
    '/redoc': page(`    <link rel="stylesheet" href="docs/pages.css">
  </head>
  <body>
    <redoc spec-url="openapi.json" disable-telemetry="true"></redoc>
    <script type="module" src="redoc/redoc.js"></script>`),
  }),
}

/** `/openapi.json`, Swagger UI at `/docs`, ReDoc at `/redoc`, every asset from this process, and `/llms.txt`. */
export function documentRoutes(app: App): void {
  const schema = { hide: true }
  for (const [path, html] of Object.entries(PAGES)) {
    const below = html.replace(/(src|href|spec-url)="(?!data:)/g, '$1="../')
    app.get(path, { schema }, async (request, reply) => {
      const isBelow = pathOf(request.raw.url ?? '').endsWith('/')
      return reply
        .header('content-security-policy', PAGE_POLICY)
        .type('text/html; charset=utf-8')
        .send(isBelow ? below : html)
    })
  }
  for (const [path, { type, read }] of Object.entries(ASSETS)) {
    const text = lazy(read)
    app.get(path, { schema }, async (_request, reply) =>
      reply.header('cache-control', `public, max-age=${ASSET_MAX_AGE_S}`).type(`${type}; charset=utf-8`).send(text()),
    )
  }
  generated(app, '/openapi.json', 'application/json', () => JSON.stringify(app.swagger()))
  generated(app, '/llms.txt', 'text/plain', () => llmsText(app, app.links))
}

/** What is made of the routes, once all are there. It changes with a release, so that readers ask whether it has. */
function generated(app: App, path: string, type: string, make: () => string): void {
  const made = lazy(() => tagged(make()))
  app.get(path, { schema: { hide: true } }, async (request, reply) => {
    const { text, etag } = made()
    void reply.headers({ 'cache-control': 'no-cache', etag })
    if (isFresh(request, etag)) return reply.code(304).send()
    return reply.type(`${type}; charset=utf-8`).send(text)
  })
}

const tagged = (text: string): { readonly text: string; readonly etag: string } => ({
  text,
  etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`,
})
