import { AUTH_PROBLEM_GUIDE } from './auth/guide.ts'
import { authRoutes } from './auth/routes.ts'
import type { Deps } from './deps.ts'
import { problemPages } from './docs/problem-pages.ts'
import { documentRoutes } from './docs/routes.ts'
import { healthRoutes } from './health/routes.ts'
import { openAdmission } from './http/admission.ts'
import { requirePrincipal } from './http/identify.ts'
import { describeApi } from './http/openapi.ts'
import type { App } from './http/app.ts'
import { createApp } from './http/server.ts'
import { metricsRoutes } from './metrics/routes.ts'
import { batchRoutes } from './tasks/batch/routes.ts'
import { taskListRoutes } from './tasks/list/routes.ts'
import { taskRoutes } from './tasks/routes.ts'
import { vaultRoutes } from './vault/routes.ts'

/** The whole application, in order: the surface, what anyone may ask, and what takes a principal. */
export async function buildApp(deps: Deps): Promise<App> {
  const app = await createApp(deps.config, deps.log, openAdmission(deps), {
    observer: deps.metrics,
    tracer: deps.tracing,
  })
  await describeApi(app, deps.config.auth.mode)

  healthRoutes(app, deps)
  metricsRoutes(app, deps)
  problemPages(app, deps.auth === undefined ? new Map() : AUTH_PROBLEM_GUIDE)
  if (deps.config.http.docsEnabled) documentRoutes(app)
  if (deps.auth !== undefined) authRoutes(app, deps.auth)

  await app.register(async (signedIn: App) => {
    requirePrincipal(signedIn)
    taskRoutes(signedIn, deps)
    taskListRoutes(signedIn, deps)
    vaultRoutes(signedIn, deps)
    batchRoutes(signedIn, deps)
  })
  return app
}
