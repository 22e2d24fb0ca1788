import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { buildApp } from './app.ts'
import { parseConfig } from './config.ts'
import type { Deps } from './deps.ts'
import { openCursors } from './http/cursor.ts'
import { Secret } from './lib/secret.ts'

/** The OpenAPI document of the service with everything switched on, without opening anything. Ends with a line feed. */
export async function describe(): Promise<string> {
  const made = (): Secret => new Secret(randomBytes(32).toString('base64url') + '=')
  const config = parseConfig({}, () => ({
    SESSION_HASH_SECRET: made(),
    SERVICE_AUTH_TOKEN: made(),
    ENCRYPTION_KEY: made(),
    BETTER_AUTH_SECRET: made(),
  }))
  // Handlers are registered and none is called: what they would use is never touched.
  const untouched = {} as never
  const app = await buildApp({
    config,
    log: pino({ level: 'silent' }),
    db: untouched,
    redis: untouched,
    limits: untouched,
    auth: { handle: untouched },
    cursors: openCursors(config.vault.encryptionKeys),
  } satisfies Deps)
  await app.ready()
  const document = app.swagger()
  await app.close()
  return `${JSON.stringify(document, null, 2)}\n`
}
