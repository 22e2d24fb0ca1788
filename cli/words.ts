import { dayIn } from '../src/pages/views/dates.ts'
import { readLine, type Chip, type QuickAdd } from '../src/pages/views/quick-add.ts'
import { PRIORITIES, PRIORITY_NAMES, type Priority } from '../src/pages/views/task.ts'
import { Failure } from './failure.ts'
import { neutral } from './text.ts'

/** The words of a command: the line of the page (src/pages/views/quick-add.ts), and options that set the same fields. */

/** Where and when the words are read. */
export interface Moment {
  readonly now: Date
  /** The IANA time zone of the computer. */
  readonly zone: string
}

const DUE_WORDS = 'today, tomorrow, a weekday, or a date such as 2026-12-24, and after it a time such as 17:00'

/** @param isPlain all words are text @throws Failure (usage) for a `due:` that is not understood */
export function readWords(words: readonly string[], { now, zone }: Moment, isPlain = false): QuickAdd {
  const line = words.join(' ').trim()
  if (isPlain) return { task: { title: line }, chips: [] }
  const read = readLine(line, zone, dayIn(zone, now), new Set())
  const left = read.task.title.split(' ').find((word) => /^due:/i.test(word))
  if (left === undefined) return read
  throw new Failure('usage', `${left} is not understood: write due: and ${DUE_WORDS}. With --plain it is text.`)
}

/** @throws Failure (usage) */
export function readDue(text: string, { now, zone }: Moment): { readonly dueDate: string; readonly label: string } {
  const { task, chips } = readLine(text, zone, dayIn(zone, now), new Set())
  const [chip] = chips
  if (task.title === '' && chips.length === 1 && chip?.kind === 'due' && task.dueDate !== undefined) {
    return { dueDate: task.dueDate ?? '', label: chip.label }
  }
  throw new Failure('usage', `--due takes ${DUE_WORDS}.`)
}

/** @throws Failure (usage) */
export function readPriority(text: string): Priority {
  const priority = PRIORITIES.find((each) => each === text.toUpperCase())
  if (priority !== undefined) return priority
  throw new Failure('usage', `--priority takes ${PRIORITIES.join(', ').toLowerCase()}.`)
}

/** A tag, written with or without its `#`. */
export const readTag = (text: string): string => text.replace(/^#/, '')

/** The options that set a field, by which a command line of a shell needs no quotes. */
export interface FieldOptions {
  readonly due?: string | undefined
  readonly priority?: string | undefined
  readonly tag?: readonly string[] | undefined
  readonly plain?: boolean | undefined
}

/**
 * The words and the options together. @throws Failure (usage), also when both set the same field
 */
export function readTask(words: readonly string[], options: FieldOptions, moment: Moment): QuickAdd {
  const { task, chips } = readWords(words, moment, options.plain)
  const set: { priority?: Priority; dueDate?: string } = {}
  const more: Chip[] = []
  if (options.priority !== undefined) {
    refuseBoth('priority', task.priority)
    set.priority = readPriority(options.priority)
    more.push({ kind: 'priority', words: options.priority, label: `${PRIORITY_NAMES[set.priority]} priority` })
  }
  const tags = (options.tag ?? []).map(readTag)
  for (const tag of tags) more.push({ kind: 'tag', words: tag, label: `#${tag}` })
  if (options.due !== undefined) {
    refuseBoth('due', task.dueDate)
    const { dueDate, label } = readDue(options.due, moment)
    set.dueDate = dueDate
    more.push({ kind: 'due', words: options.due, label })
  }
  const all = [...new Set([...(task.tags ?? []), ...tags])]
  return { task: { ...task, ...set, ...(all.length > 0 && { tags: all }) }, chips: [...chips, ...more] }
}

function refuseBoth(option: string, read: unknown): void {
  if (read !== undefined) throw new Failure('usage', `The words and --${option} set the same field: use one of them.`)
}

/** What was understood, in one line for a person. */
export const understood = ({ task, chips }: QuickAdd): string =>
  [task.title, ...chips.map(({ label }) => label)].filter(Boolean).map(neutral).join(' · ')
