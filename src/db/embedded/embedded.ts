import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { StartError } from '../../errors.ts'
import { ThreadStream, type EmbeddedStream, type StreamHost } from './embedded-stream.ts'
import { startThread, type FromWorker, type ToWorker } from './embedded-thread.ts'

/**
 * PostgreSQL inside this process: PGlite in a thread of its own, for development, tests and small installations. The
 * ordinary `pg` driver reaches it through a stream instead of a socket. It is as durable as a server (fsync at commit),
 * but it is *one session*: no second connection, no cancel, no statement_timeout, no COPY FROM STDIN, and
 * startup parameters are ignored (SET them instead). It vacuums and checkpoints only when a connection begins.
 *
 * When PostgreSQL fails (a full disk while it writes its log, a fault of the engine, the end of the thread), it is restarted
 * in a new thread and recovers from its log, as a server does after a crash. Until then connections are refused at once.
 */
export interface EmbeddedDatabase extends AsyncDisposable {
  /**
   * A new connection for pg's `stream` option, as superuser `postgres`. At most one is live: a new one replaces the
   * previous one and gets a clean session (rolled back, everything discarded). While the database is closed or restarts, it
   * fails at once with an error that says so.
   */
  stream(): EmbeddedStream
  /** Resolves when the database has failed and could not be restarted: the process has to exit. */
  readonly failed: Promise<StartError>
  /** Writes a checkpoint and ends the thread; destroys a live connection. Idempotent. */
  close(): Promise<void>
}

export interface EmbeddedLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** How the database is restarted after a failure. */
export interface Restarts {
  /** Before the first attempt; doubled for each further one. */
  readonly minDelayMs: number
  readonly maxDelayMs: number
  readonly attemptsMax: number
  /** After a run of this length, delays and attempts start from the beginning. */
  readonly settledAfterMs: number
}

/** 20 attempts take two and a half minutes: time for an operator to free disk space or raise a quota. */
const RESTARTS: Restarts = { minDelayMs: 100, maxDelayMs: 10_000, attemptsMax: 20, settledAfterMs: 30_000 }

/** A checkpoint takes milliseconds, but a running statement cannot be cancelled. Then the thread is terminated, and recovery rolls it back. */
const CLOSE_TIMEOUT_MS = 10_000

export interface EmbeddedOptions {
  readonly log?: EmbeddedLog
  readonly restarts?: Restarts
}

const SILENT: EmbeddedLog = { info: () => undefined, warn: () => undefined }

/**
 * Opens the cluster in `directory`, or creates it. The parent directory exists and is locked by the caller.
 *
 * @throws StartError if the directory holds other files, or a cluster that does not start
 */
export async function openEmbedded(
  directory: string,
  { log = SILENT, restarts = RESTARTS }: EmbeddedOptions = {},
): Promise<EmbeddedDatabase> {
  const home = path.resolve(directory)
  const content = contentOf(home)
  if (content.length > 0 && !content.includes('PG_VERSION')) {
    throw new StartError(
      `The directory ${home} holds files but no database: move them away, or set DATA_DIR to another directory.`,
    )
  }
  const live = new Int32Array(new SharedArrayBuffer(4))
  // Creating a cluster takes several times the memory of serving it, which is freed only when the thread ends.
  if (content.length === 0) await startThread('create', home, live)
  const worker = await startThread('serve', home, live)
  return new ThreadedDatabase(worker, { home, live, log, restarts })
}

function contentOf(directory: string): string[] {
  try {
    return fs.readdirSync(directory)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new StartError(`The database directory ${directory} cannot be read: ${String(error)}.`, { cause: error })
  }
}

interface Setup extends Required<EmbeddedOptions> {
  readonly home: string
  readonly live: Int32Array<SharedArrayBuffer>
}

class ThreadedDatabase implements EmbeddedDatabase, StreamHost {
  readonly #setup: Setup
  readonly #failed = Promise.withResolvers<StartError>()
  readonly #closing = new AbortController()
  /** Resolves when there is no thread and none will be started. */
  readonly #stopped = Promise.withResolvers<undefined>()
  /** The serving thread; undefined during a restart. */
  #worker: Worker | undefined
  #lastConnection = 0
  #current: ThreadStream | undefined
  #isHeld = true
  /** The reason why connections are refused now. */
  #down: string | undefined
  /** Restart attempts since the last run of `settledAfterMs`. */
  #attempts = 0
  #closed: Promise<void> | undefined

