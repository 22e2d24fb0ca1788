import { Type, type TSchema } from 'typebox'
import type { Members } from '../protocol.ts'

/** Pieces of the tools' schemas. What describes tasks comes from the schemas of the routes. */

/** Tasks of a page, and of the answer to a write: more would fill the context of a model. */
export const PAGE_TASKS = 20
export const IDS_MAX = 100

export const Text = (description?: string) => Type.String(description === undefined ? {} : { description })
const Id = Type.String({ format: 'uuid' })
export const TaskId = Id
export const TaskIds = Type.Array(Id, { minItems: 1, maxItems: IDS_MAX, uniqueItems: true })
export const DryRun = Type.Optional(Type.Boolean({ description: 'true: show only, change nothing' }))
/** Without restrictions, for lists that keep what they are given. */
export const strict = { additionalProperties: false } as const

/** A member of every result. */
const NOW = { now: Text() }
/** Of the result of a write. */
const WRITTEN = {
  dryRun: Type.Optional(Type.Boolean()),
  changeId: Type.Optional(Text('For undo')),
}

export const resultOf = (members: Readonly<Record<string, TSchema>>): TSchema => Type.Object({ ...NOW, ...members })

/** `count` tasks were written; `tasks` has the first of them. */
export const WrittenTasks = resultOf({
  ...WRITTEN,
  count: Type.Integer(),
  tasks: Type.Array(Type.Object({})),
})

export const Written = (members: Readonly<Record<string, TSchema>>): TSchema => resultOf({ ...WRITTEN, ...members })

/** Finds a shared schema by its id, because clients cannot. */
type Schemas = (id: string) => unknown

/** A schema as the list of tools shows it: without keywords that are only for our validator, for examples and for generated clients. */
export function shown(schema: unknown, schemas: Schemas): unknown {
  if (Array.isArray(schema)) return schema.map((each) => shown(each, schemas))
  if (typeof schema !== 'object' || schema === null) return schema
  // TypeBox' own members are not enumerable.
  const { $ref: reference, ...members } = schema as Members
  if (typeof reference === 'string') {
    return shown({ ...Object(schemas(reference.replace(/#$/, ''))), ...members }, schemas)
  }
  const kept = Object.entries(members).filter(([keyword, value]) => !isHidden(keyword, value))
  return Object.fromEntries(
    kept.map(([keyword, value]) => {
      if (keyword === 'properties') return [keyword, shownProperties(value as Members, schemas)]
      if (keyword !== 'items') return [keyword, shown(value, schemas)]
      // The list is described already.
      return [keyword, shown({ ...Object(value), description: '' }, schemas)]
    }),
  )
}

const HIDDEN = new Set(['examples', '$id', 'uniqueItems', 'default', 'discriminator', 'minLength', 'minItems'])

/** The formats of JSON Schema that we use. Some clients refuse a schema with one that they do not know. */
const STANDARD_FORMATS = new Set(['date-time', 'date', 'uuid'])

const isHidden = (keyword: string, value: unknown): boolean =>
  HIDDEN.has(keyword) ||
  keyword.startsWith('x-') ||
  (keyword === 'format' && !STANDARD_FORMATS.has(String(value))) ||
  (keyword === 'description' && (value === '' || value === undefined))

/** Their names are those of members, and not keywords. */
const shownProperties = (properties: Members, schemas: Schemas): object =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, shown(schema, schemas)]))

/** An answer's schema as tools show it: types alone, because results explain themselves. */
export function plainType(schema: unknown): TSchema {
  const { type, items } = schema as { readonly type?: unknown; readonly items?: unknown }
  return Type.Unsafe({ ...(type !== undefined && { type }), ...(items !== undefined && { items: plainType(items) }) })
}
