import { once } from 'node:events'
import { Agent, get, request, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { postmasterOf, readCpu, residentBytes, type CpuTimes } from './cpu.ts'
import type { Options } from './options.ts'
import { rounded } from './report.ts'
import { openTemplate } from './seed.ts'
import type { Servers } from './servers.ts'
import { median } from './statistics.ts'
import { findVariants, start } from './variants.ts'

type Say = (text: string) => void

const USERS = 200
/** The bound of a user. */
const STREAMS_EACH = 5
const WRITERS = 100
/** Two listeners for each of these users, whose writers are a fifth of all. */
const WRITTEN_USERS = 5
const LISTENERS_EACH = 2
/** A pause of each writer after each answer: the rate of a busy user, and not that of a machine at its limit. */
const PAUSE_MS = 1_000

/** Shares of a processor. */
interface Shares {
  readonly server: number
  readonly postgres: number
}

interface Idle {
  readonly streams: number
  readonly bytesEach: number
  /** While nothing happens. */
  readonly without: Shares
  readonly beside: Shares
}

interface Live {
  readonly writes: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly missing: number
}

/** @returns the findings: what idle event streams cost, and how late changes arrive */
export async function streamEvents(servers: Servers, options: Options, say: Say): Promise<string> {
  const ours = findVariants().get('ours')
  if (ours === undefined) throw new Error('the variant "ours" is missing')
  say(`inserting ${USERS} users`)
  await using template = await openTemplate(servers.databaseUrl, [{ users: USERS, tasksEach: 20 }])
  const tokens = (template.people[0] ?? []).map(({ token }) => token)
  const idle: Idle[] = []
  const live: Live[] = []
  for (let round = 0; round < options.rounds; round++) {
    await using copy = await template.clone()
    await using running = await start(ours, { DATABASE_URL: copy.url, REDIS_URL: servers.redisUrl })
    const found = await measureIdle({ ...running, tokens, servers, copyUrl: copy.url }, options)
    idle.push(found)
    say(`  ${found.streams} idle streams: ${rounded(found.bytesEach / 1024)} KiB each`)
    const late = await measureLive(running.url, tokens, options)
    live.push(late)
    say(`  ${late.writes} writes: p50 ${rounded(late.p50Ms)} ms, p99 ${rounded(late.p99Ms)} ms`)
  }
  return tableOf(idle, live)
}

interface Scene {
  readonly url: string
  readonly pid: number
  readonly tokens: readonly string[]
  readonly servers: Servers
  readonly copyUrl: string
}

async function measureIdle({ url, pid, tokens, servers, copyUrl }: Scene, { seconds }: Options): Promise<Idle> {
  // What the first requests allocate once is not counted.
  for (const token of tokens.slice(0, 20)) (await openStream(url, token)).close()
  await sleep(2_000)
  const postmaster = await postmasterOf(copyUrl)
  // Long enough for two checks of all credentials.
  const idle = (): Promise<Shares> => sharesOf(() => readCpu(pid, postmaster, servers.redisUrl), Math.max(32, seconds))
  const without = await idle()
  const before = residentBytes(pid)
  const streams: Stream[] = []
  for (const token of tokens) {
    const own = Array.from({ length: STREAMS_EACH }, () => openStream(url, token))
    streams.push(...(await Promise.all(own)))
  }
  await sleep(2_000)
  const after = residentBytes(pid)
  const beside = await idle()
  for (const { close } of streams) close()
  return {
    streams: streams.length,
    bytesEach: (after - before) / streams.length,
    without,
    beside,
  }
}

async function sharesOf(read: () => Promise<CpuTimes>, seconds: number): Promise<Shares> {
  const [from, startedMs] = [await read(), performance.now()]
  await sleep(seconds * 1000)
  const to = await read()
  const micros = (performance.now() - startedMs) * 1000
  return { server: (to.server - from.server) / micros, postgres: (to.postgres - from.postgres) / micros }
}

async function measureLive(url: string, tokens: readonly string[], { seconds }: Options): Promise<Live> {
  const users = tokens.slice(0, WRITTEN_USERS).map((token) => ({ token, answeredMs: new Map<number, number>() }))
  const listeners = await Promise.all(
    users.flatMap((user) =>
      Array.from({ length: LISTENERS_EACH }, async () => ({ user, stream: await openStream(url, user.token) })),
    ),
  )
  const endsMs = performance.now() + seconds * 1000
  const agent = new Agent({ keepAlive: true, maxSockets: WRITERS })
  const write = async (writer: number): Promise<void> => {
    const { token, answeredMs } = users[writer % users.length] ?? { token: '', answeredMs: new Map<number, number>() }
    await sleep(Math.random() * PAUSE_MS)
    while (performance.now() < endsMs) {
      const seq = await createTask(url, token, agent)
      if (seq !== undefined) answeredMs.set(seq, performance.now())
      await sleep(PAUSE_MS)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
  await sleep(2_000)
  agent.destroy()
  const delays: number[] = []
  let missing = 0
  for (const { user, stream } of listeners) {
    stream.close()
    for (const [seq, answeredMs] of user.answeredMs) {
      const arrivedMs = stream.arrivedMs.get(seq)
      if (arrivedMs === undefined) missing++
      else delays.push(Math.max(0, arrivedMs - answeredMs))
    }
  }
  delays.sort((a, b) => a - b)
  const at = (share: number): number => delays[Math.floor(delays.length * share)] ?? NaN
  const writes = users.reduce((sum, { answeredMs }) => sum + answeredMs.size, 0)
  return { writes, p50Ms: at(0.5), p99Ms: at(0.99), missing }
}

interface Stream {
  /** When each change arrived, by its seq. */
  readonly arrivedMs: ReadonlyMap<number, number>
  close(this: void): void
}

/** An open event stream that has begun. */
async function openStream(url: string, token: string): Promise<Stream> {
  const sent = get(`${url}/api/events`, { agent: false, headers: { authorization: `Bearer ${token}` } })
  // The listener of the event gets nothing else.
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`GET /api/events answered ${response.statusCode}`)
  const arrivedMs = new Map<number, number>()
  const begun = Promise.withResolvers<void>()
  let text = ''
  response.setEncoding('utf8').on('data', (piece: string) => {
    const blocks = (text + piece).split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      if (block.startsWith('event: ready')) begun.resolve()
      const seq = /^event: change\n.*\ndata: \{"seq":(\d+)/.exec(block)?.[1]
      if (seq !== undefined) arrivedMs.set(Number(seq), performance.now())
    }
  })
  response.on('error', () => undefined)
  sent.on('error', () => undefined)
  await begun.promise
  return { arrivedMs, close: () => void sent.destroy() }
}

/** @returns the seq of the change; undefined if the service was too busy */
async function createTask(url: string, token: string, agent: Agent): Promise<number | undefined> {
  const sent = request(`${url}/api/tasks`, {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  })
  sent.end('{"title":"Measured"}')
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode === 201 ? Number(String(response.headers['x-sync-cursor']).split('.')[0]) : undefined
}

function tableOf(idle: readonly Idle[], live: readonly Live[]): string {
  const middle = <Row>(rows: readonly Row[], of: (row: Row) => number): number => median(rows.map(of))
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
  const streams = USERS * STREAMS_EACH
  return `| | |
|---|--:|
| ${streams} idle streams: memory of the process | ${rounded((middle(idle, ({ bytesEach }) => bytesEach) * streams) / 1e6)} MB |
| processor time of the service, without and with them | ${percent(middle(idle, ({ without }) => without.server))}, ${percent(middle(idle, ({ beside }) => beside.server))} of a processor |
| processor time of PostgreSQL, without and with them | ${percent(middle(idle, ({ without }) => without.postgres))}, ${percent(middle(idle, ({ beside }) => beside.postgres))} of a processor |
| ${WRITERS} writers, ${WRITTEN_USERS * LISTENERS_EACH} listeners: writes in all | ${live.reduce((sum, { writes }) => sum + writes, 0)} |
| from the answer of the write to the event: p50 | ${rounded(middle(live, ({ p50Ms }) => p50Ms))} ms |
| p99 | ${rounded(middle(live, ({ p99Ms }) => p99Ms))} ms |
| events missing | ${live.reduce((sum, { missing }) => sum + missing, 0)} |

${streams} streams of ${USERS} users are open and nothing happens, but heartbeats and checks of credentials. Then ${WRITERS} writers create tasks of ${WRITTEN_USERS} users, each with a pause of ${PAUSE_MS} ms after each answer, while each of these users has ${LISTENERS_EACH} listeners.`
}