  constructor(worker: Worker, setup: Setup) {
    this.#setup = setup
    this.#serveBy(worker)
  }

  get failed(): Promise<StartError> {
    return this.#failed.promise
  }

  stream(): EmbeddedStream {
    return new ThreadStream(this)
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#shutDown())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  attach(stream: ThreadStream): number | string {
    if (this.#down !== undefined) return this.#down
    this.#current?.breakOff('another connection took over: the embedded database serves one at a time')
    this.#current = stream
    const connection = (this.#lastConnection += 1)
    Atomics.store(this.#setup.live, 0, connection)
    this.hold(true)
    this.#post({ kind: 'connect', connection })
    return connection
  }

  send(connection: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#post({ kind: 'data', connection, bytes }, [bytes.buffer])
  }

  /** The thread skips the statements of this connection that it has not started. */
  detach(stream: ThreadStream): void {
    Atomics.compareExchange(this.#setup.live, 0, stream.connection, 0)
    if (this.#current === stream) this.#current = undefined
  }

  hold(yes: boolean): void {
    this.#isHeld = yes
    if (yes) this.#worker?.ref()
    else this.#worker?.unref()
  }

  #serveBy(worker: Worker): void {
    const startedAt = performance.now()
    this.#worker = worker
    this.#down = undefined
    this.hold(this.#isHeld)
    let reason: string | undefined
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'broken') this.#goDown((reason ??= message.reason))
      else this.#receive(message)
    })
    worker.once('error', (error) => this.#goDown((reason ??= String(error))))
    // Restart only after the exit: then nothing writes to the files any more.
    worker.once('exit', () => {
      reason ??= 'its thread ended'
      this.#worker = undefined
      this.#goDown(reason)
      if (performance.now() - startedAt > this.#setup.restarts.settledAfterMs) this.#attempts = 0
      if (this.#closing.signal.aborted) this.#stopped.resolve(undefined)
      else void this.#restart(reason)
    })
  }

  /** Starts a new thread, after a delay that grows with each attempt; gives up after the last one. */
  async #restart(reason: string): Promise<void> {
    const { home, live, log, restarts } = this.#setup
    const { signal } = this.#closing
    let why = `The embedded database in ${home} failed (${reason}).`
    while (this.#attempts < restarts.attemptsMax && !signal.aborted) {
      const restartInMs = Math.min(restarts.minDelayMs * 2 ** this.#attempts, restarts.maxDelayMs)
      this.#attempts += 1
      log.warn({ attempt: this.#attempts, attemptsMax: restarts.attemptsMax, restartInMs }, why)
      try {
        await delay(restartInMs, undefined, { signal })
        this.#serveBy(await startThread('serve', home, live, signal))
        log.info({ attempt: this.#attempts }, 'the embedded database serves again')
        return
      } catch (error) {
        why = error instanceof Error ? error.message : String(error)
      }
    }
    if (!signal.aborted) {
      this.#failed.resolve(new StartError(`${why} Gave up after ${this.#attempts} attempts to restart it.`))
    }
    this.#stopped.resolve(undefined)
  }

  async #shutDown(): Promise<void> {
    this.#closing.abort()
    this.#goDown('it is closed')
    this.#worker?.ref()
    this.#post({ kind: 'close' })
    const timer = setTimeout(() => void this.#worker?.terminate(), CLOSE_TIMEOUT_MS)
    await this.#stopped.promise
    clearTimeout(timer)
  }

  #receive(message: FromWorker): void {
    if (!('connection' in message) || message.connection !== this.#current?.connection) return
    if (message.kind === 'data') this.#current.deliver(message.bytes)
    else this.#current.breakOff(message.reason)
  }

  #goDown(reason: string): void {
    this.#down ??= `the embedded database cannot be reached: ${reason}`
    this.#current?.breakOff(this.#down)
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer)
  }
}
