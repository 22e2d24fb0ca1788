import { fieldOf, type SortField } from '../fields.ts'
import { DEADLINE } from './due-sql.ts'
import type { Parameters } from './parameters.ts'
import type { Query, SortKey } from './query.ts'
import { relevance } from './search-sql.ts'
import { withTypos } from './search.ts'

/** The order of a page, and where it begins. */

/** Where a page ends: the sort keys of its last task and its id; '' for null. */
export type Keys = readonly string[]

interface Order {
  readonly expression: string
  readonly type: string
  readonly nullable?: boolean
  /** What has the same order within one part of the page, and an index; the expression by default. */
  readonly column?: string
}

function orderOf(field: SortField): Order {
  const { column, type, isNullable = false, sort } = fieldOf(field)
  if (field === 'dueDate') return { expression: DEADLINE, type: 'timestamptz', nullable: true }
  return typeof sort === 'object' ? sort : { expression: column, type: type.replace('(3)', ''), nullable: isNullable }
}

export type Key = Order & { readonly descending: boolean }

/** The sort keys and, so that no two tasks are equal, the id, in the direction of the last of them. */
export function keysOf({ sort, words }: Query, parameters: Parameters): Key[] {
  const order = ({ name }: SortKey): Order =>
    name === 'relevance' ? { expression: relevance(withTypos(words), parameters), type: 'int' } : orderOf(name)
  const keys = sort.map((key): Key => ({ ...order(key), descending: key.descending }))
  return [...keys, { expression: 'id', type: 'uuid', descending: keys.at(-1)?.descending ?? true }]
}

/** A row comparison if all keys have one direction and no nulls, because an index scan can start there; otherwise key by key. */
export function beyond(keys: readonly Key[], after: Keys, parameters: Parameters): string {
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
