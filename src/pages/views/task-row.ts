import { dueText, isLate } from './dates.ts'
import { PRIORITY_NAMES, type Task } from './task.ts'
import { h, type Element } from './tree.ts'
import type { Mark } from './writes.ts'

export interface RowContext {
  readonly zone: string
  readonly now: Date
  /** What the row says of its changes. */
  readonly mark?: Mark | undefined
}

/** A row of the list. `data-do` names what a click on an element does. */
export function taskRow(task: Task, context: RowContext): Element {
  const isDone = task.status === 'COMPLETED'
  return h(
    'div',
    { class: isDone ? 'task done' : 'task', role: 'listitem', 'data-id': task.id, tabindex: -1 },
    h(
      'button',
      {
        type: 'button',
        class: 'check',
        role: 'checkbox',
        'aria-checked': String(isDone),
        'aria-label': `Complete ${task.title}`,
        'data-do': 'complete',
      },
      icon(CHECK),
    ),
    h(
      'div',
      { class: 'words' },
      h('button', { type: 'button', class: 'title', dir: 'auto', 'data-do': 'edit', title: 'Edit' }, task.title),
      meta(task, context),
    ),
    context.mark !== undefined &&
      h('span', { class: context.mark, title: MARKS[context.mark][1] }, MARKS[context.mark][0]),
    h(
      'button',
      {
        type: 'button',
        class: 'quiet remove',
        'aria-label': `Delete ${task.title}`,
        title: 'Delete',
        'data-do': 'delete',
      },
      icon(CROSS),
    ),
  )
}

const MARKS: Readonly<Record<Mark, readonly [text: string, title: string]>> = {
  waiting: ['Waiting', 'Not sent yet; kept in this browser'],
  undecided: ['Not saved', 'Needs your decision, above the list'],
}

const CHECK = 'M5 12.5l4.5 4.5L19 7.5'
const CROSS = 'M6 6l12 12M18 6L6 18'

export const icon = (path: string): Element =>
  h('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, h('path', { d: path }))

function meta(task: Task, { zone, now }: RowContext): Element | false {
  const { dueDate, priority, tags, description, status } = task
  const parts = [
    priority !== 'MEDIUM' &&
      h('span', { class: `priority ${priority.toLowerCase()}` }, `${PRIORITY_NAMES[priority]} priority`),
    dueDate !== null &&
      h(
        'time',
        {
          datetime: dueDate,
          class: status !== 'COMPLETED' && isLate(dueDate, zone, now) ? 'due late' : 'due',
        },
        dueText(dueDate, zone, now),
      ),
    status === 'IN_PROGRESS' && h('span', {}, 'In progress'),
    tags.map((tag) =>
      h('button', { type: 'button', class: 'tag', dir: 'auto', 'data-do': 'tag', 'data-tag': tag }, `#${tag}`),
    ),
    description !== null && h('span', { class: 'note', dir: 'auto' }, firstLine(description)),
  ]
  const isEmpty = parts.every((part) => part === false || (Array.isArray(part) && part.length === 0))
  return !isEmpty && h('div', { class: 'meta' }, ...parts)
}

const NOTE_LENGTH_MAX = 80

const firstLine = (text: string): string => {
  const [line = ''] = text.trim().split('\n')
  return line.length > NOTE_LENGTH_MAX ? `${line.slice(0, NOTE_LENGTH_MAX)}…` : line
}
