import type { Machinery, Measures } from './measure.ts'
import { machineryOf, measure, probe, warmUp, WrongAnswer } from './measure.ts'
import type { Options } from './options.ts'
import { ROWS } from './rows.ts'
import { openTemplate } from './seed.ts'
import type { Servers } from './servers.ts'
import { withClient } from './servers.ts'
import { openGenerator } from './generator.ts'
import { findVariants, prepare, start, versionsOf, type Running, type Variant } from './variants.ts'

/** The results of a variant and of todo-backend, round by round. */
export interface Pair {
  readonly ours: readonly Measures[]
  readonly theirs: readonly Measures[]
}

export interface Comparison {
  /** The variants by name, in the order of the tables. */
  readonly variants: readonly { readonly name: string; readonly title: string; readonly versions: string }[]
  /** By row, then by variant: the rounds, or the reason why there are none. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, Pair | string>>>>
  /** The omitted variants with their reasons. */
  readonly leftOut: readonly { readonly title: string; readonly why: string }[]
}

/** Most users have few tasks, and a few have many. */
const POPULATIONS = [
  { users: 1_000, tasksEach: 20 },
  { users: 10, tasksEach: 1_000 },
]

/** The warm-up between two rounds of a row, in which both variants are still warm. */
const AGAIN_SECONDS = 0.5

export async function compare(servers: Servers, options: Options, say: (text: string) => void): Promise<Comparison> {
  const all = findVariants()
  const ours = all.get('ours')
  if (ours === undefined) throw new Error('the variant "ours" is missing')
  const unknown = options.only.filter((name) => !all.has(name))
  if (unknown.length > 0)
    throw new Error(`there is no variant ${unknown.join(', ')}; there are ${[...all.keys()].join(', ')}`)
  const chosen = [...all.values()].filter(
    ({ name }) => name !== 'ours' && (options.only.length === 0 || options.only.includes(name)),
  )

  // Before the measurements and with a message, because downloads and compilation take minutes.
  const reasons = new Map(
    chosen.map((variant) => {
      say(`making ready: ${variant.title}`)
      return [variant.name, prepare(variant)]
    }),
  )
  say('making the data')
  await using template = await openTemplate(servers.databaseUrl, POPULATIONS)
  using generator = openGenerator(template.people)
  const machinery = await machineryOf(servers, template.people, generator)
  const variants: { name: string; title: string; versions: string }[] = []
  const leftOut: { title: string; why: string }[] = []
  const cells: Record<string, Record<string, Pair | string>> = {}
  for (const variant of chosen) {
    const { name, title } = variant
    say(title)
    const reason = reasons.get(name)
    if (reason !== undefined) {
      leftOut.push({ title, why: reason })
      say(`  left out: ${reason}`)
      continue
    }
    await using ourCopy = await template.clone()
    await using theirCopy = await template.clone()
    try {
      const begin = (which: Variant, DATABASE_URL: string): Promise<Running> =>
        start(which, { DATABASE_URL, REDIS_URL: servers.redisUrl })
      await using us = await begin(ours, ourCopy.url)
      await using them = await begin(variant, theirCopy.url)
      variants.push({ name, title, versions: versionsOf(variant) })
      for (const running of [us, them]) await warmUp(machinery, running, options)
      for (const row of inOrder(options.rows)) {
        const cell = await cellOf(machinery, row, { us, them }, options)
        ;(cells[row] ??= {})[name] = cell
        say(`  ${row}: ${typeof cell === 'string' ? cell : ratioOf(cell)}`)
        // Removes the dead tuples of the previous row.
        if (ROWS[row]?.writes) for (const copy of [ourCopy, theirCopy]) await vacuum(copy.url)
      }
    } catch (error) {
      leftOut.push({ title, why: (error as Error).message })
      say(`  left out: ${(error as Error).message}`)
    }
  }
  return { variants, cells, leftOut }
}

const inOrder = (rows: readonly string[]): string[] =>
  rows.toSorted((a, b) => Number(ROWS[a]?.writes ?? false) - Number(ROWS[b]?.writes ?? false))

const vacuum = (url: string): Promise<unknown> => withClient(url, (client) => client.query('vacuum (analyze) tasks'))

const ratioOf = ({ ours, theirs }: Pair): string =>
  theirs.map(({ perSecond }, at) => `${(perSecond / (ours[at]?.perSecond ?? NaN)).toFixed(2)}×`).join(' ')

/** Alternates between the two; each is first in every other round. */
async function cellOf(
  machinery: Machinery,
  row: string,
  { us, them }: { us: Running; them: Running },
  { rounds, seconds, warmupSeconds }: Options,
): Promise<Pair | string> {
  const ours: Measures[] = []
  const theirs: Measures[] = []
  const parts = [
    { who: 'todo-backend', running: us, into: ours },
    { who: 'it', running: them, into: theirs },
  ]
  for (const { who, running } of parts) {
    const wrong = await complaint(() => probe(machinery, running, row))
    if (wrong !== undefined) return `${who} ${wrong}`
  }
  for (let round = 0; round < rounds; round++) {
    const warmup = { warmupSeconds: round === 0 ? warmupSeconds : Math.min(warmupSeconds, AGAIN_SECONDS), seconds }
    for (const { who, running, into } of round % 2 === 0 ? parts : parts.toReversed()) {
      const wrong = await complaint(async () => void into.push(await measure(machinery, running, row, warmup)))
      if (wrong !== undefined) return `failed: ${who} ${wrong}`
    }
  }
  return { ours, theirs }
}

async function complaint(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof WrongAnswer) return error.message
    throw error
  }
}
