import cluster from 'node:cluster'
import { flushCompileCache } from 'node:module'
import type { Server } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { buildApp } from './app.ts'
import type { Config } from './config/config.ts'
import { openDeps, type Deps } from './deps.ts'
import { errorCode } from './lib/file-errors.ts'
import { StartError } from './errors.ts'
import { FEATURES } from './features.ts'
import { drain } from './http/drain.ts'
import type { App } from './http/app.ts'
import { listenHost, reachableUrl } from './lib/host.ts'
import { runJobs } from './jobs.ts'
import { openLog } from './log.ts'
import { openChannel } from './operator/channel.ts'

/** How long a stopping process still accepts connections, each for one answer, while readiness is 503. */
const NOTICE_MAX_MS = 2_000

/** How long closing the dependencies may take after the last request has ended; their own timeouts are shorter. */
const CLOSE_TIMEOUT_MS = 15_000

/** How a process gets its connections and, if another process owns the embedded database, that database. */
export interface Place {
  readonly lentAt?: string | undefined
  /** Whether the greeting is printed, for a person who started the service in a terminal. */
  readonly greets: boolean
  /** @returns the URL at which the service is reached */
  open(this: void, app: App, config: Config): Promise<string>
  close(this: void, app: App, timeoutMs: number): Promise<void>
}

/**
 * Serves until a signal arrives, then finishes the requests in progress.
 *
 * @throws StartError for errors that the operator can correct; also if the embedded database has failed for good, so that a
 *   supervisor restarts the process
 */
export async function serve(config: Config, place: Place = ownPort()): Promise<void> {
  const log = openLog(config.log.level)
  endOnBug(log)
  const signals = catchSignals(log)
  try {
    await serveUntil(signals, config, log, place)
    log.info('stopped')
  } finally {
    // The IPC channel to the supervisor would keep a worker alive.
    process.channel?.unref()
  }
}

const ownPort = (): Place => ({
  // Only the first worker prints it.
  greets: (cluster.worker?.id ?? 1) === 1,
  open: listen,
  close: drain,
})

async function serveUntil(signals: Signals, config: Config, log: Logger, place: Place): Promise<void> {
  const isDevelopment = config.environment === 'development'
  if (isDevelopment && config.database.address === undefined && place.lentAt === undefined) {
    process.stdout.write(STARTING)
  }

  await using deps = await openDeps(config, log, { lentAt: place.lentAt })
  const app = await buildApp(deps)
  const address = await place.open(app, config)
  if (isDevelopment && place.greets) process.stdout.write(greeting(address, deps))
  await using jobs = await runJobs(deps)
  await using _channel = deps.db.embeddedIn === undefined ? undefined : await openChannel(deps, perform)
  // Now, because the process may be killed.
  flushCompileCache()

  const cause = await Promise.race([signals.next(), deps.db.failed])
  if (cause instanceof StartError) log.fatal({ err: cause }, 'the database has failed, so the process exits')
  else log.info({ signal: cause }, 'stopping')
  endOnStall(log, config.http.shutdownTimeoutMs + CLOSE_TIMEOUT_MS)
  const noticeMs = isDevelopment ? 0 : Math.min(NOTICE_MAX_MS, config.http.shutdownTimeoutMs / 5)
  // A load balancer sends requests here until it has seen that readiness is 503.
  app.draining = true
  await setTimeout(noticeMs)
  // Jobs and requests in progress end concurrently.
  await Promise.all([jobs[Symbol.asyncDispose](), place.close(app, config.http.shutdownTimeoutMs - noticeMs)])
  if (cause instanceof StartError) throw cause
}

/**
 * Exits on an uncaught exception, because the state of the process is unknown. The error is logged by our serializer: Node's own
 * report would print the values of a row that PostgreSQL refused.
 */
function endOnBug(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a bug ended the process')
    process.exit(1)
  })
}

/** Imports the commands when one arrives: serving does not need them. */
const perform: Parameters<typeof openChannel>[1] = async (...call) =>
  (await import('./operator/commands.ts')).perform(...call)

interface Signals {
  next(): Promise<NodeJS.Signals>
}

/**
 * Handles signals from the start, because a container's first process has no default actions. The first signal stops the process: at
 * once during start-up, which is safe at any point. Further signals are ignored: under npm one Ctrl-C arrives twice, and stopping
 * has a deadline.
 */
function catchSignals(log: Logger): Signals {
  let stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopped while starting')
    process.exit(0)
  }
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, (signal) => stop(signal))
  return { next: () => new Promise((resolve) => (stop = resolve)) }
}

/** Exits if stopping takes too long, so that a supervisor need not kill the process. */
function endOnStall(log: Logger, timeoutMs: number): void {
  globalThis
    .setTimeout(() => {
      log.error('stopping took too long, so the process exits without having closed everything')
      process.exit(1)
    }, timeoutMs)
    .unref()
}

async function listen(app: App, { http: { host, port } }: Config): Promise<string> {
  try {
    await app.listen({ host: listenHost(host), port })
  } catch (error) {
    throw explained(error, host, port)
  }
  return urlOf(app.server, host, port)
}

/** The URL at which it is reached from this machine. */
export function urlOf(server: Server, host: string, port: number): string {
  const bound = server.address()
  return reachableUrl(host, bound !== null && typeof bound === 'object' ? bound.port : port)
}

/** A StartError for the reasons why a port cannot be opened. */
export function explained(error: unknown, host: string, port: number): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new StartError(
        `port ${port} on ${host} is in use: stop the process that listens there, or set PORT to another`,
      )
    case 'EACCES':
      return new StartError(`port ${port} on ${host} may not be opened by this user: set PORT to a number above 1023`)
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EAI_AGAIN':
    case 'EINVAL':
    case 'ENOTFOUND':
      return new StartError(`HOST ${host} is not an address of this machine`)
    default:
      return error
  }
}

export const STARTING =
  'todo-backend is starting; the first start takes some seconds longer, because it creates a database\n'

/** The text for a person who started the service in a terminal. */
export const greeting = (address: string, { db, config }: Pick<Deps, 'db' | 'config'>): string => `
  todo-backend is at ${address}
${linesOfFeatures(config, address)}    data   ${db.embeddedIn === undefined ? 'on the server of DATABASE_URL' : `${db.embeddedIn} (embedded PostgreSQL; set DATABASE_URL for a server)`}
    docs   ${config.http.docsEnabled ? `${address}/docs` : 'off (DOCS_ENABLED)'}
${config.auth.mode === 'embedded' ? firstStep(address) : firstStepWithExternalAuth(address)}

`

const linesOfFeatures = (config: Config, address: string): string =>
  FEATURES.flatMap((feature) => feature.greeting?.(config, address) ?? [])
    .map(({ label, text }) => `    ${label.padEnd(6)} ${text}\n`)
    .join('')

const firstStep = (address: string): string =>
  `    try    curl -s ${address}/api/auth/sign-up/email -H 'Content-Type: application/json' \\
             -d '{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}'`

/** There is no `/api/auth` in this mode. */
const firstStepWithExternalAuth = (address: string): string =>
  `    users  belong to another auth server (AUTH_MODE=external), which signs them up and in
    try    curl -s ${address}/api/tasks -H 'Authorization: Bearer <session token of that server>'`
