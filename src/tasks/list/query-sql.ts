import { LIST_IS_NEW, type ListCondition } from '../../db/list-tag.ts'
import type { Statement } from '../../db/wire/statement.ts'
import {
  clockOf,
  COLUMN_OF,
  CONDITION_OF,
  dueRange,
  isBounded,
  KEYS_OF,
  startAmong,
  ZONE_USED,
  zoneOf,
  type DueKind,
} from './due-sql.ts'
import { beyond, keysOf, type Key, type Keys } from './keys.ts'
import { listOf } from './list-parts.ts'
import { Parameters } from './parameters.ts'
import { isOfZone, type Query } from './query.ts'
import { ANY_OF_FIELDS, COMPARISONS, fieldOf, STATUSES, type ComparisonName, type Field } from '../fields.ts'
import { TASK_JSON } from '../store.ts'
import { contains, ofWords } from './search-sql.ts'
import { withTypos } from './search.ts'

export interface Bound {
  readonly statement: Statement
  readonly values: readonly unknown[]
}

/** The time zone of the query, null for that of the user, and its instant. A later page has those of the first. */
export interface Moment {
  readonly zone: string | null
  readonly now: string
}

/** The tasks of a page that are read by themselves, in the order of the page. */
interface Part {
  readonly conditions: readonly string[]
  /** The keys in the order of the page. */
  readonly keys: readonly Key[]
  /** The condition for the tasks after the previous page; undefined if there is none. */
  readonly beyond: string | undefined
}

/** The statements of first pages. A query that is asked for again is the same object (`openQueries`). */
const firstPages = new WeakMap<Query, Bound>()

/**
 * The page after the one that ended at `after`. The result is one row: the state of the list; `tasks`, a JSON array; `total`, null if it
 * was not requested and would need a count; `next`, the keys of the last task of the page if there is a next page; and where the query
 * depends on a time zone, `zone`.
 */
export function pageStatement(query: Query, moment: Moment, after: Keys | undefined, condition: ListCondition): Bound {
  // Of a first page without a comparison of tags, only the clock is not in the query.
  if (after !== undefined || condition.known !== null || isOfZone(query)) {
    return boundPage(query, moment, after, condition)
  }
  const known = firstPages.get(query)
  if (known !== undefined) return known
  const made = boundPage(query, moment, after, condition)
  firstPages.set(query, made)
  return made
}

function boundPage(query: Query, moment: Moment, after: Keys | undefined, condition: ListCondition): Bound {
  const parameters = new Parameters()
  const isZoned = isOfZone(query)
  const now = isZoned ? parameters.add(moment.now, 'timestamptz') : ''
  const zone = isZoned ? zoneOf(parameters.add(moment.zone, 'text'), now) : ''
  const parts = partsOf(query, now, after, parameters)
  const limit = parameters.add(query.limit, 'int')
  // Later pages have the clock and the time zone of the first, which are in their cursor.
  const clock = isZoned && after === undefined ? clockOf(query, now) : undefined
  const list = listOf(condition, clock, parameters)
  // One task more than the limit shows whether there is a next page. If the first page is also the last, its length is the total.
  const rows = `${limit} + 1`
  const all = query.count
    ? `(${parts.map((part) => `(select count(*) from tasks${where(part.conditions)})`).join(' + ')})`
    : 'null::bigint'
  const total =
    after === undefined
      ? `case when count(*) > ${limit} then ${all} else count(*) end`
      : list.isCompared
        ? `case when ${LIST_IS_NEW} then ${all} end`
        : all
  const keys = parts[0]?.keys ?? []
  const text = `${withAll([zone, list.expression])} select
      concat('[', string_agg(json, ',') filter (where place <= ${limit}), ']') as tasks,
      ${total} as total,
      ${list.state},${isZoned ? ` ${ZONE_USED},` : ''}
      case when count(*) > ${limit} then
        max(array[${keys.map((_, at) => `key${at}::text`).join(', ')}]) filter (where place = ${limit})
      end as next
    from (
      select *, row_number() over () as place from (
        ${merged(
          parts.map((part) => sorted(part, shown(query), rows)),
          keys,
          rows,
        )}
      ) sorted${list.isCompared ? where([LIST_IS_NEW]) : ''}
    ) page`
  const name = pageName(query, after)
  const suffix = name !== '' && list.isCompared ? '.compared' : ''
  return { statement: statementOf(`${name}${suffix}`, text), values: parameters.values }
}

