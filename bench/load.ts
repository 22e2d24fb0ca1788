import { Client, type Dispatcher } from 'undici'
import { ALL_ROWS, type Person } from './rows.ts'

/**
 * The load generator, in a process of its own: each connection asks, waits for the whole answer, and asks again (a closed
 * loop, without pipelining). Commands come over the channel to the parent, and so do results.
 */

export interface Plan {
  readonly url: string
  /** Asked in turn. */
  readonly rows: readonly string[]
  /** Which of the populations asks. */
  readonly population: number
  readonly connections: number
  /** After each answer. */
  readonly pauseMs?: number
  readonly warmupMs: number
  readonly measureMs: number
  /** Ends before the time is up, once so many were answered. */
  readonly requestsMax?: number
}

export type Command =
  | { readonly kind: 'people'; readonly people: readonly (readonly Person[])[] }
  | { readonly kind: 'run'; readonly plan: Plan }

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers outside 2xx, and failed connections under `error`, by how many there were, the warm-up included. */
  readonly refused: Readonly<Record<string, number>>
}

export type Report =
  | { readonly kind: 'begin' }
  | { readonly kind: 'progress'; readonly requests: number }
  | { readonly kind: 'end'; readonly result: LoadResult }

const PROGRESS_INTERVAL_MS = 500
/** A server that is gone would be asked as fast as connecting fails. */
const PAUSE_AFTER_ERROR_MS = 50

let people: readonly (readonly Person[])[] = []
/** Over all runs, so that no change is one that has been made before. */
let asked = 0

const report = (message: Report): void => void process.send?.(message)

process.on('message', (command: Command) => {
  if (command.kind === 'people') people = command.people
  else void run(command.plan).then((result) => report({ kind: 'end', result }))
})
// The parent process has ended.
process.on('disconnect', () => process.exit())

async function run(plan: Plan): Promise<LoadResult> {
  const clients = Array.from({ length: plan.connections }, () => new Client(plan.url, { pipelining: 1 }))
  const latencies: number[] = []
  const refused: Record<string, number> = {}
  const beginsAt = performance.now() + plan.warmupMs
  const endsAt = beginsAt + plan.measureMs
  const isOver = (): boolean => performance.now() >= endsAt || latencies.length >= (plan.requestsMax ?? Infinity)
  const begin = setTimeout(() => report({ kind: 'begin' }), plan.warmupMs)
  const progress = setInterval(() => report({ kind: 'progress', requests: latencies.length }), PROGRESS_INTERVAL_MS)

  await Promise.all(
    clients.map(async (client) => {
      while (!isOver()) {
        const startedAt = performance.now()
        const status = await exchange(client, plan)
        const now = performance.now()
        if (status < 200 || status > 299) {
          const name = status === 0 ? 'error' : String(status)
          refused[name] = (refused[name] ?? 0) + 1
          if (status === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_ERROR_MS))
        } else if (now >= beginsAt && now <= endsAt) latencies.push(now - startedAt)
        if (plan.pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, plan.pauseMs))
      }
    }),
  )
  const seconds = (Math.min(performance.now(), endsAt) - beginsAt) / 1000
  clearTimeout(begin)
  clearInterval(progress)
  await Promise.all(clients.map((client) => client.destroy()))
  const sorted = Float64Array.from(latencies).sort()
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  return { requests: sorted.length, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), refused }
}

/** @returns the status of the answer once it is whole; 0 when there is none */
function exchange(client: Client, { rows, population }: Plan): Promise<number> {
  const group = people[population] ?? []
  const person = group[Math.trunc(Math.random() * group.length)]
  const number = asked++
  const row = ALL_ROWS[rows[number % rows.length] ?? '']
  if (person === undefined || row === undefined) throw new Error('no user to act as, or no row to request')
  const { method, path, body } = row.ask(person, number)
  const headers: Record<string, string> = { authorization: `Bearer ${person.token}` }
  if (body !== undefined) headers['content-type'] = 'application/json'
  return new Promise((resolve) => {
    let status = 0
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => void (status = statusCode),
      onResponseData: () => undefined,
      onResponseEnd: () => resolve(status),
      onResponseError: () => resolve(0),
    }
    client.dispatch({ method, path, headers, body: body ?? null }, handler)
  })
}
