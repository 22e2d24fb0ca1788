import { openGenerator } from './generator.ts'
import { machineryOf, measure, warmUp } from './measure.ts'
import type { Options } from './options.ts'
import { rounded } from './report.ts'
import { ONE_USER_ROWS } from './rows.ts'
import { openTemplate, type Population } from './seed.ts'
import type { Servers } from './servers.ts'
import { median, spreadOf } from './statistics.ts'
import { start, type Variant } from './variants.ts'

/** Maximum ratio of PostgreSQL's processor time, from the fewest tasks to the most. */
const RATIO_MAX = 1.2
/** These rows count all tasks of the user, so their time grows with the number. */
const COUNTING: ReadonlySet<string> = new Set(['counted', 'stats'])

/**
 * The same pages of users with different numbers of tasks, in one database and in alternation. A user's tasks were created ten minutes
 * apart, so that a user with more tasks has a longer history, but the same number from today.
 */
export async function oneUser(
  ours: Variant,
  servers: Servers,
  options: Options,
  say: (text: string) => void,
): Promise<string> {
  const sizes = options.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]
  say(`creating users with ${sizes.join(', ')} tasks`)
  const others: Population = { users: 1_000, tasksEach: 100 }
  const populations = [others, ...sizes.map((tasksEach): Population => ({ users: 1, tasksEach }))]
  await using template = await openTemplate(servers.databaseUrl, populations)
  await using copy = await template.clone()
  using generator = openGenerator(template.people)
  const machinery = await machineryOf(servers, template.people, generator)
  await using running = await start(ours, { DATABASE_URL: copy.url, REDIS_URL: servers.redisUrl })
  await warmUp(machinery, running, options)
  const lines: string[] = []
  let worst = 0
  for (const [name, { title }] of Object.entries(ONE_USER_ROWS)) {
    const micros = sizes.map((): number[] => [])
    for (let round = 0; round < options.rounds; round++) {
      for (const [at, each] of micros.entries()) {
        each.push((await measure(machinery, running, name, { ...options, population: at + 1 })).postgresMicros)
      }
    }
    const [least = [], most = []] = [micros[0], micros.at(-1)]
    const ratio = spreadOf(most.map((each, round) => each / (least[round] ?? NaN)))
    if (!COUNTING.has(name)) worst = Math.max(worst, ratio.median)
    const cells = micros.map((each) => rounded(median(each))).join(' | ')
    lines.push(
      `| ${title} | ${cells} | ${ratio.median.toFixed(2)}× (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}) |`,
    )
    say(`  ${lines.at(-1) ?? ''}`)
  }
  return `### One user

PostgreSQL's processor time for each request in µs, by how many tasks its user has.

| page of 20 | ${sizes.map(rounded).join(' | ')} | the most of the least |
|---|${sizes.map(() => '--:|').join('')}--:|
${lines.join('\n')}

The bound is ${RATIO_MAX}× for all but what counts tasks. ${options.quick ? 'This run was too short to say whether it holds' : worst <= RATIO_MAX ? 'It holds' : '**It does not hold**'}: ${worst.toFixed(2)}×.`
}