const withAll = (expressions: readonly string[]): string => {
  const given = expressions.filter((expression) => expression !== '')
  return given.length === 0 ? '' : `with ${given.join(', ')}`
}

/**
 * The tasks of a part in the order of the page, the first `limit` of them. Whether the list is new is a condition of the whole page: as one of
 * the part, it would make the scan give whole rows to the node that checks it, which takes a tenth of the time of a page.
 */
function sorted({ conditions, keys, beyond }: Part, json: string, limit: string): string {
  const read = where([...conditions, ...(beyond === undefined ? [] : [beyond])])
  const columns = keys.map(({ expression }, at) => `${expression} as key${at}`).join(', ')
  const order = keys.map(({ expression, column = expression, ...key }) => ordered(column, key))
  return `select ${json} as json, ${columns} from tasks${read} order by ${order.join(', ')} limit ${limit}`
}

/** One list of several that are sorted by the same keys. */
function merged(lists: readonly string[], keys: readonly Key[], limit: string): string {
  const [only = ''] = lists
  if (lists.length < 2) return only
  // A missing due date comes last in both directions.
  const order = keys.map((key, at) => ordered(`key${at}`, { ...key, nullable: key.nullable === true || at === 0 }))
  return `select * from (${lists.map((list) => `(${list})`).join(' union all ')}) parts order by ${order.join(', ')} limit ${limit}`
}

const ordered = (expression: string, { descending, nullable }: Omit<Key, 'expression' | 'type'>): string =>
  `${expression}${descending ? ' desc' : ''}${nullable && descending ? ' nulls last' : ''}`

function partsOf(query: Query, now: string, after: Keys | undefined, parameters: Parameters): Part[] {
  const common = ['user_id = $user', ...filters(query, parameters)]
  const isSortedByDue = query.sort[0]?.name === 'dueDate'
  const bounded = isBounded(query)
  const keys = keysOf(query, parameters)
  if (!isSortedByDue && !bounded) {
    return [{ conditions: common, keys, beyond: after && beyond(keys, after, parameters) }]
  }
  const range = dueRange(query, now, parameters)
  const descending = query.sort[0]?.descending === true
  const kinds: readonly DueKind[] = bounded
    ? ['instants', 'days']
    : query.due === 'none'
      ? ['none']
      : ['instants', 'days', 'none']
  return kinds.map((kind) => {
    const conditions = [...common, CONDITION_OF[kind], ...(kind === 'none' ? [] : range[kind])]
    if (!isSortedByDue) return { conditions, keys, beyond: after && beyond(keys, after, parameters) }
    // The keys without the due date, which is the first, and has two keys here.
    const [, ...others] = keys
    const [deadline, day] = KEYS_OF[kind]
    const column = COLUMN_OF[kind].expression
    const dueKeys: readonly Key[] = [
      { expression: deadline, type: 'timestamptz', descending, column },
      { expression: day, type: 'date', descending, column },
    ]
    return {
      conditions,
      keys: [...dueKeys, ...others],
      beyond: after && beyondDue(kind, others, after, descending, parameters),
    }
  })
}

/** The condition for tasks of a kind after the previous page, in an order by due date. */
function beyondDue(
  kind: DueKind,
  others: readonly Key[],
  after: Keys,
  descending: boolean,
  parameters: Parameters,
): string | undefined {
  const start = startAmong(kind, after, descending, parameters)
  if (start === 'first') return undefined
  if (start === 'never') return 'false'
  if (start !== 'equal') return start.condition
  const [deadline, day, ...rest] = after
  if (kind === 'none') return beyond(others, rest, parameters)
  return beyond(
    [{ ...COLUMN_OF[kind], descending }, ...others],
    [kind === 'days' ? (day ?? '') : (deadline ?? ''), ...rest],
    parameters,
  )
}

const named = new Map<string, Statement>()

/** Returns the same object for the same name, because prepared forms are cached per statement object. */
function statementOf(name: string, text: string): Statement {
  if (name === '') return { name, text }
  const statement = named.get(name) ?? { name, text }
  if (statement.text !== text) throw new Error(`two statements are called ${name}`)
  named.set(name, statement)
  return statement
}

/** SQL for the member as JSON text. */
function jsonOf(field: Field): string {
  const { column, type, json } = fieldOf(field)
  if (json !== undefined) return json
  if (type === 'timestamptz(3)') return `todo_instant_json(${column})`
  return `coalesce(to_json(${column})::text, 'null')`
}

/** A whole task has its JSON stored; the JSON of selected members is built by the statement. */
const shown = ({ fields }: Query): string =>
  fields === undefined
    ? TASK_JSON
    : `concat('{', ${fields.map((field) => `'"${field}":', ${jsonOf(field)}`).join(`, ',', `)}, '}')`

