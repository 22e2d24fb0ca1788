import { dueText } from './dates.ts'
import { PRIORITY_NAMES, STATUS_NAMES, type Task, type TaskPatch } from './task.ts'
import { h, type Element } from './tree.ts'
import { FIELD_NAMES, fieldsOf, type Write } from './writes.ts'

const DID: Readonly<Record<Write['kind'], string>> = {
  create: 'was not added',
  change: 'was not changed',
  complete: 'was not changed',
  delete: 'was not deleted',
  undo: 'was not undone',
}

/** A write that the service has refused. Nothing of it is lost until the user decides. */
export function troubleCard(write: Write, zone: string, now: Date): Element | undefined {
  const { trouble, title, kind, key } = write
  if (trouble === undefined) return undefined
  const text = (value: TaskPatch[keyof TaskPatch], field: keyof TaskPatch): string => valueText(value, field, zone, now)
  const { heading, body, actions } =
    trouble.kind === 'conflict'
      ? {
          heading: `“${title}” was changed elsewhere`,
          body: kind === 'delete' ? theirsOfDeletion(trouble.theirs) : versions(write, trouble.theirs, text),
          actions:
            kind === 'delete'
              ? [
                  ['mine', 'Delete it'],
                  ['theirs', 'Keep it'],
                ]
              : [
                  ['mine', 'Use mine'],
                  ['theirs', 'Keep theirs'],
                  ['both', 'Keep both'],
                ],
        }
      : {
          heading: `“${title}” ${DID[kind]}`,
          body: [h('p', {}, trouble.detail), typed(write, text)],
          actions:
            kind === 'create'
              ? [
                  ['rewrite', 'Write again'],
                  ['theirs', 'Discard'],
                ]
              : kind === 'change'
                ? [
                    ['both', 'Add as a new task'],
                    ['theirs', 'Discard'],
                  ]
                : [['theirs', 'Close']],
        }
  return h(
    'section',
    { class: 'card trouble', 'data-key': key, 'aria-label': heading },
    h('h2', {}, heading),
    body,
    h(
      'div',
      { class: 'actions' },
      actions.map(([does, label]) => h('button', { type: 'button', 'data-do': does }, label ?? '')),
    ),
  )
}

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

const typed = ({ kind, patch }: Write, text: Show): Element | false =>
  kind === 'change' &&
  h(
    'dl',
    { class: 'versions' },
    fieldsOf(patch).map((field) => [
      h('dt', {}, FIELD_NAMES[field]),
      h('dd', {}, h('span', { class: 'side' }, 'Yours'), h('span', { class: 'value' }, text(patch[field], field))),
    ]),
  )

function valueText(value: TaskPatch[keyof TaskPatch], field: keyof TaskPatch, zone: string, now: Date): string {
  if (value === null || value === undefined || value.length === 0) return 'None'
  if (typeof value !== 'string') return value.map((tag) => `#${tag}`).join(' ')
  if (field === 'dueDate') return dueText(value, zone, now)
  if (field === 'priority') return PRIORITY_NAMES[value as Task['priority']]
  return field === 'status' ? STATUS_NAMES[value as Task['status']] : value
}
