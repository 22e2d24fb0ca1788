import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import { openLog } from './log.ts'
import { gatherMetrics } from './metrics/workers.ts'

/** A worker that dies is replaced after this long, twice as long each time, at most {@link BACKOFF_MAX_MS}. */
const BACKOFF_MIN_MS = 100
const BACKOFF_MAX_MS = 10_000
/** Who has served this long did not die of how it was started: the next delay is the shortest again. */
const SETTLED_AFTER_MS = 30_000
/** How long after its own deadline a worker may still be there before it is killed. */
const KILL_AFTER_MS = 1_000

/**
 * Runs `WORKERS` processes that share the port, replaces whichever dies, and ends when all have stopped. The first one
 * starts alone: what keeps it from serving would keep them all, and is told once.
 *
 * @returns the exit status: 0, or the first worker's when it could not start
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

  // Each worker accepts from the port itself. Where the supervisor accepts and hands on, Node closes what it has not handed on
  // yet when the last worker stops, and those clients are reset. A worker that hangs is handed nothing either.
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

/** Resolves when the worker has ended, or could not even be started. */
function gone(worker: Worker): Promise<Exit> {
  return new Promise((resolve) => {
    worker.once('exit', (code, signal) => resolve({ code, signal }))
    // Also for a message that did not get through, whose worker may well live on: it is ended then, to be replaced.
    worker.on('error', () => {
      worker.process.kill('SIGKILL')
      if (worker.process.pid === undefined) resolve({ code: null, signal: null })
    })
  })
}

function everyWorker(signal: NodeJS.Signals): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal)
}

/** Sees to it that there is a worker in this slot until it is time to stop, and resolves when the last one has gone. */
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

/** Waits, and tells whether it was cut short. */
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
