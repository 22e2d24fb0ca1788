import { openGenerator, type Generator } from './generator.ts'
import type { LoadResult, Plan } from './load.ts'
import type { Options } from './options.ts'
import { rounded } from './report.ts'
import { openTemplate } from './seed.ts'
import { withClient, type Servers } from './servers.ts'
import { median, spreadOf } from './statistics.ts'
import { findVariants, start } from './variants.ts'

type Say = (text: string) => void

/** Users who send small requests with a pause after each answer, like people. Their latency shows the load of the service. */
const SMALL = { connections: 16, pauseMs: 20, rows: ['list20', 'get', 'list20', 'toggle'] }
/** All heavy users together always have this many lists in progress, of tasks with descriptions of this many characters. */
const LISTS_AT_ONCE = 64
const DESCRIPTION_LENGTH = 9_500
const HEAVY_USERS = [0, 1, 4]

interface Round {
  readonly small: LoadResult
  readonly heavy: LoadResult | undefined
}

/** @returns the findings: the latency of small requests, alone and together with users who request large lists without pause */
export async function beFair(servers: Servers, options: Options, say: Say): Promise<string> {
  const ours = findVariants().get('ours')
  if (ours === undefined) throw new Error('the variant "ours" is missing')
  const { rounds, quick } = options
  const populations = [{ users: 1_000, tasksEach: 20 }, ...HEAVY_USERS.filter(Boolean).map(heavyPopulation)]
  say('creating 20 000 tasks of 1 000 users, and 1 000 large tasks for each heavy user')
  await using template = await openTemplate(servers.databaseUrl, populations)
  await using copy = await template.clone()
  await withClient(copy.url, (client) => client.query(GROW, [DESCRIPTION_LENGTH]))
  using smallOnes = openGenerator(template.people)
  using heavyOnes = openGenerator(template.people)
  await using running = await start(ours, { DATABASE_URL: copy.url, REDIS_URL: servers.redisUrl })

  const measured = new Map<number, Round[]>(HEAVY_USERS.map((users) => [users, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [population, users] of HEAVY_USERS.entries()) {
      const result = await measureOne({ url: running.url, smallOnes, heavyOnes, population, users }, options)
      measured.get(users)?.push(result)
      const { small, heavy } = result
      say(
        `  ${users} heavy: p50 ${rounded(small.p50Ms)} ms, p99 ${rounded(small.p99Ms)} ms` +
          (heavy === undefined ? '' : `; ${rounded(heavy.requests / heavy.seconds)} large lists/s`),
      )
    }
  }
  return tableOf(measured, quick)
}

const refusedOf = (result: LoadResult | undefined): number =>
  Object.values(result?.refused ?? {}).reduce((sum, times) => sum + times, 0)

const heavyPopulation = (users: number) => ({ users, tasksEach: 1_000 })

/** Only heavy users have more tasks than this. */
const GROW = `
  update tasks set description = rpad(description, $1, ' and so on') where user_id in (
    select user_id from tasks group by user_id having count(*) >= 1000)`

interface Scene {
  readonly url: string
  readonly smallOnes: Generator
  readonly heavyOnes: Generator
  readonly population: number
  readonly users: number
}

async function measureOne(scene: Scene, { seconds, warmupSeconds }: Options): Promise<Round> {
  const { url, smallOnes, heavyOnes, population, users } = scene
  const plan = { url, warmupMs: warmupSeconds * 1000, measureMs: seconds * 1000 }
  const heavyPlan: Plan = { ...plan, rows: ['list1000'], population, connections: LISTS_AT_ONCE }
  const [small, heavy] = await Promise.all([
    smallOnes.run({ ...plan, ...SMALL, population: 0 }),
    users === 0 ? undefined : heavyOnes.run(heavyPlan),
  ])
  return { small, heavy }
}

function tableOf(measured: ReadonlyMap<number, readonly Round[]>, isQuick: boolean): string {
  const alone = measured.get(0) ?? []
  const lines = [...measured].map(([users, rounds]) => {
    const ratio = spreadOf(rounds.map(({ small }, at) => small.p50Ms / (alone[at]?.small.p50Ms ?? NaN)))
    const lists = median(rounds.map(({ heavy }) => (heavy === undefined ? 0 : heavy.requests / heavy.seconds)))
    const cells = [
      users,
      rounded(median(rounds.map(({ small }) => small.requests / small.seconds))),
      rounded(median(rounds.map(({ small }) => small.p50Ms))),
      `${ratio.median.toFixed(2)}× (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
      rounded(median(rounds.map(({ small }) => small.p99Ms))),
      users === 0 ? '–' : rounded(lists),
      rounds.reduce((sum, { small, heavy }) => sum + refusedOf(small) + refusedOf(heavy), 0),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const note = isQuick ? '\n\nThis run was too short to compare.' : ''
  return `| heavy users | small requests/s | p50 ms | of alone | p99 ms | large lists/s | refused |
|--:|--:|--:|--:|--:|--:|--:|
${lines.join('\n')}

${SMALL.connections} small users ask for a list of 20, a task or a toggle, and pause ${SMALL.pauseMs} ms after each answer. The heavy users together always have ${LISTS_AT_ONCE} lists of 1 000 tasks in progress, of ${rounded((DESCRIPTION_LENGTH * 1_000) / 1e6)} MB each.${note}`
}
