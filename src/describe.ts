import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { buildApp } from './app.ts'
import { parseConfig } from './configuration.ts'
import type { Deps } from './deps.ts'
import { llmsText } from './docs/llms.ts'
import { openCursors } from './http/cursor.ts'
import { linksOf } from './http/links.ts'
import { Secret } from './lib/secret.ts'
import { openMetrics } from './metrics/metrics.ts'

/** The default address of the service. A generated client needs an absolute URL. */
const EXAMPLE_URL = 'http://127.0.0.1:8000'

/** The OpenAPI document. Ends with a line feed. */
export const describe = async (): Promise<string> => `${JSON.stringify(await described(), null, 2)}\n`

/** `llms.txt`. Ends with a line feed. */
export const describeToPrograms = async (): Promise<string> => llmsText(await described(), linksOf(undefined))

/** The document of a service with all features, without opening any dependency. */
async function described(): Promise<object> {
  const made = (): Secret => new Secret(randomBytes(32).toString('base64url') + '=')
  const config = parseConfig({ PUBLIC_URL: EXAMPLE_URL }, () => ({
    SESSION_HASH_SECRET: made(),
    SERVICE_AUTH_TOKEN: made(),
    ENCRYPTION_KEY: made(),
    BETTER_AUTH_SECRET: made(),
  }))
  // Handlers are registered but not called, so their dependencies are never used.
  const untouched = {} as never
  const app = await buildApp({
    config,
    log: pino({ level: 'silent' }),
    db: untouched,
    redis: untouched,
    limits: untouched,
    auth: { handle: untouched, issueSession: untouched },
    cursors: openCursors(config.encryptionKeys),
    metrics: openMetrics([]),
    jobs: untouched,
    tracing: undefined,
  } satisfies Deps)
  await app.ready()
  const document = app.swagger()
  await app.close()
  return document
}
