import { momentText } from './dates.ts'
import { quoted } from './quoted.ts'
import { actorText, type Actor } from './history-text.ts'
import { h, type Child, type Element } from './tree.ts'
import { FIELD_NAMES } from './writes.ts'

/** The texts of the dialog in which a user takes back what an app, a token or a service did. */

const HOUR_MS = 60 * 60_000
/** How long the history reaches back. */
const HISTORY_DAYS = 90

export const SPANS = [
  ['hour', 'The last hour'],
  ['today', 'Today'],
  ['day', 'The last 24 hours'],
  ['all', 'Everything that can be undone'],
] as const

/** @param now in the zone of the browser, in which its day begins. @returns the instant at which a span of {@link SPANS} begins */
export function sinceOf(span: string, now: Date): string {
  if (span === 'today') return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString()
  const hours = span === 'hour' ? 1 : span === 'day' ? 24 : 24 * HISTORY_DAYS
  return new Date(now.getTime() - hours * HOUR_MS).toISOString()
}

/** Something that an undo leaves as it is: an element of `skipped` or `conflicts` in the answer. */
export interface Left {
  readonly id: string
  readonly field: string | null
  readonly change: { readonly at: string; readonly actor: Actor } | null
}

/** What an undo would do, or has done. */
export interface Outcome {
  /** Tasks that were set back. */
  readonly tasks: number
  /** Each task once. */
  readonly left: readonly Left[]
}

const counted = (count: number, one: string, many: string): string =>
  count === 1 ? `1 ${one}` : `${count.toLocaleString('en-GB')} ${many}`
export const tasksText = (count: number): string => counted(count, 'task', 'tasks')
export const changesText = (count: number): string => counted(count, 'change', 'changes')

/** The tasks that stay as they are, with the reason. */
export const leftList = (left: readonly Left[], titles: ReadonlyMap<string, string>, zone: string): Child =>
  left.length > 0 && [
    h('p', {}, `${left.length === 1 ? '1 task stays' : `${tasksText(left.length)} stay`} as you see them now:`),
    h(
      'ul',
      // Its scrolling needs the keyboard too.
      { class: 'left', tabindex: 0, 'aria-label': 'Tasks that stay' },
      left.map((each) => leftRow(each, titles.get(each.id), zone)),
    ),
  ]

function leftRow({ field, change }: Left, title: string | undefined, zone: string): Element {
  const name = title === undefined ? 'A task that is not there any more' : quoted(title)
  if (change === null) return h('li', {}, name, ': it cannot be restored or set back any more.')
  const known =
    field !== null && Object.hasOwn(FIELD_NAMES, field) ? FIELD_NAMES[field as keyof typeof FIELD_NAMES] : field
  const what = known === null ? 'it was changed' : `${known.toLowerCase()} was changed`
  const who = change.actor.kind === 'session' ? 'you' : actorText(change.actor)
  return h('li', {}, name, `: ${what} later by `, h('bdi', {}, who), `, ${momentText(change.at, zone)}.`)
}
