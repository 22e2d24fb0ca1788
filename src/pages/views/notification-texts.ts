import type { Task } from './task.ts'
import { addressOf } from './view.ts'

/** An element of `GET /api/notifications`. */
export interface Notification {
  readonly id: string
  readonly taskId: string
  /** The task as it is now; null if it was deleted. */
  readonly task: Task | null
  /** When the reminder was due. */
  readonly at: string
  readonly readAt: string | null
}

/** The search takes at most 10 words and 200 characters. */
const WORDS_MAX = 5
const LENGTH_MAX = 100
const WORD = /[\p{L}\p{Nd}][\p{L}\p{Nd}\p{M}]*/gu

/**
 * The part of the address of `/` after the path that lists the tasks with the words of a title, open or done.
 *
 * @returns undefined for a title without words, which the search cannot find
 */
export function listOf(title: string): string | undefined {
  const words = (title.match(WORD) ?? []).slice(0, WORDS_MAX).join(' ')
  // By code points: half a surrogate pair is no text.
  const q = Array.from(words).slice(0, LENGTH_MAX).join('').trim()
  return q === '' ? undefined : addressOf({ completed: 'any', q })
}

export const readText = (count: number): string =>
  count === 0 ? 'All were read already.' : count === 1 ? 'Marked 1 as read.' : `Marked ${count} as read.`
