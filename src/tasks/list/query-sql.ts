import { LIST_IS_NEW, LIST_STATE, listTag, type ListCondition } from '../../db/list-tag.ts'
import type { Statement } from '../../db/wire/statement.ts'
import type { Query, SortKey } from './query.ts'
import {
  ANY_OF_FIELDS,
  COMPARISONS,
  fieldOf,
  STATUSES,
  type ComparisonName,
  type Field,
  type SortField,
} from '../fields.ts'
import { TASK_JSON } from '../store.ts'
import { type SearchTerm, withTypos } from './search.ts'

/** Where a page ends: the sort keys of its last task and its id; '' for null. */
export type Keys = readonly string[]

export interface Bound {
  readonly statement: Statement
  readonly values: readonly unknown[]
}

/** Collects the parameters of a statement. The text consists of fixed pieces only; values from the client are always parameters. */
class Parameters {
  readonly values: unknown[] = []
  add(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`
  }
}

interface Order {
  readonly expression: string
  readonly type: string
  readonly nullable?: boolean
}

function orderOf(field: SortField): Order {
  const { column, type, isNullable = false, sort } = fieldOf(field)
  return typeof sort === 'object' ? sort : { expression: column, type: type.replace('(3)', ''), nullable: isNullable }
}

type Key = Order & { readonly descending: boolean }

/**
 * A text expression for which tasks are overdue at the instant `now`: the due date of the latest of them. In one state of the tasks
 * there is one set of overdue tasks for each value, so that a tag with it is exact, and it is found with one entry of an index.
 */
export const latestOverdue = (now: string): string => `coalesce((select extract(epoch from due_date)::text from tasks
      where user_id = $user and completed_at is null and due_date < ${now} order by due_date desc limit 1), '')`

/**
 * The page after the one that ended at `after`. The result is one row: the state of the list; `tasks`, a JSON array; `total`, null if it
 * was not requested and would need a count; `next`, the keys of the last task of the page if there is a next page.
 */
export function pageStatement(
  query: Query,
  due: readonly string[],
  after: Keys | undefined,
  condition: ListCondition,
): Bound {
  const parameters = new Parameters()
  const conditions = ['user_id = $user', ...filters(query, due, parameters)]
  const matching = `from tasks${where(conditions)}`
  const keys = keysOf(query, parameters)
  const page = [...conditions, ...(after === undefined ? [] : [beyond(keys, after, parameters)]), LIST_IS_NEW]
  const order = keys.map(({ expression, descending, nullable }) => {
    return `${expression}${descending ? ' desc' : ''}${nullable && descending ? ' nulls last' : ''}`
  })
  const limit = parameters.add(query.limit, 'int')
  // One task more than the limit shows whether there is a next page. If the first page is also the last, its length is the total.
  const all = query.count ? `(select count(*) ${matching})` : 'null::bigint'
  const total =
    after === undefined
      ? `case when count(*) > ${limit} then ${all} else count(*) end`
      : `case when ${LIST_IS_NEW} then ${all} end`
  // The bounds of days are in the request's hash. Later pages have the clock of the first, which is in their cursor.
  const isOfNow = query.due === 'overdue' && after === undefined
  const clock = isOfNow ? latestOverdue(parameters.add(due[0], 'timestamptz')) : undefined
  const tag = listTag(parameters.add(condition.request, 'text'), parameters.add(condition.known, 'text[]'), clock)
  const text = `with ${tag} select
      concat('[', string_agg(json, ',') filter (where place <= ${limit}), ']') as tasks,
      ${total} as total,
      ${LIST_STATE},
      case when count(*) > ${limit} then
        max(array[${keys.map((_, at) => `key${at}::text`).join(', ')}]) filter (where place = ${limit})
      end as next
    from (
      select *, row_number() over () as place from (
        select ${shown(query)} as json, ${keys.map(({ expression }, at) => `${expression} as key${at}`).join(', ')}
        from tasks${where(page)} order by ${order.join(', ')} limit ${limit} + 1
      ) sorted
    ) page`
  return { statement: statementOf(pageName(query, after), text), values: parameters.values }
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

function filters(query: Query, due: readonly string[], parameters: Parameters): string[] {
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
    // Object.entries returns string keys; they are the names of COMPARISONS.
    take(query[name as ComparisonName], (value) => `${column} ${operator} ${value}`, type.replace('(3)', ''))
  }
  if (query.due === 'none') conditions.push('due_date is null')
  take(due.at(-1), (value) => `due_date < ${value}`, 'timestamptz')
  take(due.at(-2), (value) => `due_date >= ${value}`, 'timestamptz')
  if (query.words.length > 0) {
    const found = withTypos(query.words).map((word) => contains(word, parameters))
    conditions.push(ofWords(found.join(' and ')))
  }
  return conditions
}

/**
 * Evaluates the expression on `words` and on two of its lines, `title` and `tags`. `|| ''` fetches and decompresses a long text once
 * per task; otherwise each function in the expression would do it again. `offset 0` keeps the planner from inlining the subquery.
 */
const ofWords = (expression: string): string =>
  `(select ${expression} from (select words, split_part(words, E'\\n', 1) as title, split_part(words, E'\\n', 2) as tags
    from (select search_words || '' as words offset 0) as fetched offset 0) as lines)`

/** The text that is searched with typos. It is truncated because every pattern scans all of it. */
const TITLE_AND_TAGS = 'left(title || tags, 400)'

/** Not strpos or position: they also count the characters before the match, which takes ten times as long in a long text. */
const holds = (where: string, part: string, parameters: Parameters): string =>
  `split_part(${where}, ${parameters.add(part, 'text')}, 1) <> ${where}`

/** Whether the text has a word with this beginning, or exactly this word if `word` ends with a space. */
const begins = (where: string, word: string, parameters: Parameters): string => holds(where, ` ${word}`, parameters)

/** Typos are tolerated in title and tags, which are short, and not in the description. */
function contains({ word, typos }: SearchTerm, parameters: Parameters): string {
  const begun = begins('words', word, parameters)
  if (typos === undefined) return begun
  const parts = typos.parts.map((part) => holds(TITLE_AND_TAGS, part, parameters)).join(' or ')
  return `(${begun} or ((${parts}) and ${TITLE_AND_TAGS} like any (${parameters.add(typos.patterns, 'text[]')})))`
}

/**
 * How well a task matches, as a whole number: for each word 6 where it is a word of the title, 5 where it begins one, 4 in a
 * tag, 3 in the description, 2 for a typo in the title and 1 for one in a tag.
 */
function relevance(words: readonly SearchTerm[], parameters: Parameters): string {
  const ranks = words.map(({ word, typos }) => {
    const inTitleOrTags = `when ${begins('title', `${word} `, parameters)} then 6 when ${begins('title', word, parameters)} then 5
      when ${begins('tags', word, parameters)} then 4`
    // Every ranked task matches the word, so the last case needs no condition.
    if (typos === undefined) return `case ${inTitleOrTags} else 3 end`
    const withTypo = `title like any (${parameters.add(typos.patterns, 'text[]')})`
    return `case ${inTitleOrTags} when ${begins('words', word, parameters)} then 3 when ${withTypo} then 2 else 1 end`
  })
  return ofWords(ranks.join(' + '))
}

/** The sort keys and, so that no two tasks are equal, the id, in the direction of the last of them. */
function keysOf({ sort, words }: Query, parameters: Parameters): Key[] {
  const order = ({ name }: SortKey): Order =>
    name === 'relevance' ? { expression: relevance(withTypos(words), parameters), type: 'int' } : orderOf(name)
  const keys = sort.map((key): Key => ({ ...order(key), descending: key.descending }))
  return [...keys, { expression: 'id', type: 'uuid', descending: keys.at(-1)?.descending ?? true }]
}

/** A row comparison if all keys have one direction and no nulls, because an index scan can start there; otherwise key by key. */
function beyond(keys: readonly Key[], after: Keys, parameters: Parameters): string {
  const values = keys.map(({ type }, at) =>
    after[at] === '' && keys[at]?.nullable ? null : parameters.add(after[at], type),
  )
  const [first] = keys
  if (keys.every((key) => !key.nullable && key.descending === first?.descending)) {
    const columns = keys.map(({ expression }) => expression).join(', ')
    return `(${columns}) ${first?.descending ? '<' : '>'} (${values.join(', ')})`
  }
  const alternatives = keys.flatMap((key, at) => {
    const value = values[at]
    // Nulls are sorted last, so no value comes after one.
    if (value === null || value === undefined) return []
    const further = `${key.expression} ${key.descending ? '<' : '>'} ${value}`
    const equal = keys.slice(0, at).map(({ expression }, before) => {
      const same = values[before]
      return same === null ? `${expression} is null` : `${expression} = ${same}`
    })
    return [[...equal, key.nullable ? `(${further} or ${key.expression} is null)` : further].join(' and ')]
  })
  return `(${alternatives.join(' or ')})`
}

/** The orders of frequent queries, whose statements PostgreSQL keeps prepared. All others are planned each time. */
const COMMON_SORTS: ReadonlySet<string> = new Set(['createdAt-', 'updatedAt-', 'dueDate', 'priority-'])

function pageName(query: Query, after: Keys | undefined): string {
  const filter = commonFilter(query)
  const sort = query.sort.map(({ name, descending }) => `${name}${descending ? '-' : ''}`).join()
  if (filter === undefined || query.fields !== undefined || !COMMON_SORTS.has(sort)) return ''
  const position = after === undefined ? '' : after.includes('') ? '.null' : '.after'
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
