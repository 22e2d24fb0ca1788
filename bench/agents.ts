import { openGenerator } from './generator.ts'
import { machineryOf, measure, probe, warmUp } from './measure.ts'
import type { Options } from './options.ts'
import { rounded } from './report.ts'
import { AGENT_ROWS } from './rows.ts'
import { openTemplate } from './seed.ts'
import type { Servers } from './servers.ts'
import { median, spreadOf } from './statistics.ts'
import { findVariants, start } from './variants.ts'

/** The processor time of the process for a tool call is at most this multiple of that for its route. */
const RATIO_MAX = 3

const PAIRS = [
  ['restGet', 'toolGet'],
  ['restFind', 'toolFind'],
  ['restAdd', 'toolAdd'],
  ['restUpdate', 'toolUpdate'],
] as const

/** @returns the findings: what a tool call costs, compared with a request to the route that does the same */
export async function measureAgents(servers: Servers, options: Options, say: (text: string) => void): Promise<string> {
  const ours = findVariants().get('ours')
  if (ours === undefined) throw new Error('the variant "ours" is missing')
  say('creating 20 000 tasks of 1 000 users')
  await using template = await openTemplate(servers.databaseUrl, [{ users: 1_000, tasksEach: 20 }])
  await using copy = await template.clone()
  using generator = openGenerator(template.people)
  const machinery = await machineryOf(servers, template.people, generator)
  await using running = await start(ours, { DATABASE_URL: copy.url, REDIS_URL: servers.redisUrl })
  for (const name of PAIRS.flat()) await probe(machinery, running, name)
  await warmUp(machinery, running, options)
  const lines: string[] = []
  let worst = 0
  for (const [route, tool] of PAIRS) {
    const [ofRoute, ofTool]: [number[], number[]] = [[], []]
    for (let round = 0; round < options.rounds; round++) {
      ofRoute.push((await measure(machinery, running, route, options)).serverMicros)
      ofTool.push((await measure(machinery, running, tool, options)).serverMicros)
    }
    const ratio = spreadOf(ofTool.map((each, round) => each / (ofRoute[round] ?? NaN)))
    worst = Math.max(worst, ratio.median)
    const cells = [
      AGENT_ROWS[route]?.title,
      rounded(median(ofRoute)),
      rounded(median(ofTool)),
      `${ratio.median.toFixed(2)}× (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
    ]
    lines.push(`| ${cells.join(' | ')} |`)
    say(`  ${lines.at(-1) ?? ''}`)
  }
  return `Processor time of the process for each request, in µs.

| | route | tool call | of the route |
|---|--:|--:|--:|
${lines.join('\n')}

The bound is ${RATIO_MAX}×. ${options.quick ? 'This run was too short to say whether it holds' : worst <= RATIO_MAX ? 'It holds' : '**It does not hold**'}: ${worst.toFixed(2)}×.`
}
