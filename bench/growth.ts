import { residentBytes } from './cpu.ts'
import { openGenerator } from './generator.ts'
import { oneUser } from './one-user.ts'
import { CONNECTIONS, machineryOf, measure, refuseRefusals, warmUp, type Machinery } from './measure.ts'
import type { Options } from './options.ts'
import { rounded } from './report.ts'
import { openTemplate, SECRETS, type Population } from './seed.ts'
import type { Servers } from './servers.ts'
import { median, spreadOf } from './statistics.ts'
import { findVariants, start, type Running, type Variant } from './variants.ts'

type Say = (text: string) => void

const TASKS_EACH = 100
const USUAL_PAGE = 'list20'
/** Maximum ratio of the time of the usual page, from the least data to the most. */
const PAGE_RATIO_MAX = 1.2
const MEMORY_RATIO_MAX = 1.1
const LOOP_DELAY_MAX_MS = 50
/** The requests during the measurement of memory, most of which read. */
const MIX = ['list20', 'get', 'list20', 'toggle', 'list20', 'get', 'list20', 'patch']

/** @returns the findings, each a paragraph or table */
export async function grow(servers: Servers, options: Options, say: Say): Promise<string> {
  const ours = findVariants().get('ours')
  if (ours === undefined) throw new Error('the variant "ours" is missing')
  const findings = [
    await moreData(ours, servers, options, say),
    await oneUser(ours, servers, options, say),
    ...(await moreRequests(ours, servers, options, say)),
    await moreProcesses(ours, servers, options, say),
  ]
  return findings.join('\n\n')
}

/** A quick run is too short for the bounds. */
function verdict(holds: boolean, { quick }: Options): string {
  if (quick) return 'This run was too short to say whether it holds'
  return holds ? 'It holds' : '**It does not hold**'
}

const machineryFor = (servers: Servers, people: Machinery['people'], stack: DisposableStack): Promise<Machinery> =>
  machineryOf(servers, people, stack.use(openGenerator(people)))

const begin = (ours: Variant, { redisUrl }: Servers, DATABASE_URL: string, env = {}): Promise<Running> =>
  start(ours, { DATABASE_URL, REDIS_URL: redisUrl, ...env })

/** The same page with increasing numbers of tasks and users, in alternation. */
async function moreData(ours: Variant, servers: Servers, options: Options, say: Say): Promise<string> {
  const { rounds, seconds, warmupSeconds, quick } = options
  const sizes = (quick ? [100, 1_000] : [100, 1_000, 10_000]).map((users): Population => ({
    users,
    tasksEach: TASKS_EACH,
  }))
  await using opened = new AsyncDisposableStack()
  const generators = opened.adopt(new DisposableStack(), (stack) => stack.dispose())
  const services: { users: number; machinery: Machinery; running: Running; p50Ms: number[]; perSecond: number[] }[] = []
  for (const size of sizes) {
    say(`making ${size.users * TASKS_EACH} tasks of ${size.users} users`)
    const template = opened.use(await openTemplate(servers.databaseUrl, [size]))
    const copy = opened.use(await template.clone())
    const machinery = await machineryFor(servers, template.people, generators)
    const running = opened.use(await begin(ours, servers, copy.url))
    await warmUp(machinery, running, options)
    services.push({ users: size.users, machinery, running, p50Ms: [], perSecond: [] })
  }
  for (let round = 0; round < rounds; round++) {
    for (const { users, machinery, running, p50Ms, perSecond } of services) {
      const measures = await measure(machinery, running, USUAL_PAGE, { warmupSeconds, seconds })
      p50Ms.push(measures.p50Ms)
      perSecond.push(measures.perSecond)
      say(`  ${users * TASKS_EACH} tasks: p50 ${rounded(measures.p50Ms)} ms, ${rounded(measures.perSecond)}/s`)
    }
  }
  const [least] = services
  const lines = services.map(({ users, p50Ms, perSecond }) => {
    const ratio = spreadOf(p50Ms.map((each, at) => each / (least?.p50Ms[at] ?? NaN)))
    const tasks = rounded(users * TASKS_EACH)
    return {
      ratio,
      text: `| ${tasks} | ${rounded(users)} | ${rounded(median(perSecond))} | ${rounded(median(p50Ms))} | ${ratio.median.toFixed(2)}× (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}) |`,
    }
  })
  const worst = Math.max(...lines.map(({ ratio }) => ratio.median))
  return `### More data

| tasks | users | requests/s | p50 ms of a list of 20 | of the first |
|--:|--:|--:|--:|--:|
${lines.map(({ text }) => text).join('\n')}

The bound is ${PAGE_RATIO_MAX}× from the least to the most. ${verdict(worst <= PAGE_RATIO_MAX, options)}: ${worst.toFixed(2)}×.`
}

