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

/** One statement in the making: text is put together from fixed pieces, whatever was given goes by number. */
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
 * The page after the one that ended at `after`. It gives one row: `tasks`, a JSON array; `total`, null where it would have to be
 * counted and was not asked for; `next`, the keys of its last task where there is a next page.
 */
export function pageStatement(query: Query, due: readonly string[], after: Keys | undefined): Bound {
  const parameters = new Parameters()
  const conditions = filters(query, due, parameters)
  const matching = `from tasks${where(conditions)}`
  const keys = keysOf(query, parameters)
  const page = after === undefined ? conditions : [...conditions, beyond(keys, after, parameters)]
  const order = keys.map(({ expression, descending, nullable }) => {
    return `${expression}${descending ? ' desc' : ''}${nullable && descending ? ' nulls last' : ''}`
  })
  const limit = parameters.add(query.limit, 'int')
  // One task more than the page takes shows whether there is a next page. The total of a first page that is also the last is free.
  const all = query.count ? `(select count(*) ${matching})` : 'null::bigint'
  const total = after === undefined ? `case when count(*) > ${limit} then ${all} else count(*) end` : all
  const text = `select
      concat('[', string_agg(json, ',') filter (where place <= ${limit}), ']') as tasks,
      ${total} as total,
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

/** The same object for the same name: what is made of a statement is kept beside it. */
function statementOf(name: string, text: string): Statement {
  if (name === '') return { name, text }
  const statement = named.get(name) ?? { name, text }
  if (statement.text !== text) throw new Error(`two statements are called ${name}`)
  named.set(name, statement)
  return statement
}

/** The member as JSON text, from its column. */
function jsonOf(field: Field): string {
  const { column, type } = fieldOf(field)
  if (type === 'timestamptz(3)') return `todo_instant_json(${column})`
  return `coalesce(to_json(${column})::text, 'null')`
}

/** The JSON of a whole task is kept; that of some of its members is made. */
const shown = ({ fields }: Query): string =>
  fields === undefined
    ? TASK_JSON
    : `concat('{', ${fields.map((field) => `'"${field}":', ${jsonOf(field)}`).join(`, ',', `)}, '}')`

const where = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`

/** Each is true of exactly the tasks on its side of tasks_completed_at_iff_completed. */
const OPEN = 'completed_at is null'
const COMPLETED = 'completed_at is not null'
const OPEN_STATUSES: readonly string[] = STATUSES.filter((status) => status !== 'COMPLETED')

/**
 * Which of OPEN and COMPLETED the filters require. As literals, because the planner uses a partial index of open tasks only where the
 * statement itself proves the index's predicate: a status is a parameter, and below a policy its operators reach no index anyway.
 */
function requiredStates({ status, completed, due }: Query): ReadonlySet<string> {
  const required = new Set<string>()
  if (completed !== undefined) required.add(completed ? COMPLETED : OPEN)
  if (due === 'overdue') required.add(OPEN)
  if (status !== undefined && !status.includes('COMPLETED')) required.add(OPEN)
  if (status?.join() === 'COMPLETED') required.add(COMPLETED)
  return required
}

/** Whether the statuses ask for more than OPEN or COMPLETED, or all, say. */
const needsStatus = (status: readonly string[]): boolean =>
  status.join() !== 'COMPLETED' && !OPEN_STATUSES.every((open) => status.includes(open))

function filters(query: Query, due: readonly string[], parameters: Parameters): string[] {
  const { status, tag, everyTag } = query
  const states = requiredStates(query)
  // They exclude each other; nothing is read to find that out.
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
    // The names are those of the table.
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
 * What is said of `words`, and of their lines `title` and `tags`, is asked of each task once its words were fetched. `|| ''`
 * fetches them: each function would otherwise fetch and decompress a long text anew. `offset 0` keeps the planner from
 * undoing that.
 */
const ofWords = (expression: string): string =>
  `(select ${expression} from (select words, split_part(words, E'\\n', 1) as title, split_part(words, E'\\n', 2) as tags
    from (select search_words || '' as words offset 0) as fetched offset 0) as lines)`

/** Where typos are looked for: cut, because each of the many patterns looks through all of it. */
const TITLE_AND_TAGS = 'left(title || tags, 400)'

/** strpos and position count the characters up to what they found, which in a long text takes ten times as long as finding it. */
const holds = (where: string, part: string, parameters: Parameters): string =>
  `split_part(${where}, ${parameters.add(part, 'text')}, 1) <> ${where}`

/** Whether a word begins with this one there, or is this one where it ends with a space. */
const begins = (where: string, word: string, parameters: Parameters): string => holds(where, ` ${word}`, parameters)

/** A typo is forgiven in title and tags, which are short, and not in the description. */
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
    // Every task that is ranked was found, so that what remains is known.
    if (typos === undefined) return `case ${inTitleOrTags} else 3 end`
    const forgiven = `title like any (${parameters.add(typos.patterns, 'text[]')})`
    return `case ${inTitleOrTags} when ${begins('words', word, parameters)} then 3 when ${forgiven} then 2 else 1 end`
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

/** A row comparison where one will do, which an index can begin at; else key by key. */
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
    // Nulls come last, so that nothing is beyond one.
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

/** The shapes that are asked for all the time, and that PostgreSQL keeps prepared. Any other is planned each time. */
const COMMON_SORTS: ReadonlySet<string> = new Set(['createdAt-', 'updatedAt-', 'dueDate', 'priority-'])

function pageName(query: Query, after: Keys | undefined): string {
  const filter = commonFilter(query)
  const sort = query.sort.map(({ name, descending }) => `${name}${descending ? '-' : ''}`).join()
  if (filter === undefined || query.fields !== undefined || !COMMON_SORTS.has(sort)) return ''
  const position = after === undefined ? '' : after.includes('') ? '.null' : '.after'
  return `tasks.page.${sort}${filter}${position}${query.count ? '.counted' : ''}`
}

/** Names the filters where there is none, or one that is common. */
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
