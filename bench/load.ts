import { Client, type Dispatcher } from 'undici'
import { ALL_ROWS, type Person } from './rows.ts'

/**
 * The load generator, in a separate process. Each connection sends a request, waits for the whole answer, and sends the next (a closed
 * loop, without pipelining). Commands and results are sent over the channel to the parent process.
 */

export interface Plan {
  readonly url: string
  /** The rows whose requests are sent in turn. */
  readonly rows: readonly string[]
  /** The population whose users send the requests. */
  readonly population: number
  readonly connections: number
  /** The pause after each answer. */
  readonly pauseMs?: number
  readonly warmupMs: number
  readonly measureMs: number
  /** Ends the run early after this many answers. */
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
  /** The number of answers by status outside 2xx and 304, and of failed connections under `error`, including the warm-up. */
  readonly refused: Readonly<Record<string, number>>
}

export type Report =
  | { readonly kind: 'begin' }
  | { readonly kind: 'progress'; readonly requests: number }
  | { readonly kind: 'end'; readonly result: LoadResult }

const PROGRESS_INTERVAL_MS = 500
/** The pause after a failed connection, because a dead server would otherwise be called in a busy loop. */
const PAUSE_AFTER_ERROR_MS = 50

let people: readonly (readonly Person[])[] = []
/** Counts over all runs, so that each change has new values. */
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
        if (status < 200 || (status > 299 && status !== 304)) {
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

/** @returns the status of the complete answer; 0 if there is none */
function exchange(client: Client, { rows, population }: Plan): Promise<number> {
  const group = people[population] ?? []
  const person = group[Math.trunc(Math.random() * group.length)]
  const number = asked++
  const row = ALL_ROWS[rows[number % rows.length] ?? '']
  if (person === undefined || row === undefined) throw new Error('no user to act as, or no row to request')
  const { method, path, body, known, headers: more } = row.ask(person, number)
  const headers: Record<string, string> = { authorization: `Bearer ${person.token}`, ...more }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (known !== undefined) headers['if-none-match'] = known
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
