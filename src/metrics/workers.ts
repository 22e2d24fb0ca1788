import cluster, { type Worker } from 'node:cluster'
import type { FastifyBaseLogger } from 'fastify'
import { AggregatorRegistry, Gauge, type Registry } from 'prom-client'
import { within } from '../lib/within.ts'
import { coalesced } from './gauges.ts'

/**
 * Several workers are one service, so whichever is asked for metrics answers for all. It asks the supervisor, who asks every
 * worker. prom-client does the sums; its own way of asking fails as a whole where one worker hangs.
 */

/** How long a worker may take to tell what it counts, a second look at a database that is away included. */
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
  | { readonly type: 'metrics:told'; readonly id: number; readonly snapshot: readonly Snapshot[] }

/** What several processes sent, by number. */
class Questions<Answer> {
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #last = 0

  /** Undefined where there is no answer in time. */
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

/** Numbers are not worth the process that counts them: where they fail nobody answers. The first time is told, and stands for all. */
function tellFirst(log: FastifyBaseLogger): (error: unknown) => void {
  let isTold = false
  return (error) => {
    if (!isTold) log.error({ err: error }, 'metrics could not be brought together')
    isTold = true
  }
}

/** For the supervisor: brings together what its workers count, from now on. */
export function gatherMetrics(log: FastifyBaseLogger): void {
  const failed = tellFirst(log)
  const questions = new Questions<readonly Snapshot[]>()
  /** That serve, and not those that still start. */
  const serving = new Set<number>()
  /** What each living worker told last. */
  const told = new Map<number, readonly Snapshot[]>()
  /** What those counted that have died: their sum must not go down, or a rate would take all that is left for new. */
  let dead = Promise.resolve<readonly Snapshot[]>([])

  const tell = async (worker: Worker): Promise<boolean> => {
    const snapshot = await questions.ask(WORKER_TIMEOUT_MS, (id) => send(worker, { type: 'metrics:tell', id }))
    if (snapshot !== undefined && !worker.isDead()) told.set(worker.id, snapshot)
    return snapshot !== undefined
  }
  const gather = coalesced(async (): Promise<Gathered> => {
    const workers = Object.values(cluster.workers ?? {}).filter((each) => each !== undefined && serving.has(each.id))
    const answers = await Promise.all(
      workers.map(async (each) => ({ id: each?.id ?? 0, answers: each !== undefined && (await tell(each)) })),
    )
    const answering = answers.filter((each) => each.answers).length
    const snapshots = answers.map(({ id, answers }) => (answers ? told.get(id) : countersOf(told.get(id))) ?? [])
    return { snapshots: [...snapshots, await dead], answering, silent: answers.length - answering }
  })

  cluster.on('listening', ({ id }) => serving.add(id))
  cluster.on('message', (worker, message: Message) => {
    if (message.type === 'metrics:told') questions.answer(message.id, message.snapshot)
    if (message.type === 'metrics:gather') {
      gather()
        .then((gathered) => send(worker, { type: 'metrics:gathered', id: message.id, gathered }))
        .catch(failed)
    }
  })
  cluster.on('exit', ({ id }) => {
    const last = countersOf(told.get(id))
    told.delete(id)
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
  // One that is just ending may be gone by now; it is missed by the time-out.
  if (worker.isConnected()) worker.send(message, () => undefined)
}

/** What only ever grows; what a worker has at the moment ends with it. */
const countersOf = (snapshot: readonly Snapshot[] = []): readonly Snapshot[] =>
  snapshot.filter(({ type }) => type === 'counter' || type === 'histogram' || type === 'summary')

/** Numbers that travel as JSON: what is no number, as a mean of nothing, is left out. */
async function snapshotOf(registry: Registry): Promise<readonly Snapshot[]> {
  // Its declaration takes types for numbers, and they are words.
  const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly Snapshot[]
  return metrics.map((each) => ({ ...each, values: each.values.filter(({ value }) => Number.isFinite(value)) }))
}

const snapshotOfAll = async (registries: readonly Registry[]): Promise<readonly Snapshot[]> =>
  (await Promise.all(registries.map(snapshotOf))).flat()

/** The metrics of the whole service as Prometheus text, whichever of its processes is asked. */
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
        .then((snapshot) => tellSupervisor({ type: 'metrics:told', id, snapshot }))
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
      const workers = new Gauge({
        name: 'todo_backend_workers',
        help: 'Processes that serve, by whether they told what they count',
        labelNames: ['state'],
        registers: [],
      })
      workers.set({ state: 'answering' }, answering)
      workers.set({ state: 'silent' }, silent)
      all.registerMetric(workers)
      return all.metrics()
    },
    [Symbol.dispose]: () => void process.off('message', listen),
  }
}

function tellSupervisor(message: Message): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined)
}
