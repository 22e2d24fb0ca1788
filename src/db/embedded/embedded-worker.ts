import fs from 'node:fs'
import path from 'node:path'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import { ClientMessages } from './client-messages.ts'
import type { FromWorker, ToWorker, WorkerInput } from './embedded-thread.ts'

/*
 * The thread that runs PGlite, which blocks it while a statement runs. It exchanges PostgreSQL's wire protocol with embedded.ts
 * over its message port. PGlite has a single session for its lifetime, so `RESET` does what a server does by ending a backend.
 */

const MAINTENANCE_AFTER_WAL_BYTES = 32 * 1024 * 1024

const REPORTED_BY_LONGJMP = 100 // PGlite's POSTGRES_MAIN_LONGJMP
const ERRNO_EIO = 29 // in WASI's numbering, which Emscripten uses

/**
 * PGlite's default parameters without `-F`, which turns fsync off, and with:
 * - wal_sync_method: PGlite's fdatasync does nothing; its fsync works with DurableFiles;
 * - shared_buffers: the default of 128 MB is all resident, for a database of a few megabytes;
 * - min_wal_size: how much of the log is kept for reuse, 80 MB by default;
 * - max_stack_depth: must be reached before this thread's stack overflows (STACK_MB in embedded-thread.ts).
 */
const START_PARAMETERS = PGlite.defaultStartParams
  .filter((parameter) => parameter !== '-F')
  .concat('-c wal_sync_method=fsync -c shared_buffers=16MB -c min_wal_size=32MB -c max_stack_depth=1MB'.split(' '))

/** A part of Emscripten's file system on Node that PGlite's types omit. */
interface NodeStreamOperations {
  fsync?: (stream: { readonly nfd: number }) => number
}

/**
 * PGlite's files on disk, with an fsync that reaches the disk. Emscripten's file system for Node does not implement fsync, so a
 * power failure could lose commits, or the order of a checkpoint's writes.
 */
class DurableFiles extends NodeFS {
  /** The number of fsync calls. */
  syncs = 0

  override async init(...[database, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(database, options)
    const hook: NonNullable<typeof emscriptenOpts.preRun>[number] = (module) => {
      const { stream_ops } = module.NODEFS as unknown as { stream_ops: NodeStreamOperations }
      stream_ops.fsync = ({ nfd }) => this.#sync(nfd)
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), hook] } }
  }

  #sync(file: number): number {
    this.syncs += 1
    try {
      fs.fsyncSync(file)
      return 0
    } catch {
      return ERRNO_EIO // PostgreSQL then panics, as it must: what it wrote may be lost.
    }
  }
}

/** The last lines of PostgreSQL's stderr, for the reason if it fails. */
const stderrLines: string[] = []
const STDERR_LINES_MAX = 50

async function openCluster({ directory, engine }: Pick<WorkerInput, 'directory' | 'engine'>): Promise<PGlite> {
  const files = new DurableFiles(directory)
  const database = await PGlite.create({
    fs: files,
    startParams: START_PARAMETERS,
    pgliteWasmModule: engine,
    onStderr: (line) => {
      stderrLines.push(line.slice(0, 500))
      if (stderrLines.length > STDERR_LINES_MAX) stderrLines.shift()
      return false
    },
  })
  // Every start writes pg_control and syncs it.
  if (files.syncs === 0) throw new Error('this build of PGlite does not pass fsync on to the file system')
  endOnBreakdown(database)
  return database
}

/**
 * PGlite ignores every exception from PostgreSQL's main loop. One of them is how PostgreSQL reports an error. Any other (stack
 * overflow, memory fault, exit) leaves it in an undefined state: it was seen to answer `select 1` with no row and no error. So any
 * other exception ends this thread, as it would end a backend: nothing more is written, and the next start recovers.
 */
function endOnBreakdown(database: PGlite): void {
  const module = database.Module
  const mainLoopOnce = module._PostgresMainLoopOnce
  module._PostgresMainLoopOnce = () => {
    try {
      mainLoopOnce()
    } catch (error) {
      if (error instanceof Object && 'status' in error && error.status === REPORTED_BY_LONGJMP) throw error
      end('broken', error)
    }
  }
}

/** Creates the cluster in a temporary directory and renames it, so that a directory of the final name is always complete. */
async function createCluster({ directory, engine }: WorkerInput): Promise<void> {
  const draft = `${directory}.creating`
  fs.rmSync(draft, { recursive: true, force: true })
  fs.mkdirSync(draft, { mode: 0o700 })
  try {
    const database = await openCluster({ directory: draft, engine })
    await database.close()
  } catch (error) {
    // Frees the space of an incomplete cluster, for instance on a full disk.
    fs.rmSync(draft, { recursive: true, force: true })
    throw error
  }
  // PGlite unpacks the files of a new cluster without fsync.
  for (const entry of fs.readdirSync(draft, { recursive: true, encoding: 'utf8' })) syncToDisk(path.join(draft, entry))
  syncToDisk(draft)
  fs.renameSync(draft, directory)
  syncToDisk(path.dirname(directory))
}

