import { DatabaseError } from 'pg'
import { Type, type Static, type TArray, type TOptional, type TString } from 'typebox'
import { Problem, type Violation } from '../../errors.ts'
import { CommaList, Count, OneOf } from '../../http/wire.ts'
import { formatInstant, parseInstant } from '../../lib/instant.ts'
import { timeZoneNamed } from '../../lib/time-zone.ts'
import {
  ANY_OF_FIELDS,
  COMPARISONS,
  fieldOf,
  FIELDS,
  SORTABLE,
  type TASK_FIELDS,
  type AnyOfField,
  type ComparisonName,
  type Field,
} from '../fields.ts'
import { PAGE_SIZE_MAX } from '../schema.ts'
import { searchWords, wordsOf, WORDS_MAX } from './search.ts'

/** The sort keys; all but relevance also with `-` for descending. */
export const SORT_NAMES = [...SORTABLE, 'relevance'] as const
export type SortName = (typeof SORT_NAMES)[number]

const SORTS = SORT_NAMES.flatMap((name) => (name === 'relevance' ? [name] : [name, `-${name}` as const]))
const Sort = OneOf(SORTS, {
  'x-component': 'TaskSort',
  'x-enum-varnames': SORTS.map((sort) => constantCase(sort.replace(/^-(.*)$/, '$1Desc'))),
})
const TaskField = OneOf(FIELDS, { 'x-component': 'TaskField', 'x-enum-varnames': FIELDS.map(constantCase) })
const DUES = ['overdue', 'today', 'week', 'none'] as const
const TAGS_MAX = 20
const Q_LENGTH_MAX = 200
/** Bytes of the parameters within the URL of the next page; its cursor takes up to 2 KiB more. */
const PARAMETERS_LENGTH_MAX = 6 * 1024 - 128

// A function declaration, because the constants above call it before this line is evaluated.
function constantCase(name: string): string {
  return name.replace(/[A-Z]/g, '_$&').toUpperCase()
}

/** For each field that has `anyOf`, a comma list of its values. */
const ANY_OF_PARAMETERS = Object.fromEntries(
  ANY_OF_FIELDS.map((field) => [field, Type.Optional(CommaList(fieldOf(field).answer, fieldOf(field).anyOf))]),
  // Object.fromEntries loses which key has which schema.
) as { [F in AnyOfField]: TOptional<TArray<(typeof TASK_FIELDS)[F]['answer']>> }

const COMPARISON_PARAMETERS = Object.fromEntries(
  Object.entries(COMPARISONS).map(([name, { description, answer }]) => [
    name,
    Type.Optional(Type.String({ ...answer, type: 'string', description })),
  ]),
) as Record<ComparisonName, TOptional<TString>> // the same

const TIME_ZONE = 'The IANA time zone in which days begin and end'

export const TimeZoneParameter = Type.Optional(
  Type.String({
    description: `${TIME_ZONE}; default X-Timezone, or else that of GET /api/me`,
    examples: ['Europe/Berlin'],
  }),
)

/**
 * The parameters of the list. The OpenAPI document describes arrays as repeated parameters (form style, exploded), because generated
 * clients that join an array with commas percent-encode these commas too, and an encoded comma is part of a tag.
 */
