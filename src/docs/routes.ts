import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import swaggerUi from '@fastify/swagger-ui'
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

const REDOC_SCRIPT = new URL(import.meta.resolve('redoc/bundles/redoc.standalone.js'))
const ONE_DAY_S = 86_400

const REDOC_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>todo-backend API</title>
  </head>
  <body>
    <redoc spec-url="/openapi.json"></redoc>
    <script type="module" src="/redoc/redoc.standalone.js"></script>
  </body>
</html>
`

/** `/openapi.json`, Swagger UI at `/docs` and ReDoc at `/redoc`, every asset from this process. */
export async function documentRoutes(app: App): Promise<void> {
  await app.register(async (pages: App) => {
    pages.addHook('onRequest', async (_request, reply) => {
      void reply.header('content-security-policy', PAGE_POLICY)
    })
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { url: '/openapi.json', deepLinking: true, persistAuthorization: false, displayRequestDuration: true },
      theme: { title: 'todo-backend API' },
    })
    redocRoutes(pages)
  })

  let document: { text: string; etag: string } | undefined
  app.get('/openapi.json', { schema: { hide: true } }, async (request, reply) => {
    document ??= described(app)
    void reply.headers({ 'cache-control': 'no-cache', etag: document.etag })
    if (request.headers['if-none-match'] === document.etag) return reply.code(304).send()
    return reply.type('application/json; charset=utf-8').send(document.text)
  })
}

function redocRoutes(app: App): void {
  app.get('/redoc', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(REDOC_PAGE),
  )
  let script: Buffer | undefined
  app.get('/redoc/redoc.standalone.js', { schema: { hide: true } }, async (_request, reply) => {
    script ??= readFileSync(REDOC_SCRIPT)
    return reply
      .header('cache-control', `public, max-age=${ONE_DAY_S}`)
      .type('text/javascript; charset=utf-8')
      .send(script)
  })
}

function described(app: App): { text: string; etag: string } {
  const text = JSON.stringify(app.swagger())
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}
