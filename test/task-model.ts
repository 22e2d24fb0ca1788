/** A simple second implementation of the list of tasks, with which the service is compared. */

export interface ModelTask {
  readonly id: string
  readonly version: number
  readonly title: string
  readonly description: string | null
  readonly status: string
  readonly priority: string
  readonly dueDate: string | null
  readonly tags: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
}

export interface Asked {
  readonly status?: readonly string[]
  readonly priority?: readonly string[]
  readonly tag?: readonly string[]
  readonly tagMode?: string
  readonly completed?: boolean
  readonly due?: string
  readonly timezone?: string
  /** An instant or a day. */
  readonly dueBefore?: string
  readonly dueAfter?: string
  readonly createdBefore?: string
  readonly createdAfter?: string
  readonly updatedSince?: string
  readonly q?: string
  readonly sort?: readonly string[]
  /** Sorts by relevance first; only with `q`. */
  readonly relevance?: boolean
  readonly fields?: readonly string[]
}

/** The parameters in the form of a URL, each followed by `&`. */
export function parametersOf({ relevance, sort = [], ...asked }: Asked): string {
  const sorts = [...(relevance === true && asked.q !== undefined ? ['relevance'] : []), ...sort]
  return Object.entries({ ...asked, ...(sorts.length > 0 ? { sort: sorts } : {}) })
    .map(([name, value]) => {
      const text = Array.isArray(value)
        ? value.map((each: string) => encodeURIComponent(each.replace(/[\\,]/g, '\\$&'))).join(',')
        : encodeURIComponent(String(value))
      return `${name}=${text}&`
    })
    .join('')
}

/** The matching tasks, in order. @param userZone the time zone of a query that names none */
export function select(tasks: readonly ModelTask[], given: Asked, now: string, userZone = 'UTC'): ModelTask[] {
  const zone = given.timezone ?? userZone
  const asked = { ...given, timezone: zone }
  const { q, relevance = false, sort = [] } = asked
  const names = sort.length === 0 && !(relevance && q !== undefined) ? ['-createdAt'] : sort
  return tasks
    .filter((task) => matches(task, asked, now))
    .toSorted((a, b) => {
      if (relevance && q !== undefined) {
        const difference = rank(b, q) - rank(a, q)
        if (difference !== 0) return difference
      }
      for (const [at, name] of names.entries()) {
        const difference = compare(a, b, name, zone)
        if (difference !== 0) return difference
        // As the first key, an instant comes before a day with the same deadline.
        const days = Number(isDay(a.dueDate)) - Number(isDay(b.dueDate))
        if (at === 0 && !relevance && name.endsWith('dueDate') && days !== 0) return name.startsWith('-') ? -days : days
      }
      const last = names.at(-1)
      return (last === undefined || last.startsWith('-') ? -1 : 1) * (a.id < b.id ? -1 : 1)
    })
}

const STATUSES = ['TODO', 'IN_PROGRESS', 'COMPLETED']
const PRIORITIES = ['LOW', 'MEDIUM', 'HIGH', 'URGENT']

const isDay = (due: string | null): boolean => due?.length === 10

/** The first instant of a day. */
const startOf = (day: string, zone: string): number =>
  Temporal.PlainDate.from(day).toZonedDateTime({ timeZone: zone }).epochMilliseconds

const dayAfter = (day: string): string => Temporal.PlainDate.from(day).add({ days: 1 }).toString()

/** A day is due until its last millisecond. */
const deadline = (due: string, zone: string): number =>
  isDay(due) ? startOf(dayAfter(due), zone) - 1 : Date.parse(due)

function compare(a: ModelTask, b: ModelTask, name: string, zone: string): number {
  const direction = name.startsWith('-') ? -1 : 1
  const [left, right] = [keyOf(a, name.replace('-', ''), zone), keyOf(b, name.replace('-', ''), zone)]
  if (left === right) return 0
  if (left === null || right === null) return left === null ? 1 : -1
  return (left < right ? -1 : 1) * direction
}

function keyOf(task: ModelTask, name: string, zone: string): string | number | null {
  switch (name) {
    case 'priority':
      return PRIORITIES.indexOf(task.priority)
    case 'status':
      return STATUSES.indexOf(task.status)
    case 'title':
      return ` ${wordsOf(task.title).join(' ')} `
    case 'dueDate':
      return task.dueDate === null ? null : deadline(task.dueDate, zone)
    case 'updatedAt':
      return Date.parse(task.updatedAt)
    default:
      return Date.parse(task.createdAt)
  }
}

