import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { openLog } from './log.ts'

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
  const first = cluster.fork()
  const [event, status] = await Promise.race([
    once(first, 'listening').then(() => ['listening', 0] as const),
    once(first, 'exit').then(([code]: unknown[]) => ['exit', typeof code === 'number' ? code : 1] as const),
  ])
  if (event === 'exit') return stopping.signal.aborted ? 0 : status

  const slots = [keepAlive(first, stopping.signal, log)]
  for (let slot = 1; slot < workers; slot++) slots.push(keepAlive(cluster.fork(), stopping.signal, log))
  log.info({ workers }, 'serving with several processes')
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  const killer = setTimeout(() => everyWorker('SIGKILL'), 2 * shutdownTimeoutMs + KILL_AFTER_MS)
  everyWorker('SIGTERM')
  await Promise.all(slots)
  clearTimeout(killer)
  return 0
}

function everyWorker(signal: NodeJS.Signals): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal)
}

/** Sees to it that there is a worker in this slot until it is time to stop, and resolves when the last one has gone. */
async function keepAlive(worker: Worker, stopping: AbortSignal, log: Logger): Promise<void> {
  let delayMs = BACKOFF_MIN_MS
  for (let current = worker; ; current = cluster.fork()) {
    const startedAt = performance.now()
    const [code, signal] = (await once(current, 'exit')) as [code: number | null, signal: string | null]
    if (stopping.aborted) return
    if (performance.now() - startedAt > SETTLED_AFTER_MS) delayMs = BACKOFF_MIN_MS
    log.error({ worker: current.id, code, signal, restartInMs: delayMs }, 'a worker died')
    if (await aborted(stopping, delayMs)) return
    delayMs = Math.min(2 * delayMs, BACKOFF_MAX_MS)
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
