import cluster from 'node:cluster'
import { flushCompileCache } from 'node:module'
import type { Server } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { buildApp } from './app.ts'
import type { Config } from './config/config.ts'
import { openDeps, type Deps } from './deps.ts'
import { errorCode } from './config/development-secrets.ts'
import { StartError } from './errors.ts'
import { drain } from './http/drain.ts'
import type { App } from './http/app.ts'
import { listenHost, reachableUrl } from './lib/host.ts'
import { runJobs } from './jobs.ts'
import { openLog } from './log.ts'
import { openChannel } from './operator/channel.ts'

/** How long a process that is about to stop goes on taking connections, each for one answer, and says that it is not ready. */
const NOTICE_MAX_MS = 2_000

/** How long closing the database may take once the last request has ended; its own time-outs are shorter. */
const CLOSE_TIMEOUT_MS = 15_000

/** How a process comes by its connections and, where another has the embedded database, by that. */
export interface Place {
  readonly lentAt?: string | undefined
  /** Whether it says where it is, to somebody who has started it by hand. */
  readonly greets: boolean
  /** @returns the URL under which it is reached from now on */
  open(this: void, app: App, config: Config): Promise<string>
  close(this: void, app: App, timeoutMs: number): Promise<void>
}

/**
 * Serves until the process is told to stop, then finishes what is under way.
 *
 * @throws StartError for what the operator can mend; also when the embedded database broke down and did not start again,
 *   so that a supervisor starts the process anew
 */
export async function serve(config: Config, place: Place = ownPort()): Promise<void> {
  const log = openLog(config.log.level)
  endOnBug(log)
  const signals = catchSignals(log)
  try {
    await serveUntil(signals, config, log, place)
    log.info('stopped')
  } finally {
    // The channel to the supervisor would keep a worker alive.
    process.channel?.unref()
  }
}

const ownPort = (): Place => ({
  // Of several workers the first one speaks for all.
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
  // Now and not at the end, which may be a sudden one.
  flushCompileCache()

  const cause = await Promise.race([signals.next(), deps.db.failed])
  if (cause instanceof StartError) log.fatal({ err: cause }, 'the database is lost, so the process ends')
  else log.info({ signal: cause }, 'stopping')
  endOnStall(log, config.http.shutdownTimeoutMs + CLOSE_TIMEOUT_MS)
  const noticeMs = isDevelopment ? 0 : Math.min(NOTICE_MAX_MS, config.http.shutdownTimeoutMs / 5)
  // Until the balancer has asked for readiness again it still sends requests here.
  app.draining = true
  await setTimeout(noticeMs)
  // Jobs under way end while requests do.
  await Promise.all([jobs[Symbol.asyncDispose](), place.close(app, config.http.shutdownTimeoutMs - noticeMs)])
  if (cause instanceof StartError) throw cause
}

/**
 * Whatever nobody caught: the state of the process is unknown from there on, so it ends, at once and loudly. To the log and
 * not to Node's own report, which would print the values of a row that PostgreSQL refused.
 */
function endOnBug(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a bug ended the process')
    process.exit(1)
  })
}

/** Loaded when a command comes: serving does not need them. */
const perform: Parameters<typeof openChannel>[1] = async (...call) =>
  (await import('./operator/commands.ts')).perform(...call)

interface Signals {
  next(): Promise<NodeJS.Signals>
}

/**
 * From the very start, because a container's first process has no default for them. The first one stops the process: at once
 * while it still starts, since the next start can deal with whatever it leaves behind. More of them change nothing: one
 * Ctrl-C comes twice under npm, and stopping has its own deadline.
 */
function catchSignals(log: Logger): Signals {
  let stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopped while starting')
    process.exit(0)
  }
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, (signal) => stop(signal))
  return { next: () => new Promise((resolve) => (stop = resolve)) }
}

/** Should stopping hang, the supervisor need not find out by itself. */
function endOnStall(log: Logger, timeoutMs: number): void {
  globalThis
    .setTimeout(() => {
      log.error('stopping took too long, so the process ends without having closed everything')
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

/** Where it is reached from this machine. */
export function urlOf(server: Server, host: string, port: number): string {
  const bound = server.address()
  return reachableUrl(host, bound !== null && typeof bound === 'object' ? bound.port : port)
}

/** Why a port cannot be opened, in words. */
export function explained(error: unknown, host: string, port: number): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new StartError(`port ${port} on ${host} is in use: stop what listens there, or set PORT to another`)
    case 'EACCES':
      return new StartError(`port ${port} on ${host} may not be opened by this user: set PORT to one above 1023`)
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EAI_AGAIN':
    case 'EINVAL':
    case 'ENOTFOUND':
      return new StartError(`HOST ${host} is no address of this machine`)
    default:
      return error
  }
}

export const STARTING = 'todo-backend starts; the first time takes some seconds longer, because it makes a database\n'

/** What a person who started the service in a terminal sees. */
export const greeting = (address: string, { db, config }: Pick<Deps, 'db' | 'config'>): string => `
  todo-backend is at ${address}
    data   ${db.embeddedIn === undefined ? 'on the server of DATABASE_URL' : `${db.embeddedIn} (embedded PostgreSQL; set DATABASE_URL for a server)`}
    docs   ${config.http.docsEnabled ? `${address}/docs` : 'off (DOCS_ENABLED)'}
${config.auth.mode === 'embedded' ? firstStep(address) : firstStepWithExternalAuth(address)}

`

const firstStep = (address: string): string =>
  `    try    curl -s ${address}/api/auth/sign-up/email -H 'Content-Type: application/json' \\
             -d '{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}'`

/** `/api/auth` does not exist in this mode. */
const firstStepWithExternalAuth = (address: string): string =>
  `    users  kept by another auth server (AUTH_MODE=external), which signs them up and in
    try    curl -s ${address}/api/tasks -H 'Authorization: Bearer <session token of that server>'`
