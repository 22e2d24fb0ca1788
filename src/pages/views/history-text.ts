import { dueText } from './dates.ts'
import { quoted } from './quoted.ts'
import { PRIORITY_NAMES, STATUS_NAMES } from './task.ts'
import type { Child } from './tree.ts'
import { FIELD_NAMES } from './writes.ts'

/** Who made a change, as the history names it. */
export interface Actor {
  readonly kind: string | null
  readonly name: string | null
}

/** An entry of `GET /api/history`. */
export interface HistoryEntry {
  readonly id: string
  readonly at: string
  readonly actor: Actor
  readonly operation: string | null
  readonly undoes: readonly string[]
  readonly undoneBy: string | null
  readonly changeCount: number
  readonly changes: readonly HistoryChange[]
}

export interface HistoryChange {
  readonly id: string
  readonly op: string
  readonly before: Values | null
  readonly after: Values | null
  readonly erased: boolean
}
type Values = Readonly<Record<string, unknown>>

const OPS: Readonly<Record<string, string>> = { create: 'Added', update: 'Changed', delete: 'Deleted' }
/** Changes that others follow from, and that the service makes itself. */
const SILENT = new Set(['id', 'userId', 'createdAt', 'updatedAt', 'completedAt', 'version'])

/** Who made a change, if it was not the user. */
export const actorText = ({ kind, name }: Actor): string =>
  kind === 'session' ? 'You' : kind === null ? 'The operator' : (name ?? kind)

/** What an entry did, in one line; its first change stands for the others. */
export function entryText(
  { changes, changeCount, undoes }: HistoryEntry,
  titleOf: (id: string) => string | undefined,
): Child {
  const [first] = changes
  if (first === undefined) return 'Changed nothing'
  const name = first.erased
    ? 'a task that was deleted for good'
    : quoted(titleIn(first) ?? titleOf(first.id) ?? 'a task')
  const did = undoes.length > 0 ? 'Undid a change of' : (OPS[first.op] ?? first.op)
  return [`${did} `, name, changeCount > 1 && ` and ${changeCount - 1} more`]
}

export const titleIn = ({ before, after }: HistoryChange): string | undefined => {
  const title = after?.['title'] ?? before?.['title']
  return typeof title === 'string' ? title : undefined
}

/** The fields that an update changed: `Priority: Medium → High`. */
export function detailText({ changes }: HistoryEntry, zone: string, now: Date): string {
  const [first] = changes
  if (first === undefined || first.op !== 'update' || first.before === null || first.after === null) return ''
  const { before, after } = first
  return Object.keys(after)
    .filter((name) => !SILENT.has(name))
    .map((name) => {
      const label = Object.hasOwn(FIELD_NAMES, name) ? FIELD_NAMES[name as keyof typeof FIELD_NAMES] : name
      return `${label}: ${valueText(name, before[name], zone, now)} → ${valueText(name, after[name], zone, now)}`
    })
    .join(' · ')
}

const VALUE_LENGTH_MAX = 60

function valueText(name: string, value: unknown, zone: string, now: Date): string {
  if (value === null || value === undefined || value === '') return 'none'
  if (name === 'dueDate' && typeof value === 'string') return dueText(value, zone, now)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((each) => `#${String(each)}`).join(' ')
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const names: Readonly<Record<string, string>> = { ...PRIORITY_NAMES, ...STATUS_NAMES }
  if ((name === 'priority' || name === 'status') && Object.hasOwn(names, text)) return names[text] ?? text
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text
}
