import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { StartError } from '../../errors.ts'
import { lazy } from '../../lib/lazy.ts'

export interface WorkerInput {
  /** `create` makes a new cluster in `directory`, complete and on disk, and ends. `serve` opens one and serves. */
  readonly task: 'create' | 'serve'
  readonly directory: string
  /** A shared number: the current connection, 0 for none. A busy thread skips the statements of any other connection. */
  readonly live: Int32Array<SharedArrayBuffer>
  /** PGlite's program, compiled: a `WebAssembly.Module`. */
  readonly engine: object
}

export type ToWorker =
  | { readonly kind: 'connect'; readonly connection: number }
  | { readonly kind: 'data'; readonly connection: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'close' }

export type FromWorker =
  | { readonly kind: 'ready' }
  /** The directory holds no usable cluster, or none could be created; the worker ends. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'data'; readonly connection: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The client violated the protocol; the worker continues. */
  | { readonly kind: 'refused'; readonly connection: number; readonly reason: string }
  /** PostgreSQL failed; the worker ends. */
  | { readonly kind: 'broken'; readonly reason: string }

/** A new cluster takes 3–4 s of CPU, an existing one half a second and, after a crash, 2 s for each 100 MB of log. */
const START_TIMEOUT_MS = 600_000
/** PostgreSQL limits its own stack (max_stack_depth); each frame of it can take many times as much of the engine's. */
const STACK_MB = 64

/** The types of Node have it only together with those of browsers. */
declare const WebAssembly: { compile(this: void, bytes: Uint8Array): Promise<object> }

/** PGlite, compiled once for all threads of the process: compiling takes a third of the time in which one starts. */
const engine = lazy(async () =>
  WebAssembly.compile(await readFile(new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite')))),
)

/**
 * Starts the thread that runs PGlite. Resolves when it is ready (`serve`) or done (`create`). When it rejects, the thread has ended,
 * so the directory is free for the next one.
 *
 * @param signal terminates the thread during its start; the next start recovers as after a crash
 * @throws StartError with the reason and advice
 */
export async function startThread(
  task: WorkerInput['task'],
  directory: string,
  live: WorkerInput['live'],
  signal?: AbortSignal,
): Promise<Worker> {
  signal?.throwIfAborted()
  let worker: Worker | undefined
  const abort = (): void => void worker?.terminate()
  signal?.addEventListener('abort', abort)
  try {
    const workerData: WorkerInput = { task, directory, live, engine: await engine() }
    signal?.throwIfAborted()
    // In the npm package both files are JavaScript.
    worker = new Worker(new URL(`embedded-worker${path.extname(import.meta.filename)}`, import.meta.url), {
      workerData,
      resourceLimits: { stackSizeMb: STACK_MB },
    })
    await started(worker, task)
    signal?.throwIfAborted()
    return worker
  } catch (error) {
    await worker?.terminate()
    const reason = error instanceof Error ? error.message : String(error)
    const what =
      task === 'create' ? `No database could be created in ${directory}` : `The database in ${directory} does not start`
    throw new StartError(`${what} (${reason})${adviceOn(reason, task)}.`, { cause: error })
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

function started(worker: Worker, task: WorkerInput['task']): Promise<void> {
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

/** Causes outside the database files: the data is intact, and restoring a backup would lose later changes. */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [/no space left|disk quota exceeded/i, 'free some space there and start again; nothing has to be restored'],
  [/read-only file system/i, 'make its file system writable and start again; nothing has to be restored'],
  [/permission denied|operation not permitted/i, 'allow this user to read and write all files there and start again'],
  [/too many open files/i, 'raise the limit of open files (ulimit -n) and start again'],
  [/out of memory|memory access|allocation failed/i, 'give the process more memory and start again'],
  [/it took more than/i, 'its recovery needs a faster or less busy disk; start again'],
]

function adviceOn(reason: string, task: WorkerInput['task']): string {
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(reason)) ?? []
  if (advice !== undefined) return `: ${advice}`
  return task === 'create' ? '' : ': restore it from a backup, or move the directory away to start with an empty one'
}