const where = (conditions: readonly string[]): string => ` where ${conditions.join(' and ')}`

/** The constraint tasks_completed_at_iff_completed makes these equivalent to conditions on the status. */
const OPEN = 'completed_at is null'
const COMPLETED = 'completed_at is not null'
const OPEN_STATUSES: readonly string[] = STATUSES.filter((status) => status !== 'COMPLETED')

/**
 * Which of OPEN and COMPLETED the filters require. They are literals, because the planner uses the partial index of open tasks only if
 * the statement text implies its predicate. A status is a parameter, and row-level security keeps its operators from using an index.
 */
function requiredStates({ status, completed, due }: Query): ReadonlySet<string> {
  const required = new Set<string>()
  if (completed !== undefined) required.add(completed ? COMPLETED : OPEN)
  if (due === 'overdue') required.add(OPEN)
  if (status !== undefined && !status.includes('COMPLETED')) required.add(OPEN)
  if (status?.join() === 'COMPLETED') required.add(COMPLETED)
  return required
}

/** Whether the list of statuses restricts more than OPEN or COMPLETED does. */
const needsStatus = (status: readonly string[]): boolean =>
  status.join() !== 'COMPLETED' && !OPEN_STATUSES.every((open) => status.includes(open))

/** The conditions of the query, without those on the due date that {@link dueRange} has. */
function filters(query: Query, parameters: Parameters): string[] {
  const { status, tag, everyTag } = query
  const states = requiredStates(query)
  // OPEN and COMPLETED together match no task, so nothing is read.
  if (states.size > 1) return ['false']
  const conditions = [...states]
  const take = (value: unknown, condition: (value: string) => string, type: string): void => {
    if (value !== undefined) conditions.push(condition(parameters.add(value, type)))
  }
  const oneOf = (column: string, values: readonly string[] | undefined, type: string): void => {
    if (values?.length === 1) take(values[0], (value) => `${column} = ${value}`, type)
    else take(values, (value) => `${column} = any (${value})`, `${type}[]`)
  }
  if (status !== undefined && needsStatus(status)) oneOf('status', status, 'task_status')
  for (const field of ANY_OF_FIELDS) {
    const { column, type } = fieldOf(field)
    if (field !== 'status') oneOf(column, query[field], type)
  }
  take(tag, (value) => `tags ${everyTag ? '@>' : '&&'} ${value}`, 'text[]')
  for (const [name, { column, operator, type }] of Object.entries(COMPARISONS)) {
    if (column === 'due_date') continue
    // Object.entries returns string keys; they are the names of COMPARISONS.
    take(query[name as ComparisonName], (value) => `${column} ${operator} ${value}`, type.replace('(3)', ''))
  }
  if (query.due === 'none') conditions.push(CONDITION_OF.none)
  if (query.words.length > 0) {
    const found = withTypos(query.words).map((word) => contains(word, parameters))
    conditions.push(ofWords(found.join(' and ')))
  }
  return conditions
}

/** The orders of frequent queries, whose statements PostgreSQL keeps prepared. All others are planned each time. */
const COMMON_SORTS: ReadonlySet<string> = new Set(['createdAt-', 'updatedAt-', 'dueDate', 'priority-'])

function pageName(query: Query, after: Keys | undefined): string {
  const filter = commonFilter(query)
  const sort = query.sort.map(({ name, descending }) => `${name}${descending ? '-' : ''}`).join()
  if (filter === undefined || query.fields !== undefined || !COMMON_SORTS.has(sort)) return ''
  const position =
    after === undefined ? '' : after.includes('') ? '.null' : after.includes('-infinity') ? '.instant' : '.after'
  return `tasks.page.${sort}${filter}${position}${query.count ? '.counted' : ''}`
}

/** A name for no filter or a frequent one; undefined for all others. */
function commonFilter(query: Query): string | undefined {
  const { sort: _sort, fields: _fields, limit: _limit, count: _count, zone: _zone, ...filters } = query
  const { status, completed, everyTag: _everyTag, words, ...others } = filters
  if (words.length > 0 || Object.keys(others).length > 0) return undefined
  if (status !== undefined && completed !== undefined) return undefined
  const [state] = requiredStates(query)
  const named = state === undefined ? '' : `.completed=${state === COMPLETED}`
  if (status === undefined || !needsStatus(status)) return named
  return status.length === 1 ? `${named}.status` : undefined
}
