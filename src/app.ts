import { authProblemGuide } from './auth/guide.ts'
import { linkPages } from './auth/link-pages.ts'
import { authRoutes } from './auth/routes.ts'
import type { Deps } from './deps.ts'
import { problemPages } from './docs/problem-pages.ts'
import { documentRoutes } from './docs/routes.ts'
import { FEATURES, PROBLEM_KINDS } from './features.ts'
import { healthRoutes } from './health/routes.ts'
import { openAdmission } from './http/admission.ts'
import { allowDryRuns } from './http/dry-run.ts'
import { requirePrincipal } from './http/identify.ts'
import { describeApi } from './http/openapi.ts'
import type { App } from './http/app.ts'
import { refuseUncheckedConditions } from './http/preconditions.ts'
import { createApp } from './http/server.ts'
import { metricsRoutes } from './metrics/routes.ts'
import type { ProblemGuide } from './problems.ts'

const PROBLEM_GUIDES: ReadonlyMap<string, ProblemGuide> = new Map(PROBLEM_KINDS.map((kind) => [kind.code, kind]))

/** The application: the HTTP surface, public routes, and routes that require a principal. */
export async function buildApp(deps: Deps): Promise<App> {
  const app = await createApp(deps.config, deps.log, openAdmission(deps), {
    observer: deps.metrics,
    tracer: deps.tracing,
  })
  await describeApi(app, deps.config.auth.mode, {
    tags: FEATURES.flatMap(({ tags = [] }) => tags),
    problems: PROBLEM_KINDS,
  })

  healthRoutes(app, { ...deps, writeProbes: FEATURES.flatMap(({ writeProbes = [] }) => writeProbes) })
  metricsRoutes(app, deps)
  problemPages(
    app,
    async (code) => PROBLEM_GUIDES.get(code) ?? (deps.auth === undefined ? undefined : await authProblemGuide(code)),
  )
  if (deps.config.http.docsEnabled) documentRoutes(app)
  if (deps.auth !== undefined) {
    const { auth, mail, config } = deps
    authRoutes(app, { auth, mail, requireEmailVerification: config.auth.requireEmailVerification })
    if (mail.isAvailable) linkPages(app)
  }
  for (const { publicRoutes } of FEATURES) await publicRoutes?.(app, deps)

  await app.register(async (signedIn: App) => {
    requirePrincipal(signedIn)
    allowDryRuns(signedIn)
    refuseUncheckedConditions(signedIn)
    for (const { routes } of FEATURES) await routes?.(signedIn, deps)
  })
  return app
}
