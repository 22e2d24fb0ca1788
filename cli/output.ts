import { stdout } from 'node:process'
import { styleText } from 'node:util'
import type { Task } from '../client/index.ts'
import { dueText, isLate } from '../src/pages/views/dates.ts'
import { PRIORITY_NAMES, type Priority } from '../src/pages/views/task.ts'
import { jsonLine, neutral, fitted, padded, widthOf } from './text.ts'
import type { Moment } from './words.ts'

/** What a command has done. `--json` prints it, and always with all members. */
export interface Report {
  /** Tasks as the service has them: those of the list, or those that were added or changed. */
  readonly tasks: readonly Task[]
  /** Ids of tasks that were deleted. */
  readonly deleted: readonly string[]
  /** The id of the change in the history, which `todo undo` takes; null if nothing was changed. */
  readonly changeId: string | null
  /** Whether the list has further tasks. */
  readonly more: boolean
  readonly error: ReportedError | null
}

export interface ReportedError {
  readonly code: string
  readonly message: string
}

/** A report, and the same for a person. */
export interface Outcome extends Partial<Report> {
  readonly lines: readonly string[]
}

const EMPTY: Report = { tasks: [], deleted: [], changeId: null, more: false, error: null }

export const reportLine = (report: Partial<Report>): string => jsonLine({ ...EMPTY, ...report })

type Style = Parameters<typeof styleText>[0]

/** With colours only on a terminal that shows them, and not with `NO_COLOR`. */
export const styled = (style: Style, text: string, stream: NodeJS.WriteStream = stdout): string =>
  text === '' ? text : styleText(style, text, { stream })

/** The width of the terminal; into a file or pipe everything is written. */
const widthOfOutput = (): number => (stdout.isTTY ? Math.max(20, stdout.columns) : Infinity)

const MARKS: Readonly<Record<Priority, string>> = { URGENT: '!!', HIGH: '!', MEDIUM: '', LOW: '↓' }
const STATES: Readonly<Record<Task['status'], string>> = { TODO: ' ', IN_PROGRESS: '▸', COMPLETED: '✓' }
const GAP = '  '

/** One line for each task: number, state, priority, when it is due, title and tags. */
export function table(tasks: readonly Task[], numberOf: (id: string) => number | undefined, moment: Moment): string[] {
  const rows = tasks.map((task) => ({
    task,
    number: String(numberOf(task.id) ?? ''),
    due: task.dueDate === null ? '' : dueText(task.dueDate, moment.zone, moment.now),
  }))
  const numberWidth = Math.max(0, ...rows.map(({ number }) => number.length))
  const dueWidth = Math.max(0, ...rows.map(({ due }) => widthOf(due)))
  const markWidth = tasks.some(({ priority }) => MARKS[priority] !== '') ? 2 : 0
  const hasStates = tasks.some(({ status }) => status !== 'TODO')
  return rows.map(({ task, number, due }) => {
    const mark = padded(MARKS[task.priority], markWidth)
    const parts = [
      styled('dim', number.padStart(numberWidth)),
      ...(hasStates ? [styled('green', STATES[task.status])] : []),
      ...(markWidth > 0 ? [styled(task.priority === 'URGENT' ? 'red' : 'yellow', mark)] : []),
      ...(dueWidth > 0 ? [styled(isOverdue(task, moment) ? 'red' : 'cyan', padded(due, dueWidth))] : []),
    ]
    const before = numberWidth + Number(hasStates) + markWidth + dueWidth + GAP.length * parts.length
    return [...parts, titleAndTags(task, Math.max(8, widthOfOutput() - before))].join(GAP)
  })
}

function titleAndTags({ title, tags, status }: Task, columns: number): string {
  const cut = fitted(neutral(title), columns)
  const left = columns - widthOf(cut) - 1
  const tagged = tags.map((tag) => `#${neutral(tag)}`).join(' ')
  const shown = styled(status === 'COMPLETED' ? 'dim' : 'bold', cut)
  return tagged === '' || left < 4 ? shown : `${shown} ${styled('blue', fitted(tagged, left))}`
}

const isOverdue = ({ dueDate, status }: Task, { now, zone }: Moment): boolean =>
  dueDate !== null && status !== 'COMPLETED' && isLate(dueDate, zone, now)

/** Such as `High priority, due tomorrow`: the fields of a task that are set. */
export function about({ priority, dueDate, tags }: Task, { zone, now }: Moment): string {
  return [
    ...(priority === 'MEDIUM' ? [] : [`${PRIORITY_NAMES[priority]} priority`]),
    ...tags.map((tag) => `#${neutral(tag)}`),
    ...(dueDate === null ? [] : [`due ${dueText(dueDate, zone, now)}`]),
  ].join(' · ')
}

/** The fields of a task that a person changes, and their names in messages. */
export const FIELD_NAMES: Readonly<Record<string, string>> = {
  title: 'title',
  description: 'notes',
  status: 'status',
  priority: 'priority',
  dueDate: 'due',
  timezone: 'time zone',
  recurrence: 'recurrence',
  tags: 'tags',
}
