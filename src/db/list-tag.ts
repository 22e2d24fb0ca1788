import { hash } from 'node:crypto'
import { LOG_POSITION } from './change-log.ts'

const TAG_BYTES = 18

/** What the entity tag of a list is made of in addition to the user's data, and the tags that the client has. */
export interface ListCondition {
  /** A hash of everything in the request and the service that the answer depends on. */
  readonly request: string
  /** The tags of `If-None-Match`, `*` among them for any; null without the header. */
  readonly known: readonly string[] | null
}

/** A text expression: what the answer depends on beside the request, the log and the user. @param clock see {@link listTag} */
const shownIn = (clock: string): string => `concat_ws(' ', todo_task_format(), ${clock})`

/**
 * A common table expression `list` with one row: the `position` of the change log, the `etag` of the list, and `is_known`, whether the client
 * has it. The rest of the statement reads rows only where {@link LIST_IS_NEW}, so an unchanged list costs this row.
 *
 * The position names one exact state of all that the user has: every change moves it, and after a restored backup it has another change
 * id. So the tag is computed without reading that state.
 *
 * @param request the parameter with {@link ListCondition.request}
 * @param known the parameter with {@link ListCondition.known}
 * @param clock a text expression for what the answer takes from the clock
 */
export const listTag = (request: string, known: string, clock = `''`): string => `list as materialized (
    select position, etag, coalesce(etag = any (${known}::text[]) or '*' = any (${known}::text[]), false) as is_known from (
      select position, concat('"', encode(substr(sha256(convert_to(concat_ws(' ',
        ${request}::text, position, ${shownIn(clock)}, current_setting('app.user_id', true)), 'UTF8')), 1, ${TAG_BYTES}), 'hex'), '"') as etag
      from (select ${LOG_POSITION} as position offset 0) log offset 0
    ) tagged)`

/** A condition that the executor checks once, before it reads anything of the scan below. */
export const LIST_IS_NEW = 'not (select is_known from list)'

/** The select items that every statement with {@link listTag} returns, from a query in which `list` is visible. */
export const LIST_STATE = `(select position from list) as position, (select etag from list) as etag,
      (select is_known from list) as "isKnown"`

/**
 * The select items of a statement that compares no tags, and so has no {@link listTag}: for a request without `If-None-Match`. The process
 * computes the tag ({@link listState}). PostgreSQL spent a sixth of its time for a page of 20 tasks on computing and comparing it.
 */
export const untagged = (clock = `''`): string => `${LOG_POSITION} as position, ${shownIn(clock)} as shown`

/** The row of a statement with {@link LIST_STATE}. */
export interface ListState {
  readonly position: string
  readonly etag: string
  /** Whether the client has the list already. Then nothing else was read. */
  readonly isKnown: boolean
}

/** What {@link untagged} gives. */
export interface Untagged {
  readonly position: string
  readonly shown: string
}

/** The state of a list that was read without comparing tags. The tag is the one that {@link listTag} computes. */
export function listState(
  { position, shown }: Untagged,
  { request }: Pick<ListCondition, 'request'>,
  userId: string,
): ListState {
  const digest = hash('sha256', `${request} ${position} ${shown} ${userId}`, 'hex')
  return { position, etag: `"${digest.slice(0, 2 * TAG_BYTES)}"`, isKnown: false }
}
