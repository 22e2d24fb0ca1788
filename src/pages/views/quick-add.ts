import { dayAfter, dayText, instantOf, isDay, nearDayText } from './dates.ts'
import { PRIORITY_NAMES, type Priority, type TaskPatch } from './task.ts'

/** Words of the line that set a field. They are shown as chips before anything is sent, and each can be turned back into text. */
export interface Chip {
  readonly kind: 'priority' | 'tag' | 'due'
  /** The words as they were typed. */
  readonly words: string
  /** What they set, in full. */
  readonly label: string
}

export interface QuickAdd {
  readonly task: TaskPatch & { readonly title: string }
  readonly chips: readonly Chip[]
}

const PRIORITY_WORDS: Readonly<Record<string, Priority>> = {
  '!urgent': 'URGENT',
  '!high': 'HIGH',
  '!medium': 'MEDIUM',
  '!low': 'LOW',
}
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const TIME = /^(?:[01]?\d|2[0-3]):[0-5]\d$/
const TAG = /^#([^\s#,]{1,50})$/

interface Reading {
  readonly words: readonly string[]
  readonly zone: string
  readonly today: string
  readonly isText: (words: string) => boolean
}

/**
 * Reads `Buy milk !high #home tomorrow 17:00`: one priority, any tags, and one day with or without a time, and with or without `due:`
 * before it. All other words are the title.
 *
 * @param plain words that the user has turned back into text
 */
export function readLine(line: string, zone: string, today: string, plain: ReadonlySet<string>): QuickAdd {
  const words = line.trim().split(/\s+/)
  const reading: Reading = { words, zone, today, isText: (each) => plain.has(each) }
  const title: string[] = []
  const chips: Chip[] = []
  const set: { priority?: Priority; dueDate?: string } = {}
  const tags: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const priority = reading.isText(word) ? undefined : PRIORITY_WORDS[word.toLowerCase()]
    const [, tag] = (!reading.isText(word) && TAG.exec(word)) || []
    const due = readDue(reading, at)
    if (priority !== undefined && set.priority === undefined) {
      set.priority = priority
      chips.push({ kind: 'priority', words: word, label: `${PRIORITY_NAMES[priority]} priority` })
    } else if (tag !== undefined) {
      if (!tags.includes(tag)) chips.push({ kind: 'tag', words: word, label: `#${tag}` })
      if (!tags.includes(tag)) tags.push(tag)
    } else if (due !== undefined && set.dueDate === undefined) {
      set.dueDate = due.dueDate
      chips.push({ kind: 'due', words: due.words, label: due.label })
      at += due.length - 1
    } else title.push(word)
  }
  return { task: { title: title.join(' '), ...set, ...(tags.length > 0 && { tags }) }, chips }
}

interface Due {
  readonly dueDate: string
  readonly words: string
  readonly label: string
  /** How many words it takes. */
  readonly length: number
}

function readDue({ words, zone, today, isText }: Reading, at: number): Due | undefined {
  const day = dayOfWord((words[at] ?? '').toLowerCase().replace(/^due:/, ''), today)
  if (day === undefined) return undefined
  const [second = '', third = ''] = [words[at + 1], words[at + 2]]
  const isAt = second.toLowerCase() === 'at' && TIME.test(third)
  const length = isAt ? 3 : TIME.test(second) ? 2 : 1
  const typed = words.slice(at, at + length).join(' ')
  if (isText(typed)) return undefined
  const time = length === 1 ? undefined : (isAt ? third : second).padStart(5, '0')
  const near = nearDayText(day, today)
  const date = dayText(day, today)
  const label = `Due ${near === date ? date : `${near.toLowerCase()}, ${date}`}${time === undefined ? '' : `, ${time}`}`
  return { dueDate: time === undefined ? day : instantOf(zone, day, time), words: typed, label, length }
}

/** The day that a word names: a weekday is the next one, and never today. */
function dayOfWord(word: string, today: string): string | undefined {
  if (word === 'today') return today
  if (word === 'tomorrow') return dayAfter(today, 1)
  if (/^\d{4}-\d\d-\d\d$/.test(word)) return isDay(word) ? word : undefined
  const weekday = WEEKDAYS.indexOf(word)
  if (weekday === -1) return undefined
  const days = (weekday - new Date(`${today}T00:00:00Z`).getUTCDay() + 7) % 7
  return dayAfter(today, days === 0 ? 7 : days)
}