export const TaskQuery = Type.Object(
  {
    ...ANY_OF_PARAMETERS,
    tag: Type.Optional(
      CommaList(Type.String({ minLength: 1, maxLength: 50, format: 'text' }), {
        'x-trim-items': true,
        maxItems: TAGS_MAX,
        description: `Up to ${TAGS_MAX} tags, matched exactly, separated by commas or as a repeated parameter. A comma within a tag is written %2C (or \`\\,\`), a backslash \`\\\\\``,
        examples: [['home', 'errands']],
      }),
    ),
    tagMode: Type.Optional(
      OneOf(['any', 'all'], { description: 'Whether a task must have any or all of the tags; any by default' }),
    ),
    completed: Type.Optional(Type.Boolean({ description: 'true: only COMPLETED tasks. false: only the others' })),
    due: Type.Optional(
      OneOf(DUES, {
        description:
          'overdue: due before now, or on a day that is over, and not completed. today, week: due on this day, or in this week from Monday to Sunday. none: without a due date. Days begin and end in the time zone. All pages of a list use the current time and the time zone of the first page',
        examples: ['today'],
      }),
    ),
    ...COMPARISON_PARAMETERS,
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: Q_LENGTH_MAX,
        format: 'text',
        description: `Up to ${WORDS_MAX} words. Each must be the beginning of a word in title, description or tags, ignoring case and accents. In each of the first three words one typo is tolerated if the word has 4 to 24 letters and no digit, in title and tags only`,
        examples: ['oat milk'],
      }),
    ),
    sort: Type.Optional(
      CommaList(Sort, {
        description:
          'Sort keys in order of precedence; ties are broken by id, in the direction of the last key. `-` means descending. Default: -createdAt. priority: LOW to URGENT. status: TODO, IN_PROGRESS, COMPLETED. title: by its words, ignoring case and accents. dueDate: a day stands at its end in the time zone. Tasks without a due date come last in both directions. relevance: the best match of `q` first',
        examples: [['-priority', 'dueDate']],
      }),
    ),
    fields: Type.Optional(
      CommaList(TaskField, {
        description:
          'The members of each task in the answer, separated by commas or as a repeated parameter; all by default. Clients with a fixed type for tasks should not use it, because required members would be missing',
        examples: [['id', 'title', 'dueDate']],
      }),
    ),
    timezone: TimeZoneParameter,
    count: Count,
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PAGE_SIZE_MAX, description: `Tasks per page; default ${PAGE_SIZE_MAX}` }),
    ),
    cursor: Type.Optional(
      Type.String({
        description: 'The X-Next-Cursor of the previous page. Valid only with the same filters and sort',
      }),
    ),
  },
  { additionalProperties: false },
)
export type TaskQuery = Static<typeof TaskQuery>

export const StatsQuery = Type.Object({ timezone: TimeZoneParameter }, { additionalProperties: false })

export const TimezoneHeader = Type.Object({
  'x-timezone': Type.Optional(Type.String({ description: TIME_ZONE, examples: ['Europe/Berlin'] })),
})

export interface SortKey {
  readonly name: SortName
  readonly descending: boolean
}

type Filter = AnyOfField | ComparisonName | 'tag' | 'completed' | 'due'

/** The validated list query. */
export interface Query extends Pick<TaskQuery, Filter> {
  readonly everyTag: boolean
  /** The words of `q`; empty if it is absent. */
  readonly words: readonly string[]
  readonly sort: readonly SortKey[]
  readonly fields: readonly Field[] | undefined
  readonly limit: number
  readonly count: boolean
  /** Undefined for that of the user. */
  readonly zone: string | undefined
}

/** Whether the answer depends on where days begin and end. */
export const isOfZone = ({
  due,
  dueBefore,
  dueAfter,
  sort,
}: Pick<Query, 'due' | 'dueBefore' | 'dueAfter' | 'sort'>): boolean =>
  (due !== undefined && due !== 'none') ||
  dueBefore !== undefined ||
  dueAfter !== undefined ||
  sort.some(({ name }) => name === 'dueDate')

/** @throws Problem invalid_input (422), uri_too_long (414) */
export function readQuery(given: TaskQuery, timezoneHeader: string | undefined): Query {
  const words = given.q === undefined ? [] : wordsOf(given.q)
  const sort = (given.sort ?? ['-createdAt']).map(sortKey)
  const faults = [
    ...zoneFaults(given.timezone, timezoneHeader),
    ...wordFaults(given.q, words),
    ...sortFaults(sort, given.q !== undefined),
  ]
  if (faults.length > 0) throw Problem.invalid(faults)
  const { tagMode, sort: _sort, fields, limit = PAGE_SIZE_MAX, count = false, timezone, q: _q, ...rest } = given
  const { cursor: _cursor, ...filters } = rest
  const query: Query = {
    ...normalized(filters),
    everyTag: tagMode === 'all',
    words: given.q === undefined ? [] : searchWords(given.q),
    sort,
    fields: fields && FIELDS.filter((field) => fields.includes(field)),
    limit,
    count,
    zone: timeZoneNamed(timezone ?? timezoneHeader ?? ''),
  }
  if (repeated(given, query).length > PARAMETERS_LENGTH_MAX) {
    throw new Problem('uri_too_long', 'The parameters are so long that the address of the next page would not fit')
  }
  return query
}

const sortKey = (text: (typeof SORTS)[number]): SortKey => {
  const descending = text.startsWith('-')
  // `slice` returns string, not the template literal type.
  const name = (descending ? text.slice(1) : text) as SortName
  return { name, descending: descending || name === 'relevance' }
}

