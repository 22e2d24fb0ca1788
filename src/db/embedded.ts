import fs from 'node:fs'
import path from 'node:path'
import { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { StartError } from '../errors.ts'

/**
 * PostgreSQL inside this process: PGlite in a thread of its own, for development, tests and small installations. The
 * ordinary `pg` driver reaches it through a stream instead of a socket. It is as durable as a server (fsync at commit),
 * but it is *one session*: no second connection, no cancel, no statement_timeout, no COPY FROM STDIN, and
 * startup parameters are ignored (SET them instead). It vacuums and checkpoints only when a connection begins.
 */
export interface EmbeddedDatabase extends AsyncDisposable {
  /**
   * A fresh connection for pg's `stream` option, as superuser `postgres`. At most one is live: a new one takes over from
   * the one before and finds a clean session (rolled back, everything discarded). Where the database is closed or has
   * broken down it fails at once, with an error that says so.
   */
  stream(): EmbeddedStream
  /** Checkpoints and ends the thread, breaking off a live connection. Idempotent. */
  close(): Promise<void>
}

/** Begins with `connect`, as pg calls it. */
export interface EmbeddedStream extends Duplex {
  connect(): this
}

export interface WorkerInput {
  /** `create` makes a new cluster in `directory`, complete and on disk, and ends. `serve` opens one and serves. */
  readonly task: 'create' | 'serve'
  readonly directory: string
  /** One shared number: the connection that somebody still listens to. Lets a busy thread skip what was given up. */
  readonly live: Int32Array<SharedArrayBuffer>
}

export type ToWorker =
  | { readonly kind: 'connect'; readonly connection: number }
  | { readonly kind: 'data'; readonly connection: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'close' }

export type FromWorker =
  | { readonly kind: 'ready' }
  /** The directory holds no usable cluster, or none could be made; the worker ends. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'data'; readonly connection: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The client broke the protocol; the worker lives on. */
  | { readonly kind: 'refused'; readonly connection: number; readonly reason: string }
  /** PostgreSQL broke down; the worker ends. */
  | { readonly kind: 'broken'; readonly reason: string }

/** A new cluster takes 3–4 s of CPU, an existing one half a second and, after a crash, 2 s for each 100 MB of log. */
const START_TIMEOUT_MS = 600_000
/** A checkpoint takes milliseconds; a statement that is still running cannot be cancelled. What it did is rolled back. */
const CLOSE_TIMEOUT_MS = 10_000
/** PostgreSQL guards its own stack (max_stack_depth); one step of it can cost many times as much of the engine's. */
const STACK_MB = 64

/**
 * Opens the cluster in `directory`, making it if there is none; the directory above exists and is locked by the caller.
 * Throws `StartError` where the directory holds something else or a cluster that does not start.
 */
export async function openEmbedded(directory: string): Promise<EmbeddedDatabase> {
  const home = path.resolve(directory)
  const content = contentOf(home)
  if (content.length > 0 && !content.includes('PG_VERSION')) {
    throw new StartError(
      `The directory ${home} holds files but no database: move them away, or set DATA_DIR to another directory.`,
    )
  }
  // Making a cluster takes several times the memory of serving it, which only the end of a thread gives back.
  if (content.length === 0) await start('create', home)
  const { worker, live } = await start('serve', home)
  return new ThreadedDatabase(worker, live)
}

function contentOf(directory: string): string[] {
  try {
    return fs.readdirSync(directory)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new StartError(`The database directory ${directory} cannot be read: ${String(error)}.`, { cause: error })
  }
}

/** Resolves when the worker is ready (`serve`) or done (`create`). */
async function start(task: WorkerInput['task'], directory: string) {
  const live = new Int32Array(new SharedArrayBuffer(4))
  // In the package the code is JavaScript, and nobody rewrites this name there.
  const worker = new Worker(new URL(`embedded-worker${path.extname(import.meta.filename)}`, import.meta.url), {
    workerData: { task, directory, live } satisfies WorkerInput,
    resourceLimits: { stackSizeMb: STACK_MB },
  })
  try {
    await begun(worker, task)
    return { worker, live }
  } catch (error) {
    await worker.terminate()
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartError(
      task === 'create'
        ? `No database could be made in ${directory}: ${reason}.`
        : `The database in ${directory} does not start (${reason}): restore it from a backup, or move the directory away to begin with an empty one.`,
      { cause: error },
    )
  }
}

function begun(worker: Worker, task: WorkerInput['task']): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => settle(() => reject(new Error(reason)))
    const onMessage = (message: FromWorker) => {
      if (message.kind === 'ready') settle(resolve)
      if (message.kind === 'failed' || message.kind === 'broken') fail(message.reason)
    }
    const onError = (error: unknown) => fail(String(error))
    const onExit = (status: number) => (task === 'create' && status === 0 ? settle(resolve) : fail('its thread ended'))
    const timer = setTimeout(() => fail(`it took more than ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS)
    const settle = (outcome: () => void) => {
      clearTimeout(timer)
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      outcome()
    }
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
  })
}

class ThreadedDatabase implements EmbeddedDatabase {
  readonly #worker: Worker
  readonly #live: WorkerInput['live']
  readonly #exited: Promise<void>
  #lastConnection = 0
  #current: ThreadStream | undefined
  /** Why nothing can be reached any more. */
  #down: string | undefined
  #closing: Promise<void> | undefined

  constructor(worker: Worker, live: WorkerInput['live']) {
    this.#worker = worker
    this.#live = live
    worker.on('message', (message: FromWorker) => this.#receive(message))
    worker.once('error', (error) => this.#goDown(String(error)))
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#goDown('its thread ended')
        resolve()
      })
    })
  }

  stream(): EmbeddedStream {
    return new ThreadStream(this)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#shutDown())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Makes the stream the live one, and answers with the number of its connection, or with why that cannot be. */
  attach(stream: ThreadStream): number | string {
    if (this.#down !== undefined) return this.#down
    this.#current?.breakOff('another connection took over: the embedded database serves one at a time')
    this.#current = stream
    const connection = (this.#lastConnection += 1)
    Atomics.store(this.#live, 0, connection)
    this.#worker.ref()
    this.#post({ kind: 'connect', connection })
    return connection
  }

  send(connection: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#post({ kind: 'data', connection, bytes }, [bytes.buffer])
  }

  /** What the thread has not begun to execute by now it will skip. */
  detach(stream: ThreadStream): void {
    Atomics.compareExchange(this.#live, 0, stream.connection, 0)
    if (this.#current === stream) this.#current = undefined
  }

  /** Whether an idle connection keeps the process alive, as with a socket. */
  hold(yes: boolean): void {
    if (yes) this.#worker.ref()
    else this.#worker.unref()
  }

  async #shutDown(): Promise<void> {
    this.#goDown('it is closed')
    this.#worker.ref()
    this.#post({ kind: 'close' })
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_TIMEOUT_MS)
    await this.#exited
    clearTimeout(timer)
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'data':
        if (message.connection === this.#current?.connection) this.#current.deliver(message.bytes)
        break
      case 'refused':
        if (message.connection === this.#current?.connection) this.#current.breakOff(message.reason)
        break
      case 'broken':
        this.#goDown(message.reason)
        break
      case 'ready':
      case 'failed':
        break
    }
  }

  #goDown(reason: string): void {
    this.#down ??= `the embedded database cannot be reached: ${reason}`
    this.#current?.breakOff(this.#down)
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }
}

/** What pg takes for a socket. Bounded by its user: pg holds whole statements and whole results anyway. */
class ThreadStream extends Duplex {
  readonly #database: ThreadedDatabase
  connection = 0

  constructor(database: ThreadedDatabase) {
    super()
    this.#database = database
    // Broken off before pg listens it must not end the process; later pg hears of it too.
    this.on('error', () => {})
  }

  connect(): this {
    const attached = this.#database.attach(this)
    if (typeof attached === 'number') this.connection = attached
    // pg begins to listen after this call.
    process.nextTick(() => {
      if (typeof attached === 'string') this.destroy(connectionError('ECONNREFUSED', attached))
      else if (!this.destroyed) this.emit('connect')
    })
    return this
  }

  deliver(bytes: Uint8Array): void {
    if (!this.writableEnded) this.push(bytes)
  }

  breakOff(reason: string): void {
    this.destroy(connectionError('ECONNRESET', reason))
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    this.#database.hold(true)
    return this
  }

  unref(): this {
    this.#database.hold(false)
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    // A copy of its own: what is posted is moved, and pg's buffer may share its memory with others.
    this.#database.send(this.connection, new Uint8Array(chunk))
    callback()
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', callback)
  }

  override _final(callback: () => void): void {
    callback()
    this.push(null)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#database.detach(this)
    callback(error)
  }
}

/** With the code that a socket would have: pg and its callers judge by it. */
function connectionError(code: 'ECONNREFUSED' | 'ECONNRESET', message: string): Error {
  return Object.assign(new Error(message), { code })
}
