import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import { openLog } from './log.ts'
import { gatherMetrics } from './metrics/workers.ts'

/** Delay before a worker that died is replaced. Doubles each time, up to {@link BACKOFF_MAX_MS}. */
const BACKOFF_MIN_MS = 100
const BACKOFF_MAX_MS = 10_000
/** After a worker has served for this long, the delay is the shortest again. */
const SETTLED_AFTER_MS = 30_000
/** How long after its own deadline a worker is killed. */
const KILL_AFTER_MS = 1_000

/**
 * Runs `WORKERS` processes that share the port, replaces those that die, and ends when all have stopped. The first one starts alone,
 * so that an error that would affect all workers is reported once.
 *
 * @returns the exit status: 0, or that of the first worker if it could not start
 */
export async function supervise(config: Config): Promise<number> {
  const { workers, shutdownTimeoutMs } = config.http
  const log = openLog(config.log.level)
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort())

  cluster.on('fork', (worker) => log.info({ worker: worker.id, pid: worker.process.pid }, 'worker started'))
  const killer = { timer: undefined as NodeJS.Timeout | undefined }
  stopping.signal.addEventListener('abort', () => {
    killer.timer = setTimeout(() => everyWorker('SIGKILL'), 2 * shutdownTimeoutMs + KILL_AFTER_MS)
    everyWorker('SIGTERM')
  })

  // Each worker accepts connections itself. If the supervisor accepted and distributed them, Node would close undistributed ones when
  // the last worker stops, which resets their clients. And a worker that hangs accepts nothing.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  gatherMetrics(log)
  const first = cluster.fork()
  const firstGone = gone(first)
  const refused = await Promise.race([once(first, 'listening').then(() => undefined), firstGone])
  if (refused !== undefined) return stopping.signal.aborted ? 0 : (refused.code ?? 1)

  const slots = [keepAlive(firstGone, first.id, stopping.signal, log)]
  for (let slot = 1; slot < workers && !stopping.signal.aborted; slot++) {
    const worker = cluster.fork()
    slots.push(keepAlive(gone(worker), worker.id, stopping.signal, log))
  }
  log.info({ workers }, 'serving with several processes')
  await Promise.all(slots)
  clearTimeout(killer.timer)
  return 0
}

interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** Resolves when the worker has ended, or could not be started. */
function gone(worker: Worker): Promise<Exit> {
  return new Promise((resolve) => {
    worker.once('exit', (code, signal) => resolve({ code, signal }))
    // Also emitted if a message could not be sent. The worker may still run, so it is killed and replaced.
    worker.on('error', () => {
      worker.process.kill('SIGKILL')
      if (worker.process.pid === undefined) resolve({ code: null, signal: null })
    })
  })
}

function everyWorker(signal: NodeJS.Signals): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal)
}

/** Keeps a worker running in this slot until the process stops, and resolves when the last one has ended. */
async function keepAlive(first: Promise<Exit>, firstId: number, stopping: AbortSignal, log: Logger): Promise<void> {
  let delayMs = BACKOFF_MIN_MS
  let ending = first
  let id = firstId
  for (;;) {
    const startedAt = performance.now()
    const { code, signal } = await ending
    if (stopping.aborted) return
    if (performance.now() - startedAt > SETTLED_AFTER_MS) delayMs = BACKOFF_MIN_MS
    log.error({ worker: id, code, signal, restartInMs: delayMs }, 'a worker died')
    if (await aborted(stopping, delayMs)) return
    delayMs = Math.min(2 * delayMs, BACKOFF_MAX_MS)
    const worker = cluster.fork()
    ending = gone(worker)
    id = worker.id
  }
}

/** Waits. @returns whether the wait was aborted */
function aborted(signal: AbortSignal, afterMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve(signal.aborted)
    }
    const timer = setTimeout(done, afterMs)
    signal.addEventListener('abort', done)
  })
}