const fault = (name: string, what: string): Violation => ({
  in: 'query',
  pointer: `/${name}`,
  detail: `query parameter ${name} ${what}`,
})

/**
 * The time zone of a request; undefined if it names none.
 *
 * @throws Problem invalid_input (422)
 */
export function readZone(parameter: string | undefined, header: string | undefined): string | undefined {
  const faults = [...zoneFaults(parameter, header)]
  if (faults.length > 0) throw Problem.invalid(faults)
  return timeZoneNamed(parameter ?? header ?? '')
}

/** The SQLSTATE of a time zone that PostgreSQL does not know: its list may be older than that of Node. */
const INVALID_PARAMETER = '22023'

/** @throws Problem invalid_input (422) where the error is about the time zone of the query, else the error */
export function refuseUnknownZone(error: unknown): never {
  if (!(error instanceof DatabaseError) || error.code !== INVALID_PARAMETER) throw error
  throw Problem.invalid([fault('timezone', 'is not known to the database of this service')])
}

const NO_ZONE = 'must be the name of an IANA time zone, such as Europe/Berlin'

function* zoneFaults(parameter: string | undefined, header: string | undefined): Generator<Violation> {
  const [zone, zoneOfHeader] = [timeZoneNamed(parameter ?? ''), timeZoneNamed(header ?? '')]
  if (parameter !== undefined && zone === undefined) yield fault('timezone', NO_ZONE)
  if (header !== undefined && zoneOfHeader === undefined) {
    yield { in: 'header', pointer: '/x-timezone', detail: `x-timezone ${NO_ZONE}` }
  }
  // Names of the same zone may differ in case.
  if (parameter !== undefined && header !== undefined && zone !== zoneOfHeader) {
    yield fault('timezone', 'differs from the header X-Timezone: send one of them')
  }
}

function* wordFaults(q: string | undefined, words: readonly string[]): Generator<Violation> {
  if (q !== undefined && words.length === 0) yield fault('q', 'must have a word in it')
  if (words.length > WORDS_MAX) yield fault('q', `must have at most ${WORDS_MAX} words`)
}

function* sortFaults(sort: readonly SortKey[], searches: boolean): Generator<Violation> {
  const names = sort.map((key) => key.name)
  if (new Set(names).size < names.length) yield fault('sort', 'must not have the same name twice')
  if (names.includes('relevance') && !searches) yield fault('sort', 'can be relevance only together with q')
}

/** Converts instants to UTC and sorts lists, so that equivalent queries are equal. */
function normalized(filters: Pick<TaskQuery, Filter>): Pick<TaskQuery, Filter> {
  const entries = Object.entries(filters).map(([name, value]) => {
    if (Array.isArray(value)) return [name, value.toSorted(byCodeUnits)]
    const epochMs = typeof value === 'string' && name !== 'due' ? parseInstant(value) : undefined
    return [name, epochMs === undefined ? value : formatInstant(epochMs)]
  })
  // The members and their types do not change.
  return Object.fromEntries(entries) as typeof filters
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

const canonicalForm = (members: object): string =>
  JSON.stringify(Object.entries(members).toSorted(([a], [b]) => byCodeUnits(a, b)))

/**
 * Identifies the listing that a cursor belongs to: its filters and sort keys, but not `fields`, `limit` and `count`, nor the time zone,
 * which is in the cursor.
 */
export function listingOf({ fields: _fields, limit: _limit, count: _count, zone: _zone, ...query }: Query): string {
  return canonicalForm(isOfZone(query) ? { ...query, position: 'zone' } : query)
}

/** The query as far as the answer depends on it, in a canonical form. What it takes from the clock and the time zone is left to the statement. */
export function answerOf(query: Query, cursor: string | undefined): string {
  const { zone: _zone, ...rest } = query
  return canonicalForm({ ...rest, cursor })
}

/** The parameters of the next page's URL, without limit and cursor. */
export function repeated({ limit: _limit, cursor: _cursor, ...given }: TaskQuery, query: Query): string {
  const { zone } = query
  const parameters = Object.entries({ ...given, ...(isOfZone(query) && zone !== undefined ? { timezone: zone } : {}) })
  return parameters
    .map(([name, value]) => {
      const texts = [value].flat().map((each) => (Array.isArray(value) ? escaped(String(each)) : String(each)))
      return `${name}=${texts.map(encodeURIComponent).join(',')}&`
    })
    .join('')
}

const escaped = (item: string): string => item.replace(/[\\,]/g, '\\$&')
