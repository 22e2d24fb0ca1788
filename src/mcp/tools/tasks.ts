import type { TSchema } from 'typebox'
import { Type } from 'typebox'
import type { Members } from '../protocol.ts'
import type { Clock } from './clock.ts'
import { plainType, Text } from './shapes.ts'
import type { Properties, Source } from './source.ts'

/** What a model needs to recognize a task, and to choose what to do with it. */
export const USUAL_FIELDS = ['id', 'title', 'status', 'priority', 'dueDate', 'tags'] as const

/** Says nothing to a model: all tasks have the same user. */
const ALWAYS_HIDDEN = new Set(['userId'])

const WEEKDAY = 'Weekday'

/** Tasks as results have them. */
export interface TaskForm {
  /** The schema of the usual members, of which only the id is always there. Others can be there too. */
  readonly schema: TSchema
  /**
   * Members without a value (null, or an empty list) are left out. Times are those of the clock's zone, each with its weekday.
   *
   * @param fields all by default
   */
  present(this: void, task: unknown, clock: Clock, fields?: readonly string[]): Members
}

export function taskFormOf(source: Source): TaskForm {
  const properties = source.members('Task')
  const times = new Set(Object.keys(properties).filter((name) => isTime(properties[name])))
  return {
    schema: Type.Object({ id: Text(), ...optionalMembers(properties, times) }),
    present: (task, clock, fields) => present(task as Members, { clock, times, fields }),
  }
}

interface Presenting {
  readonly clock: Clock
  readonly times: ReadonlySet<string>
  readonly fields?: readonly string[] | undefined
}

function present(task: Members, { clock, times, fields }: Presenting): Members {
  const members: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(task)) {
    const isWanted = fields === undefined ? !ALWAYS_HIDDEN.has(name) : fields.includes(name)
    if (!isWanted || value === null || (Array.isArray(value) && value.length === 0)) continue
    const local = times.has(name) && typeof value === 'string' ? clock.local(value) : undefined
    members[name] = local?.time ?? value
    if (local !== undefined) members[name + WEEKDAY] = local.weekday
  }
  return members
}

function optionalMembers(properties: Properties, times: ReadonlySet<string>): Properties {
  const members = USUAL_FIELDS.flatMap((name) => {
    const schema = properties[name]
    if (name === 'id' || schema === undefined) return []
    const own = [[name, Type.Optional(plainType(schema))]] as const
    return times.has(name) ? [...own, [name + WEEKDAY, Type.Optional(Text())] as const] : own
  })
  return Object.fromEntries(members)
}

/** `due`: an instant or a day. */
const TIMES = new Set(['date-time', 'date', 'due'])

/** Whether the member is an instant or a day: by its format, or that of one of its alternatives. */
function isTime(schema: unknown): boolean {
  const {
    format,
    anyOf = [],
    oneOf = [],
  } = Object(schema) as {
    readonly format?: string
    readonly anyOf?: readonly unknown[]
    readonly oneOf?: readonly unknown[]
  }
  return (format !== undefined && TIMES.has(format)) || [...anyOf, ...oneOf].some(isTime)
}
