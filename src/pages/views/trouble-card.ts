import { dueText } from './dates.ts'
import { PRIORITY_NAMES, STATUS_NAMES, type Task, type TaskPatch } from './task.ts'
import { h, type Child, type Element } from './tree.ts'
import { FIELD_NAMES, fieldsOf, type Trouble, type Write } from './writes.ts'

const DID: Readonly<Record<Write['kind'], string>> = {
  create: 'was not added',
  change: 'was not changed',
  complete: 'was not changed',
  delete: 'was not deleted',
  undo: 'was not undone',
}

type Action = readonly [does: string, label: string]

/** A write that the service has refused. Nothing of it is lost until the user decides. */
export function troubleCard(write: Write, zone: string, now: Date): Element | undefined {
  const { trouble, title, kind, key } = write
  if (trouble === undefined) return undefined
  const text = (value: TaskPatch[keyof TaskPatch], field: keyof TaskPatch): string => valueText(value, field, zone, now)
  const isConflict = trouble.kind === 'conflict'
  const heading = isConflict ? `“${title}” was changed elsewhere` : `“${title}” ${DID[kind]}`
  const body = isConflict
    ? kind === 'delete'
      ? theirsOfDeletion(trouble.theirs)
      : versions(write, trouble.theirs, text)
    : [h('p', {}, trouble.detail), typed(write, text)]
  return h(
    'section',
    { class: 'card trouble', 'data-key': key, 'aria-label': heading },
    h('h2', {}, heading),
    body,
    h(
      'div',
      { class: 'actions' },
      actionsOf(kind, trouble).map(([does, label]) => h('button', { type: 'button', 'data-do': does }, label)),
    ),
  )
}

function actionsOf(kind: Write['kind'], trouble: Trouble): readonly Action[] {
  if (trouble.kind === 'conflict') {
    return kind === 'delete'
      ? [
          ['mine', 'Delete it'],
          ['theirs', 'Keep it'],
        ]
      : [
          ['mine', 'Use mine'],
          ['theirs', 'Keep theirs'],
          ['both', 'Keep both'],
        ]
  }
  if (kind !== 'create' && kind !== 'change') return [['theirs', 'Close']]
  return [
    ...(trouble.isGone === true ? [] : CORRECTIONS),
    ...(kind === 'change' ? ([['both', 'Add as a new task']] as const) : []),
    ['theirs', 'Discard'],
  ]
}

const CORRECTIONS: readonly Action[] = [
  ['correct', 'Edit'],
  ['again', 'Send again'],
]

const theirsOfDeletion = (theirs: Task): Element =>
  h('p', {}, `It is called “${theirs.title}” now, and was changed after you last saw it. Delete it anyway?`)

type Show = (value: TaskPatch[keyof TaskPatch], field: keyof TaskPatch) => string

/** Both versions of each field that the user has changed. */
const versions = ({ patch }: Write, theirs: Task, text: Show): Element =>
  h(
    'dl',
    { class: 'versions' },
    fieldsOf(patch).map((field) => [
      h('dt', {}, FIELD_NAMES[field]),
      h('dd', {}, h('span', { class: 'side' }, 'Theirs'), h('span', { class: 'value' }, text(theirs[field], field))),
      h('dd', {}, h('span', { class: 'side' }, 'Yours'), h('span', { class: 'value' }, text(patch[field], field))),
    ]),
  )

/** What the user has typed, unless the heading has all of it. */
const typed = ({ kind, patch }: Write, text: Show): Child => {
  const fields = fieldsOf(patch).filter((field) => kind === 'change' || (kind === 'create' && field !== 'title'))
  return (
    fields.length > 0 &&
    h(
      'dl',
      { class: 'versions' },
      fields.map((field) => [
        h('dt', {}, FIELD_NAMES[field]),
        h('dd', {}, h('span', { class: 'side' }, 'Yours'), h('span', { class: 'value' }, text(patch[field], field))),
      ]),
    )
  )
}

function valueText(value: TaskPatch[keyof TaskPatch], field: keyof TaskPatch, zone: string, now: Date): string {
  if (value === null || value === undefined || value.length === 0) return 'None'
  if (typeof value !== 'string') return value.map((tag) => `#${tag}`).join(' ')
  if (field === 'dueDate') return dueText(value, zone, now)
  if (field === 'priority') return PRIORITY_NAMES[value as Task['priority']]
  return field === 'status' ? STATUS_NAMES[value as Task['status']] : value
}
