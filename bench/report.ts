import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Comparison, Pair } from './compare.ts'
import { processorTicks } from './cpu.ts'
import type { Measures } from './measure.ts'
import { ROWS } from './rows.ts'
import { redisInfo, withClient, type Servers } from './servers.ts'
import { median, spreadOf, type Spread } from './statistics.ts'

const COLUMNS: readonly (readonly [name: keyof Measures, title: string])[] = [
  ['perSecond', 'requests/s'],
  ['p50Ms', 'p50 ms'],
  ['p99Ms', 'p99 ms'],
  ['serverMicros', 'server CPU µs'],
  ['postgresMicros', 'PostgreSQL CPU µs'],
]

/** Three significant digits are the precision of a run. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return Number(value.toPrecision(3)).toLocaleString('en').replaceAll(',', ' ')
}

const times = (ratio: number): string => `${Number.isFinite(ratio) ? ratio.toFixed(2) : '–'}×`
const spread = ({ median, min, max }: Spread): string =>
  min === max ? times(median) : `${times(median)} (${min.toFixed(2)}–${max.toFixed(2)})`

/** The ratio of a variant to todo-backend, within each round. */
const ratios = ({ ours, theirs }: Pair, name: keyof Measures): Spread =>
  spreadOf(theirs.map((measures, at) => measures[name] / (ours[at]?.[name] ?? NaN)))

const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map((_, at) => (at === 0 ? '---' : '--:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

export function comparisonTables({ variants, cells, leftOut }: Comparison): string {
  const rows = Object.entries(cells)
  const summary = table(
    ['requests/s, todo-backend = 1', ...variants.map(({ title }) => title)],
    rows.map(([row, byVariant]) => [
      ROWS[row]?.title ?? row,
      ...variants.map(({ name }) => {
        const cell = byVariant[name]
        if (typeof cell !== 'object') return '–'
        const ratio = ratios(cell, 'perSecond')
        return ratio.median > 1 ? `**${spread(ratio)}**` : spread(ratio)
      }),
    ]),
  )
  return [
    summary,
    'More than 1× (in bold) is faster than todo-backend.',
    ...(leftOut.length === 0 ? [] : [leftOut.map(({ title, why }) => `- ${title} was left out: ${why}.`).join('\n')]),
    ...rows.map(([row, byVariant]) => rowSection(ROWS[row]?.title ?? row, byVariant, variants)),
    table(
      ['variant', 'versions'],
      variants.map(({ title, versions }) => [title, versions]),
    ),
  ].join('\n\n')
}

function rowSection(
  title: string,
  cells: Readonly<Record<string, Pair | string>>,
  variants: Comparison['variants'],
): string {
  const pairs = Object.values(cells).filter((cell) => typeof cell === 'object')
  const ours = pairs.flatMap((pair) => pair.ours)
  const lines = variants.flatMap(({ name, title: variant }) => {
    const cell = cells[name]
    if (typeof cell !== 'object') return []
    const cellOf = (column: keyof Measures): string =>
      `${rounded(median(cell.theirs.map((each) => each[column])))}, ${spread(ratios(cell, column))}`
    return [[variant, ...COLUMNS.map(([column]) => cellOf(column))]]
  })
  const us = ['todo-backend', ...COLUMNS.map(([column]) => rounded(median(ours.map((each) => each[column]))))]
  const redis = median(ours.map(({ redisMicros }) => redisMicros))
  const faster = variants.filter(({ name }) => {
    const cell = cells[name]
    return typeof cell === 'object' && ratios(cell, 'perSecond').median > 1
  })
  const words = [
    ...(faster.length === 0 ? [] : [`Faster than todo-backend: ${faster.map((each) => each.title).join('; ')}.`]),
    ...(ours.length === 0
      ? []
      : [`Redis took ${rounded(redis)} µs for each request of todo-backend, and was not used by the others.`]),
    ...variants.flatMap(({ name, title: variant }) => {
      const cell = cells[name]
      return typeof cell === 'string' ? [`${variant}: ${cell}.`] : []
    }),
  ]
  const heading = `### ${title.charAt(0).toUpperCase()}${title.slice(1)}`
  const numbers = ours.length === 0 ? [] : [table(['', ...COLUMNS.map(([, column]) => column)], [us, ...lines])]
  return [heading, ...numbers, words.join(' ')].join('\n\n')
}

/** Duration of the measurement of other load on the machine before the run. */
const WATCHED_MS = 2_000
/** With a higher share of busy time the numbers are not reliable. */
const BUSY_SHARE = 0.1

/** Describes the machine and its load before the run. */
export async function machine({ databaseUrl, redisUrl }: Servers): Promise<string> {
  const model = cpus()[0]?.model ?? 'unknown processor'
  const postgres = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version ?? ''
  })
  const redis = (await redisInfo(redisUrl, 'server')).get('redis_version') ?? ''
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  const before = processorTicks()
  await sleep(WATCHED_MS)
  const after = processorTicks()
  const busyShare = (after.busy - before.busy) / (after.all - before.all)
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`
  return [
    `${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ${model}, ${memory}, ${system}, Linux ${release()}.`,
    `Node ${process.versions.node}, PostgreSQL ${postgres}, Redis ${redis}.`,
    `Before the run its processors were busy for ${Math.round(busyShare * 100)} % of the time.`,
    ...(busyShare > BUSY_SHARE ? ['**It was busy with other work: these numbers are not reliable.**'] : []),
  ].join(' ')
}

const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))

/** Replaces the text between `<!-- begin NAME -->` and `<!-- end NAME -->`. */
export function writePage(name: string, text: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no ${begin} … ${end}`)
  writeFileSync(PAGE, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`)
}
