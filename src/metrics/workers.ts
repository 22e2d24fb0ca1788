import cluster, { type Worker } from 'node:cluster'
import type { FastifyBaseLogger } from 'fastify'
import { AggregatorRegistry, Gauge, type Registry } from 'prom-client'
import { within } from '../lib/within.ts'
import { coalesced } from './gauges.ts'

/**
 * Aggregates the metrics of all workers. The worker that is scraped asks the supervisor, which asks every worker. prom-client
 * aggregates; its own cluster support fails as a whole if one worker hangs.
 */

/** Timeout for a worker's metrics, including two queries to an unreachable database. */
const WORKER_TIMEOUT_MS = 1_500
const SUPERVISOR_TIMEOUT_MS = 2 * WORKER_TIMEOUT_MS

interface Value {
  readonly value: number
}

interface Snapshot {
  readonly name: string
  readonly type: string
  readonly values: readonly Value[]
}

interface Gathered {
  readonly snapshots: readonly (readonly Snapshot[])[]
  readonly answering: number
  readonly silent: number
}

type Message =
  | { readonly type: 'metrics:gather'; readonly id: number }
  | { readonly type: 'metrics:gathered'; readonly id: number; readonly gathered: Gathered }
  | { readonly type: 'metrics:tell'; readonly id: number }
  | { readonly type: 'metrics:sent'; readonly id: number; readonly snapshot: readonly Snapshot[] }

/** The metrics sent by several processes, by worker id. */
class Questions<Answer> {
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #last = 0

  /** Undefined if a worker does not answer in time. */
  async ask(timeoutMs: number, send: (id: number) => void): Promise<Answer | undefined> {
    const id = ++this.#last
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting.set(id, resolve)
    try {
      send(id)
      return await within(timeoutMs, promise)
    } catch {
      return undefined
    } finally {
      this.#waiting.delete(id)
    }
  }

  answer(id: number, answer: Answer): void {
    this.#waiting.get(id)?.(answer)
  }
}

/** Metrics must never crash the process. Log only the first failure. */
function tellFirst(log: FastifyBaseLogger): (error: unknown) => void {
  let isLogged = false
  return (error) => {
    if (!isLogged) log.error({ err: error }, 'metrics could not be aggregated')
    isLogged = true
  }
}

/** In the supervisor: aggregates the metrics of the workers from now on. */
export function gatherMetrics(log: FastifyBaseLogger): void {
  const failed = tellFirst(log)
  const questions = new Questions<readonly Snapshot[]>()
  /** Serving workers, without those that are starting. */
  const serving = new Set<number>()
  /** The last metrics of each live worker. */
  const latest = new Map<number, readonly Snapshot[]>()
  /** Counters of workers that have died. Without them sums would decrease, which Prometheus reads as a counter reset. */
  let dead = Promise.resolve<readonly Snapshot[]>([])

  const tell = async (worker: Worker): Promise<boolean> => {
    const snapshot = await questions.ask(WORKER_TIMEOUT_MS, (id) => send(worker, { type: 'metrics:tell', id }))
    if (snapshot !== undefined && !worker.isDead()) latest.set(worker.id, snapshot)
    return snapshot !== undefined
  }
  const gather = coalesced(async (): Promise<Gathered> => {
    const workers = Object.values(cluster.workers ?? {}).filter((each) => each !== undefined && serving.has(each.id))
    const answers = await Promise.all(
      workers.map(async (each) => ({ id: each?.id ?? 0, answers: each !== undefined && (await tell(each)) })),
    )
    const answering = answers.filter((each) => each.answers).length
    const snapshots = answers.map(({ id, answers }) => (answers ? latest.get(id) : countersOf(latest.get(id))) ?? [])
    return { snapshots: [...snapshots, await dead], answering, silent: answers.length - answering }
  })

  cluster.on('listening', ({ id }) => serving.add(id))
  cluster.on('message', (worker, message: Message) => {
    if (message.type === 'metrics:sent') questions.answer(message.id, message.snapshot)
    if (message.type === 'metrics:gather') {
      gather()
        .then((gathered) => send(worker, { type: 'metrics:gathered', id: message.id, gathered }))
        .catch(failed)
    }
  })
  cluster.on('exit', ({ id }) => {
    const last = countersOf(latest.get(id))
    latest.delete(id)
    serving.delete(id)
    dead = dead.then(async (before) => {
      try {
        return await snapshotOf(AggregatorRegistry.aggregate([[...before], [...last]]))
      } catch (error) {
        failed(error)
        return before
      }
    })
  })
}

function send(worker: Worker, message: Message): void {
  // A worker may have just ended; the timeout covers that.
  if (worker.isConnected()) worker.send(message, () => undefined)
}

/** Counters and histograms only: the gauges of a dead worker are dropped. */
const countersOf = (snapshot: readonly Snapshot[] = []): readonly Snapshot[] =>
  snapshot.filter(({ type }) => type === 'counter' || type === 'histogram' || type === 'summary')

/** Values that JSON can represent: NaN, such as a mean of no values, is omitted. */
async function snapshotOf(registry: Registry): Promise<readonly Snapshot[]> {
  // Declared as numbers, but metric types are strings.
  const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly Snapshot[]
  return metrics.map((each) => ({ ...each, values: each.values.filter(({ value }) => Number.isFinite(value)) }))
}

const snapshotOfAll = async (registries: readonly Registry[]): Promise<readonly Snapshot[]> =>
  (await Promise.all(registries.map(snapshotOf))).flat()

/** The metrics of all processes of the service as Prometheus text, in any of them. */
export interface WholeService extends Disposable {
  text(): Promise<string>
}

/** @param own registries of this process. What is registered later is shown too. */
export function openWholeService(own: readonly Registry[], log: FastifyBaseLogger): WholeService {
  const questions = new Questions<Gathered>()
  const failed = tellFirst(log)
  const listen = (message: Message): void => {
    if (message.type === 'metrics:gathered') questions.answer(message.id, message.gathered)
    if (message.type === 'metrics:tell') {
      const { id } = message
      snapshotOfAll(own)
        .then((snapshot) => tellSupervisor({ type: 'metrics:sent', id, snapshot }))
        .catch(failed)
    }
  }
  if (cluster.isWorker) process.on('message', listen)
  return {
    async text() {
      const gathered = cluster.isWorker
        ? await questions.ask(SUPERVISOR_TIMEOUT_MS, (id) => tellSupervisor({ type: 'metrics:gather', id }))
        : undefined
      const { snapshots, answering, silent } = gathered ?? {
        snapshots: [await snapshotOfAll(own)],
        answering: 1,
        silent: 0,
      }
      const all = AggregatorRegistry.aggregate(snapshots.map((each) => [...each]))
      const workers = workersGauge()
      workers.set({ state: 'answering' }, answering)
      workers.set({ state: 'silent' }, silent)
      all.registerMetric(workers)
      return all.metrics()
    },
    [Symbol.dispose]: () => void process.off('message', listen),
  }
}

export const workersGauge = (): Gauge<'state'> =>
  new Gauge({
    name: 'todo_backend_workers',
    help: 'Processes that serve: `answering` and `silent`',
    labelNames: ['state'],
    registers: [],
  })

function tellSupervisor(message: Message): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined)
}