const MANY_SECONDS = 3_600
/** Memory varies with garbage collection, so the result is the median over the last part of the requests. */
const WINDOW = 0.1

/** Memory and event loop under full load, over very many requests to one process. */
async function moreRequests(ours: Variant, servers: Servers, options: Options, say: Say): Promise<readonly string[]> {
  const scale = options.quick ? 10 : 1
  const [early, late] = [100_000 / scale, 1_000_000 / scale]
  say(`asking ${late} times`)
  await using template = await openTemplate(servers.databaseUrl, [{ users: 1_000, tasksEach: 20 }])
  await using copy = await template.clone()
  using generators = new DisposableStack()
  const { generator } = await machineryFor(servers, template.people, generators)
  await using running = await begin(ours, servers, copy.url)
  const samples: { requests: number; bytes: number }[] = []
  // Reading the metric resets it.
  await loopDelayMs(running)
  const result = await generator.run(
    {
      url: running.url,
      rows: MIX,
      population: 0,
      connections: CONNECTIONS,
      warmupMs: 0,
      measureMs: MANY_SECONDS * 1000,
      requestsMax: late,
    },
    { onProgress: (requests) => samples.push({ requests, bytes: residentBytes(running.pid) }) },
  )
  refuseRefusals(result.refused)
  const delayMs = await loopDelayMs(running)
  const at = (requests: number): number =>
    median(
      samples
        .filter((each) => each.requests > requests * (1 - WINDOW) && each.requests <= requests * (1 + WINDOW))
        .map((each) => each.bytes),
    )
  const [before, after] = [at(early), at(late)]
  const mb = (bytes: number): string => `${rounded(bytes / 2 ** 20)} MB`
  return [
    `### More requests

${rounded(late)} requests, most of them reading, took ${rounded(result.seconds)} s: ${rounded(result.requests / result.seconds)} a second. Memory (resident, of the process) was ${mb(before)} after ${rounded(early)} and ${mb(after)} after ${rounded(late)} requests, ${(after / before).toFixed(2)}×; at most ${mb(Math.max(...samples.map(({ bytes }) => bytes)))}. The bound is ${MEMORY_RATIO_MAX}×. ${verdict(after / before <= MEMORY_RATIO_MAX, options)}.`,
    `The delay of the event loop over all of it, with ${CONNECTIONS} busy connections, as \`nodejs_eventloop_lag_p99_seconds\` shows it (10 ms of which are its own interval): p99 ${rounded(delayMs)} ms. The bound is ${LOOP_DELAY_MAX_MS} ms. ${verdict(delayMs <= LOOP_DELAY_MAX_MS, options)}.`,
  ]
}

async function loopDelayMs({ url }: Running): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${SECRETS.METRICS_TOKEN}` } })
  const text = await response.text()
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]) * 1000
}

/** WORKERS=2 compared with 1, in alternation. */
async function moreProcesses(ours: Variant, servers: Servers, options: Options, say: Say): Promise<string> {
  const { rounds, seconds, warmupSeconds } = options
  say('comparing two processes with one')
  await using template = await openTemplate(servers.databaseUrl, [{ users: 1_000, tasksEach: 20 }])
  await using first = await template.clone()
  await using second = await template.clone()
  using generators = new DisposableStack()
  const machinery = await machineryFor(servers, template.people, generators)
  await using one = await begin(ours, servers, first.url, { WORKERS: '1' })
  await using two = await begin(ours, servers, second.url, { WORKERS: '2' })
  for (const running of [one, two]) await warmUp(machinery, running, options)
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const alone = await measure(machinery, one, USUAL_PAGE, { warmupSeconds, seconds })
    const together = await measure(machinery, two, USUAL_PAGE, { warmupSeconds, seconds })
    ratios.push(together.perSecond / alone.perSecond)
    say(`  ${rounded(together.perSecond)}/s against ${rounded(alone.perSecond)}/s`)
  }
  const { median: usual, min, max } = spreadOf(ratios)
  return `### More processes

\`WORKERS=2\` answered ${usual.toFixed(2)}× (${min.toFixed(2)}–${max.toFixed(2)}) as many lists of 20 as \`WORKERS=1\`. PostgreSQL, Redis and the load generator had the same processors: the gain from a second process depends on how many of them are idle.`
}
