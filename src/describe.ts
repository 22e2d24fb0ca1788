import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { buildApp } from './app.ts'
import { parseConfig } from './configuration.ts'
import type { Deps } from './deps.ts'
import { llmsText } from './docs/llms.ts'
import type { App } from './http/app.ts'
import { openCursors } from './http/cursor.ts'
import { linksOf } from './http/links.ts'
import { Secret } from './lib/secret.ts'
import { describeMetrics, type DescribedMetrics } from './metrics/described.ts'
import { openMail } from './mail/mail.ts'
import { openMetrics } from './metrics/metrics.ts'

/** The default address of the service. A generated client needs an absolute URL. */
const EXAMPLE_URL = 'http://127.0.0.1:8000'

/** The OpenAPI document. Ends with a line feed. */
export const describe = async (): Promise<string> => `${JSON.stringify(await described(), null, 2)}\n`

/** `llms.txt`. Ends with a line feed. */
export const describeToPrograms = async (): Promise<string> => withApp((app) => llmsText(app, linksOf(undefined)))

/** All metrics, for docs/operations/metrics.md. */
export const describeAllMetrics = async (): Promise<DescribedMetrics> =>
  withApp((app, { metrics }) => describeMetrics(app, metrics.registry))

const described = async (): Promise<object> => withApp((app) => app.swagger())

/** Uses the application with all features, without opening any dependency. */
async function withApp<T>(use: (app: App, deps: Deps) => T): Promise<T> {
  const made = (): Secret => new Secret(randomBytes(32).toString('base64url') + '=')
  const config = parseConfig({ PUBLIC_URL: EXAMPLE_URL }, () => ({
    SESSION_HASH_SECRET: made(),
    SERVICE_AUTH_TOKEN: made(),
    ENCRYPTION_KEY: made(),
    BETTER_AUTH_SECRET: made(),
  }))
  // Handlers are registered but not called, so their dependencies are never used.
  const untouched = {} as never
  const log = pino({ level: 'silent' })
  const metrics = openMetrics([])
  const deps: Deps = {
    config,
    log,
    db: untouched,
    redis: untouched,
    limits: untouched,
    wakes: untouched,
    auth: { handle: untouched, issueSession: untouched, findUser: untouched },
    cursors: openCursors(config.encryptionKeys),
    metrics,
    jobs: untouched,
    mail: openMail(config.mail, { db: untouched, jobs: untouched, log, metrics }),
    tracing: undefined,
  }
  const app = await buildApp(deps)
  await app.ready()
  try {
    return use(app, deps)
  } finally {
    await app.close()
  }
}
