import { postmasterOf, readCpu } from './cpu.ts'
import type { Generator } from './generator.ts'
import { ALL_ROWS, type Person } from './rows.ts'
import type { Servers } from './servers.ts'
import type { Running } from './variants.ts'

/** One variant in one round. Processor times are per request. */
export interface Measures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly serverMicros: number
  readonly postgresMicros: number
  readonly redisMicros: number
}

export interface Machinery {
  readonly generator: Generator
  readonly postmaster: number | undefined
  readonly redisUrl: string
  readonly people: readonly (readonly Person[])[]
}

export const machineryOf = async (
  { databaseUrl, redisUrl }: Servers,
  people: Machinery['people'],
  generator: Generator,
): Promise<Machinery> => ({ people, generator, redisUrl, postmaster: await postmasterOf(databaseUrl) })

export const CONNECTIONS = 32

/** A variant returned a wrong answer, so its speed is not comparable. */
export class WrongAnswer extends Error {}

/** Requests before the first row, so that the compilation of code does not count for that row. */
export const warmUp = (
  { generator }: Machinery,
  { url }: Running,
  { warmupSeconds }: { readonly warmupSeconds: number },
): Promise<unknown> =>
  generator.run({
    url,
    rows: ['list20', 'get'],
    population: 0,
    connections: CONNECTIONS,
    warmupMs: 0,
    measureMs: 2 * warmupSeconds * 1000,
  })

interface Measuring {
  readonly warmupSeconds: number
  readonly seconds: number
  /** The users of the requests; by default those of the row. */
  readonly population?: number
}

/** @throws WrongAnswer if an answer was neither 2xx nor 304 */
export async function measure(
  { generator, postmaster, redisUrl }: Machinery,
  { url, pid }: Running,
  rowName: string,
  { warmupSeconds, seconds, population = ALL_ROWS[rowName]?.heavy === true ? 1 : 0 }: Measuring,
): Promise<Measures> {
  const cpu = (): ReturnType<typeof readCpu> => readCpu(pid, postmaster, redisUrl)
  const begun = Promise.withResolvers<Awaited<ReturnType<typeof cpu>>>()
  const result = await generator.run(
    {
      url,
      rows: [rowName],
      population,
      connections: CONNECTIONS,
      warmupMs: warmupSeconds * 1000,
      measureMs: seconds * 1000,
    },
    { onBegin: () => void cpu().then(begun.resolve, begun.reject) },
  )
  const [before, after] = [await begun.promise, await cpu()]
  refuseRefusals(result.refused)
  const perRequest = (name: keyof typeof before): number => (after[name] - before[name]) / result.requests
  return {
    perSecond: result.requests / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    serverMicros: perRequest('server'),
    postgresMicros: perRequest('postgres'),
    redisMicros: perRequest('redis'),
  }
}

export function refuseRefusals(refused: Readonly<Record<string, number>>): void {
  const all = Object.entries(refused)
  if (all.length === 0) return
  throw new WrongAnswer(`answered ${all.map(([status, times]) => `${times} × ${status}`).join(', ')}`)
}

/** Sends one request. @throws WrongAnswer if the answer is not that of the row */
export async function probe({ people }: Machinery, { url }: Running, rowName: string): Promise<void> {
  const row = ALL_ROWS[rowName]
  const [person] = people[row?.heavy === true ? 1 : 0] ?? []
  if (row === undefined || person === undefined) throw new Error(`there is no row ${rowName}`)
  const { method, path, body, known, headers } = row.ask(person, 0)
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${person.token}`,
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(known !== undefined && { 'if-none-match': known }),
    },
    body: body ?? null,
  })
  const text = await response.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  if (!row.isRight(response.status, json)) {
    throw new WrongAnswer(`does not serve it (${response.status}: ${text.slice(0, 120).replaceAll('|', ' ')})`)
  }
}
