import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { openDeps, type Deps } from './deps.ts'
import { StartError } from './errors.ts'
import { drain } from './http/drain.ts'
import type { App } from './http/server.ts'
import { openLog } from './log.ts'

/**
 * Serves until the process is told to stop, then finishes what is under way.
 *
 * @throws StartError for whatever the operator can mend
 */
export async function serve(config: Config): Promise<void> {
  const log = openLog(config.log.level)
  await using deps = await openDeps(config, log)
  const app = await buildApp(deps)
  const address = await listen(app, config)
  if (config.environment !== 'production') process.stdout.write(greeting(address, deps))

  const signal = await Promise.race(['SIGTERM', 'SIGINT'].map(async (name) => (await once(process, name), name)))
  log.info({ signal }, 'stopping')
  await drain(app, config.http.shutdownTimeoutMs)
  log.info('stopped')
}

async function listen(app: App, { http: { host, port } }: Config): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw explained(error, host, port)
  }
  const bound = app.server.address()
  const boundPort = bound !== null && typeof bound === 'object' ? bound.port : port
  return `http://${isIPv6(host) ? `[${host}]` : host}:${boundPort}`
}

function explained(error: unknown, host: string, port: number): unknown {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return new StartError(`port ${port} on ${host} is in use: stop what listens there, or set PORT to another`)
    case 'EACCES':
      return new StartError(`port ${port} on ${host} may not be opened by this user: set PORT to one above 1023`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`HOST ${host} is no address of this machine`)
    default:
      return error
  }
}

const greeting = (address: string, { db, config }: Deps): string => `
  todo-backend is at ${address}
    data   ${db.embeddedIn === undefined ? 'on the server of DATABASE_URL' : `${db.embeddedIn} (embedded PostgreSQL; set DATABASE_URL for a server)`}
    docs   ${config.http.docsEnabled ? `${address}/docs` : 'off (DOCS_ENABLED)'}
    try    curl -s ${address}/api/auth/sign-up/email -H 'Content-Type: application/json' \\
             -d '{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}'

`
