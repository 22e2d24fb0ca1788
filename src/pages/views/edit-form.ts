import { dayIn, instantOf, isDay, timeIn } from './dates.ts'
import {
  PRIORITIES,
  PRIORITY_NAMES,
  STATUS_NAMES,
  type Priority,
  type Status,
  type Task,
  type TaskPatch,
} from './task.ts'
import { h, type Element } from './tree.ts'
import { isSame } from './writes.ts'

/** The form that takes the place of a row. */
export function editForm(task: Task, zone: string): Element {
  const [dueDay, dueTime] = partsOf(task.dueDate, zone)
  return h(
    'form',
    { class: 'edit', 'aria-label': `Edit ${task.title}`, novalidate: true },
    labelled(
      'Title',
      h('input', { name: 'title', maxlength: 200, value: task.title, required: true, autocomplete: 'off' }),
    ),
    labelled('Notes', h('textarea', { name: 'description', rows: 3, maxlength: 10_000 }, task.description ?? '')),
    h(
      'div',
      { class: 'fields' },
      labelled('Due', h('input', { name: 'day', type: 'date', value: dueDay })),
      labelled('At, or the whole day', h('input', { name: 'time', type: 'time', value: dueTime })),
      labelled(
        'Priority',
        options(
          'priority',
          PRIORITIES.map((each) => [each, PRIORITY_NAMES[each]]),
          task.priority,
        ),
      ),
      labelled('Status', options('status', Object.entries(STATUS_NAMES), task.status)),
      labelled(
        'Tags, separated by commas',
        h('input', { name: 'tags', value: task.tags.join(', '), autocomplete: 'off' }),
      ),
    ),
    h('p', { class: 'fault', role: 'alert' }),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'submit', class: 'primary' }, 'Save'),
      h('button', { type: 'button', 'data-do': 'cancel' }, 'Cancel'),
    ),
  )
}

const labelled = (label: string, control: Element): Element => h('label', {}, h('span', {}, label), control)

const options = (name: string, all: readonly (readonly [value: string, text: string])[], value: string): Element =>
  h(
    'select',
    { name },
    all.map(([each, text]) => h('option', { value: each, selected: each === value }, text)),
  )

/** The day and the time of the form; no time for a whole day. */
function partsOf(dueDate: string | null, zone: string): readonly [day: string, time: string] {
  if (dueDate === null || isDay(dueDate)) return [dueDate ?? '', '']
  const at = new Date(dueDate)
  return [dayIn(zone, at), timeIn(zone, at)]
}

/** An instant whose parts were not changed keeps its seconds. */
function dueOf(day: string, time: string, { dueDate }: Task, zone: string): string | null {
  const [oldDay, oldTime] = partsOf(dueDate, zone)
  if (day === oldDay && time === oldTime) return dueDate
  return day === '' ? null : time === '' ? day : instantOf(zone, day, time)
}

/** What the form changes of the task: only fields that the user has changed. */
export function patchOf(values: ReadonlyMap<string, string>, task: Task, zone: string): TaskPatch {
  const value = (name: string): string => values.get(name) ?? ''
  const tags = value('tags')
    .split(',')
    .map((tag) => tag.trim())
  const all: TaskPatch = {
    title: value('title').trim(),
    description: value('description').trim() === '' ? null : value('description'),
    dueDate: dueOf(value('day'), value('time'), task, zone),
    // The options of the form are these values.
    priority: value('priority') as Priority,
    status: value('status') as Status,
    tags: value('tags') === task.tags.join(', ') ? task.tags : [...new Set(tags.filter((tag) => tag !== ''))],
  }
  return Object.fromEntries(Object.entries(all).filter(([name, each]) => !isSame(each, task[name as keyof TaskPatch])))
}