function syncToDisk(file: string): void {
  const descriptor = fs.openSync(file, 'r')
  fs.fsyncSync(descriptor)
  fs.closeSync(descriptor)
}

/**
 * Removes everything of the previous client: transaction, role, settings, statements, temporary tables. Begins with Sync, because
 * after an error in a pipelined batch that was cut off, PostgreSQL skips all messages until one. Then it sets the superuser by
 * name, because `discard all` does not restore the session user in single-user mode.
 */
const RESET = Buffer.concat([
  Buffer.from('S\0\0\0\x04'),
  ...['rollback', 'set session authorization postgres', 'discard all'].map((sql) => {
    const message = Buffer.from(`Q0000${sql}\0`)
    message.writeInt32BE(message.length - 1, 1)
    return message
  }),
])

/** Serves one client after another in the single session. */
class Session {
  readonly #database: PGlite
  readonly #live: WorkerInput['live']
  #incoming = new ClientMessages()
  #connection = 0

  constructor(database: PGlite, live: WorkerInput['live']) {
    this.#database = database
    this.#live = live
  }

  async connect(connection: number): Promise<void> {
    if (!this.#isLive(connection)) return
    this.#connection = connection
    this.#incoming = new ClientMessages()
    await this.#database.execProtocol(RESET)
    await this.#maintain()
  }

  async receive(connection: number, bytes: Uint8Array): Promise<void> {
    if (connection !== this.#connection || !this.#isLive(connection)) return
    let batches
    try {
      batches = this.#incoming.add(bytes)
    } catch (error) {
      this.#connection = 0
      return send({ kind: 'refused', connection, reason: messageOf(error) })
    }
    for (const batch of batches) {
      await this.#database.execProtocolRawStream(batch, {
        onRawData: (answer) => {
          const copy = new Uint8Array(answer) // it is a view of PostgreSQL's own memory, valid only during this call
          send({ kind: 'data', connection, bytes: copy }, [copy.buffer])
        },
      })
    }
  }

  /**
   * PostgreSQL in single-user mode has no autovacuum and no checkpointer: dead rows and the log would grow for as long as the
   * process lives. Between two clients no statement is delayed by it, and the pool renews its connection from time to time.
   */
  async #maintain(): Promise<void> {
    const { rows } = await this.#database.query<{ bytes: number }>(
      'select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()',
    )
    if ((rows[0]?.bytes ?? 0) < MAINTENANCE_AFTER_WAL_BYTES) return
    // If it fails (a full disk), it is tried again at the next connection. Real damage shows in queries.
    for (const command of ['vacuum (analyze)', 'checkpoint']) await this.#database.exec(command).catch(() => {})
  }

  #isLive(connection: number): boolean {
    return Atomics.load(this.#live, 0) === connection
  }
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}

function end(kind: 'failed' | 'broken', error: unknown): never {
  const fatal = stderrLines
    .map((line) => /(?:FATAL|PANIC):\s+(.+)/.exec(line)?.[1])
    .findLast((reason) => reason !== undefined)
  send({ kind, reason: fatal ?? messageOf(error) })
  process.exit(1)
}

/** Errors of Emscripten's file system have a number (WASI's) instead of a message. */
const ERRNO_MESSAGES: Readonly<Record<number, string>> = {
  2: 'Permission denied',
  19: 'Disk quota exceeded',
  29: 'Input/output error',
  33: 'Too many open files',
  41: 'Too many open files',
  51: 'No space left on device',
  63: 'Operation not permitted',
  69: 'Read-only file system',
}

/** Emscripten also throws objects that are not errors. */
function messageOf(error: unknown): string {
  if (!(error instanceof Object)) return String(error)
  if ('message' in error) return String(error.message)
  if ('errno' in error) return ERRNO_MESSAGES[Number(error.errno)] ?? `file system error ${String(error.errno)}`
  return `an object of ${error.constructor.name} was thrown`
}

async function serve(port: MessagePort, input: WorkerInput): Promise<void> {
  const database = await openCluster(input)
  const session = new Session(database, input.live)
  const handle = async (message: ToWorker): Promise<void> => {
    switch (message.kind) {
      case 'connect':
        return session.connect(message.connection)
      case 'data':
        return session.receive(message.connection, message.bytes)
      case 'close':
        await database.close()
        return port.close()
    }
  }
  let turn = Promise.resolve()
  port.on('message', (message: ToWorker) => {
    turn = turn.then(() => handle(message)).catch((error: unknown) => end('broken', error))
  })
  send({ kind: 'ready' })
}

if (parentPort !== null) {
  const input = workerData as WorkerInput // set by embedded-thread.ts, which starts this file
  try {
    if (input.task === 'create') await createCluster(input)
    else await serve(parentPort, input)
  } catch (error) {
    end('failed', error)
  }
}
