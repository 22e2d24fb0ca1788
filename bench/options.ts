import { parseArgs } from 'node:util'
import { ROWS } from './rows.ts'

const MODES = ['compare', 'growth', 'fairness', 'events', 'agents', 'webhooks'] as const

export interface Options {
  readonly mode: (typeof MODES)[number]
  readonly rounds: number
  readonly seconds: number
  readonly warmupSeconds: number
  /** Names of variants; all if empty. */
  readonly only: readonly string[]
  readonly rows: readonly string[]
  readonly quick: boolean
  /** Writes the tables into docs/benchmarks.md. */
  readonly write: boolean
}

export const USAGE = `npm run bench -- [growth | fairness | events | agents | webhooks] [options]

  (nothing)          every variant under bench/ in alternation with todo-backend
  growth             todo-backend alone: more data, a user with more, more requests, more processes
  fairness           todo-backend alone: small requests together with users who request large lists without pause
  events             todo-backend alone: 1 000 idle event streams, and the delay of events beside 100 writers
  agents             todo-backend alone: processor time of a tool call, against the route that does the same
  webhooks           todo-backend alone: 10 000 changes of 100 users, delivered to 300 webhooks

  --rounds N         5
  --seconds N        measured in each round: 5
  --warmup N         seconds before the first round of a row: 2
  --only a,b         only these variants
  --rows a,b         ${Object.keys(ROWS).join(', ')}
  --quick            one round of a second; growth with a tenth of the data
  --write            writes the tables into docs/benchmarks.md

  BENCH_DATABASE_URL, BENCH_REDIS_URL   servers to use; without them Debian's are started for this run
`

/** @throws Error with a message for the user */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      only: { type: 'string', default: '' },
      rows: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  })
  const [name = 'compare', ...rest] = positionals
  const mode = MODES.find((each) => each === name)
  if (mode === undefined || rest.length > 0) throw new Error(`unknown: ${positionals.join(' ')}`)
  const names = (text: string): string[] => text.split(',').filter((name) => name !== '')
  const rows = names(values.rows)
  const unknown = rows.filter((row) => ROWS[row] === undefined)
  if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}`)
  const { quick } = values
  return {
    mode,
    quick,
    write: values.write,
    rounds: positive('--rounds', values.rounds, quick ? 1 : 5),
    seconds: positive('--seconds', values.seconds, quick ? 1 : 5),
    warmupSeconds: positive('--warmup', values.warmup, quick ? 0.5 : 2),
    only: names(values.only),
    rows: rows.length === 0 ? Object.keys(ROWS) : rows,
  }
}

function positive(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (value > 0) return value
  throw new Error(`${name} must be a number above 0`)
}
