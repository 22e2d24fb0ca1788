import { fork, type ChildProcess } from 'node:child_process'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { lockDirectory } from '../db/embedded/directory-lock.ts'
import { openEmbedded } from '../db/embedded/embedded.ts'
import { lendEmbedded } from '../db/embedded/lent-embedded.ts'
import { embeddedDirectory } from '../db/source.ts'
import { StartError } from '../errors.ts'
import { openLog } from '../log.ts'
import { STARTING } from '../server.ts'
import { openListener, type Listener } from './listener.ts'
import { watchCode, type Change } from './watch.ts'

export type ToChild =
  | { readonly kind: 'serve'; readonly address: string; readonly lentAt: string | undefined; readonly isFirst: boolean }
  | { readonly kind: 'connection' }

export type FromChild = { readonly kind: 'serving' } | { readonly kind: 'failed'; readonly failure: Failure }

export interface Failure {
  readonly reason: string
  /** An error that the operator can correct, not one of the code. */
  readonly isRefusal: boolean
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Timeout for requests in progress when the code has changed; streams would never end by themselves. */
const END_TIMEOUT_MS = 1_000

/**
 * Serves, and reloads when the code, a migration or `.env` changes. The port, the embedded database and a spare process with all
 * packages loaded stay open. Requests that arrive during a reload wait. Ends at a signal. If the code fails to load, the error (file
 * and line) is printed and also returned to HTTP clients.
 *
 * @param load reads the configuration
 * @throws StartError if the first start fails for a reason that the operator can correct, and if the embedded database fails; later
 *   errors are printed, and it waits for the next change
 */
export async function develop(load: () => Config): Promise<void> {
  if (!import.meta.filename.endsWith('.ts')) {
    throw new StartError(
      'dev is for a clone of the code: in an installed package nothing changes, so run: todo-backend serve',
    )
  }
  let config = load()
  const log = openLog(config.log.level)
  const stop = Promise.withResolvers<undefined>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.resolve(undefined))
  using watch = watchCode(ROOT, process.cwd())
  using spares = keepSpare()
  let stage: Stage | undefined = await openStage(config, log)
  let served = await serve(spares, stage, true)
  if (served.reason !== undefined && served.isRefusal) {
    await stage[Symbol.asyncDispose]()
    // The operator corrects it without changing a watched file, for instance by starting a server.
    throw new StartError(served.reason)
  }
  tellOutcome(log, served)
  let lost: StartError | undefined
  for (;;) {
    const change = await Promise.race([watch.next(), stop.promise, ...(stage === undefined ? [] : [stage.failed])])
    if (change instanceof StartError) lost = change
    if (change === undefined || change instanceof StartError) break
    stage?.listener.leadTo(undefined)
    await end(served)
    if (change.files.includes('package-lock.json')) spares.renew()
    try {
      config = load()
      if (stage?.key !== keyOf(config)) {
        await stage?.[Symbol.asyncDispose]()
        stage = undefined
        stage = await openStage(config, log)
      }
      served = await serve(spares, stage, false)
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      served = { reason: error.message, isRefusal: true }
      stage?.listener.leadTo(served)
    }
    tellOutcome(log, served, change)
  }
  await end(served)
  await stage?.[Symbol.asyncDispose]()
  if (lost !== undefined) throw lost
}

/** What stays open across reloads. */
interface Stage extends AsyncDisposable {
  /** The part of the configuration on which it depends. */
  readonly key: string
  readonly listener: Listener
  /** Undefined with a database server. */
  readonly lentAt: string | undefined
  /** Resolves when the embedded database has failed for good. */
  readonly failed: Promise<StartError>
}

const keyOf = ({ http: { host, port }, database, dataDir }: Config): string =>
  JSON.stringify([host, port, database.address === undefined && dataDir])

async function openStage(config: Config, log: Logger): Promise<Stage> {
  await using opened = new AsyncDisposableStack()
  const listener = opened.use(await openListener(config.http))
  let lentAt: string | undefined
  let failed = new Promise<StartError>(() => undefined)
  if (config.database.address === undefined) {
    process.stdout.write(STARTING)
    opened.use(await lockDirectory(config.dataDir))
    const embedded = opened.use(await openEmbedded(embeddedDirectory(config.dataDir), { log }))
    failed = embedded.failed
    lentAt = opened.use(await lendEmbedded(embedded)).at
  }
  const closing = opened.move()
  return { key: keyOf(config), listener, lentAt, failed, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

type Served = (Spare & { readonly reason?: undefined }) | (Failure & { readonly child?: undefined })

async function serve(spares: Spares, { listener, lentAt }: Stage, isFirst: boolean): Promise<Served> {
  const taken = spares.take()
  const { child, gone } = taken
  const answered = new Promise<Failure | undefined>((resolve) => {
    child.once('message', (message: FromChild) => resolve(message.kind === 'failed' ? message.failure : undefined))
  })
  // A process that could not be started has no channel.
  if (child.connected) child.send({ kind: 'serve', address: listener.address, lentAt, isFirst } satisfies ToChild)
  const failure = await Promise.race([answered, gone])
  const served: Served = failure ?? taken
  listener.leadTo(served)
  // Connections that arrive then would wait until the next change.
  if (failure === undefined) void gone.then((failure) => !ending.has(child) && listener.leadTo(failure))
  spares.make()
  return served
}

function tellOutcome(log: Logger, { reason }: Served, change?: Change): void {
  const changed = change?.files
  if (reason !== undefined) log.error({ changed }, `${reason}; waiting for the next change`)
  else if (change !== undefined) {
    log.info({ changed, tookMs: Math.round(performance.now() - change.atMs) }, 'reloaded')
  }
}

/** Processes that are being stopped. */
const ending = new WeakSet<ChildProcess>()

async function end(served: Served): Promise<void> {
  if (served.reason !== undefined) return
  const { child, gone } = served
  ending.add(child)
  const killer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS)
  child.kill('SIGTERM')
  await gone
  clearTimeout(killer)
}

interface Spare {
  readonly child: ChildProcess
  /** The exit, or the error that kept it from starting. */
  readonly gone: Promise<Failure>
}

interface Spares extends Disposable {
  /** The waiting process, or a new one. */
  take(): Spare
  make(): void
  /** Replaces the waiting process, because its packages are outdated. */
  renew(): void
}

function keepSpare(): Spares {
  const cache = module.getCompileCacheDir()
  let spare: Spare | undefined
  const fresh = (): Spare => {
    // bin/ sets a directory for this version of Node inside the configured one.
    const child = fork(join(import.meta.dirname, 'child.ts'), cache === undefined ? [] : [dirname(cache)])
    return { child, gone: endOf(child) }
  }
  const make = (): void => void (spare = fresh())
  make()
  return {
    take: () => {
      const taken = spare?.child.connected === true ? spare : fresh()
      spare = undefined
      return taken
    },
    make,
    renew: () => {
      spare?.child.kill('SIGKILL')
      make()
    },
    [Symbol.dispose]: () => void spare?.child.kill('SIGKILL'),
  }
}

function endOf(child: ChildProcess): Promise<Failure> {
  return new Promise((resolve) => {
    const tell = (what: string): void => resolve({ reason: `its process ${what}`, isRefusal: false })
    child.once('exit', (status, signal) => tell(`ended with ${signal ?? `status ${status}`}`))
    // A process that was not started emits no exit, and one that cannot receive messages is useless.
    child.on('error', ({ message }) => {
      child.kill('SIGKILL')
      tell(`could not be used: ${message}`)
    })
  })
}
