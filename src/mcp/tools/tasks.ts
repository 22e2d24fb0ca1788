import type { TSchema } from 'typebox'
import { Type } from 'typebox'
import type { Members } from '../protocol.ts'
import { costOf, cutList, cutText } from './budget.ts'
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
   * Members without a value (null, or an empty list) are left out. Times are those of the clock's zone, each with its weekday. Long texts
   * and lists are cut, and `cut` names them.
   */
  present(this: void, task: unknown, clock: Clock, fields: readonly string[]): Members
  /** All members. Only if they are too many for a result, texts are cut, the description before others. */
  presentWhole(this: void, task: unknown, clock: Clock, costMax: number): Members
  /** The same members, with times in the zone of the clock, each with its weekday. */
  inZone(this: void, members: Members, clock: Clock): Members
}

export function taskFormOf(source: Source): TaskForm {
  const properties = source.members('Task')
  const times = new Set(Object.keys(properties).filter((name) => isTime(properties[name])))
  return {
    schema: Type.Object({ id: Text(), ...optionalMembers(properties, times) }),
    present: (task, clock, fields) =>
      shortened(
        inZone(
          kept(task as Members, (name) => fields.includes(name)),
          { clock, times },
        ),
        TEXT_COST,
      ),
    presentWhole(task, clock, costMax) {
      const members = inZone(
        kept(task as Members, (name) => !ALWAYS_HIDDEN.has(name)),
        { clock, times },
      )
      return costOf(members) <= costMax ? members : shortenedTo(costMax, members)
    },
    inZone: (members, clock) => inZone(members, { clock, times }),
  }
}

/** What a text or list of a task may take in a list of tasks. */
const TEXT_COST = 80
/** The same in a task alone that is too large, but for its description. */
const LONE_TEXT_COST = 250
/** What `cut` takes. */
const CUT_COST = 20

function kept(task: Members, isWanted: (name: string) => boolean): Members {
  const isEmpty = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(task).filter(([name, value]) => isWanted(name) && !isEmpty(value)))
}

function inZone(
  task: Members,
  { clock, times }: { readonly clock: Clock; readonly times: ReadonlySet<string> },
): Members {
  const members: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(task)) {
    const local = times.has(name) && typeof value === 'string' ? clock.local(value) : undefined
    members[name] = local?.time ?? value
    if (local !== undefined) members[name + WEEKDAY] = local.weekday
  }
  return members
}

/** @returns with `cut`, the names of members of which only the beginning is there */
export function shortened(members: Members, costMax: number): Members {
  const short = Object.entries(members).map(([name, value]) => [name, shortValue(value, costMax)] as const)
  const cut = short.flatMap(([name, value]) => (value === members[name] ? [] : [name]))
  return cut.length === 0 ? members : { ...Object.fromEntries(short), cut }
}

function shortValue(value: unknown, costMax: number): unknown {
  if (typeof value === 'string') return cutText(value, costMax)
  return Array.isArray(value) ? cutList(value, costMax) : value
}

function shortenedTo(costMax: number, { description, ...others }: Members): Members {
  const { cut = [], ...short } = shortened(others, LONE_TEXT_COST)
  if (typeof description !== 'string') return { ...short, cut }
  const shownDescription = cutText(description, costMax - costOf(short) - CUT_COST)
  // The names of `shortened`.
  const names = cut as readonly string[]
  return {
    ...short,
    description: shownDescription,
    cut: shownDescription === description ? names : [...names, 'description'],
  }
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