function matches(task: ModelTask, asked: Asked & { readonly timezone: string }, now: string): boolean {
  const { status, priority, tag, tagMode, completed, dueBefore, dueAfter, createdBefore, createdAfter } = asked
  const { updatedSince, q, timezone } = asked
  const at = (text: string): number => Date.parse(text)
  const has = (each: string): boolean => task.tags.includes(each)
  const due = task.dueDate === null ? NaN : deadline(task.dueDate, timezone)
  const start = (bound: string): number => (isDay(bound) ? startOf(bound, timezone) : at(bound))
  const end = (bound: string): number => (isDay(bound) ? startOf(dayAfter(bound), timezone) - 1 : at(bound))
  return (
    (status?.includes(task.status) ?? true) &&
    (priority?.includes(task.priority) ?? true) &&
    (tag === undefined || (tagMode === 'all' ? tag.every(has) : tag.some(has))) &&
    (completed === undefined || completed === (task.status === 'COMPLETED')) &&
    isDue(task, asked, now) &&
    (dueBefore === undefined || due < start(dueBefore)) &&
    (dueAfter === undefined || due > end(dueAfter)) &&
    (createdBefore === undefined || at(task.createdAt) < at(createdBefore)) &&
    (createdAfter === undefined || at(task.createdAt) > at(createdAfter)) &&
    (updatedSince === undefined || at(task.updatedAt) >= at(updatedSince)) &&
    (q === undefined || wordsSought(q).every((word, at) => rankOfWord(task, word, at < 3) > 0))
  )
}

function isDue({ dueDate, status }: ModelTask, { due, timezone = 'UTC' }: Asked, now: string): boolean {
  if (due === undefined) return true
  if (dueDate === null) return due === 'none'
  const day = (text: string): string =>
    isDay(text) ? text : new Date(text).toLocaleDateString('sv-SE', { timeZone: timezone })
  const monday = (text: string): string => {
    const local = new Date(`${day(text)}T00:00:00Z`)
    local.setUTCDate(local.getUTCDate() - ((local.getUTCDay() + 6) % 7))
    return local.toISOString()
  }
  switch (due) {
    case 'overdue':
      return deadline(dueDate, timezone) < Date.parse(now) && status !== 'COMPLETED'
    case 'today':
      return day(dueDate) === day(now)
    case 'week':
      return monday(dueDate) === monday(now)
    default:
      return false
  }
}

const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

const rank = (task: ModelTask, q: string): number =>
  wordsSought(q).reduce((sum, word, at) => sum + rankOfWord(task, word, at < 3), 0)

const wordsSought = (q: string): string[] => [...new Set(wordsOf(q))]

/** 0 if the word does not occur. A typo is tolerated in title and tags. */
function rankOfWord({ title, tags, description }: ModelTask, word: string, toleratesTypos: boolean): number {
  const parts = [wordsOf(title), tags.flatMap(wordsOf), wordsOf(description ?? '')]
  const [inTitle = [], inTags = [], inDescription = []] = parts
  const begins = (other: string): boolean => other.startsWith(word)
  // A space counts as a letter, so one word may match two.
  const nearly = (words: readonly string[]): boolean =>
    [...words, ...words.slice(1).map((next, at) => `${words[at]} ${next}`)].some((other) => isOneEdit(word, other))
  if (inTitle.includes(word)) return 6
  if (inTitle.some(begins)) return 5
  if (inTags.some(begins)) return 4
  if (inDescription.some(begins)) return 3
  if (!toleratesTypos || word.length < 4 || /\d/.test(word)) return 0
  if (nearly(inTitle)) return 2
  // The database joins the tags in alphabetical order, but no pair of them resembles a search word of these tests.
  return nearly(inTags) ? 1 : 0
}

function isOneEdit(a: string, b: string): boolean {
  let start = 0
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++
  const [restA, restB] = [a.slice(start), b.slice(start)]
  const isSwap = restA.length > 1 && restA.slice(0, 2) === `${restB.charAt(1)}${restB.charAt(0)}`
  return (
    (restA.slice(1) === restB.slice(1) && restA.length > 0 && restB.length > 0) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (isSwap && restA.slice(2) === restB.slice(2))
  )
}
