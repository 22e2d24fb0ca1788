import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isFresh } from '../http/conditional.ts'
import type { App } from '../http/server.ts'

/**
 * What the pages need beyond `'none'`, all of it from this process. Both viewers write style elements, Swagger UI shows
 * images from data: URLs, and ReDoc searches in a worker that it makes from a blob.
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
  /** Read once, when it is first asked for. */
  readonly read: () => string
}

const packaged = (specifier: string): string => readFileSync(new URL(import.meta.resolve(specifier)), 'utf8')

const START_SWAGGER_UI = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
})
`

/** ReDoc names its maker with a picture from its maker's host, which the policy forbids; this one says the same. */
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
  '/docs/start.js': { type: 'text/javascript', read: () => START_SWAGGER_UI },
  '/redoc/redoc.js': {
    type: 'text/javascript',
    read: () => packaged('redoc/bundles/redoc.standalone.js').replace(REDOC_LOGO, LOGO),
  },
}

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
  '/docs': page(`    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui.js"></script>
    <script src="/docs/start.js"></script>`),
  '/redoc': page(`  </head>
  <body>
    <redoc spec-url="/openapi.json"></redoc>
    <script type="module" src="/redoc/redoc.js"></script>`),
}

/** `/openapi.json`, Swagger UI at `/docs` and ReDoc at `/redoc`, every asset from this process. */
export function documentRoutes(app: App): void {
  const schema = { hide: true }
  for (const [path, html] of Object.entries(PAGES)) {
    app.get(path, { schema }, async (_request, reply) =>
      reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(html),
    )
  }
  for (const [path, { type, read }] of Object.entries(ASSETS)) {
    let text: string | undefined
    app.get(path, { schema }, async (_request, reply) => {
      text ??= read()
      return reply
        .header('cache-control', `public, max-age=${ASSET_MAX_AGE_S}`)
        .type(`${type}; charset=utf-8`)
        .send(text)
    })
  }
  let document: { readonly text: string; readonly etag: string } | undefined
  app.get('/openapi.json', { schema }, async (request, reply) => {
    document ??= described(app)
    void reply.headers({ 'cache-control': 'no-cache', etag: document.etag })
    if (isFresh(request, document.etag)) return reply.code(304).send()
    return reply.type('application/json; charset=utf-8').send(document.text)
  })
}

function described(app: App): { readonly text: string; readonly etag: string } {
  const text = JSON.stringify(app.swagger())
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}
