import {
  isContinuedBy,
  LOG_POSITION,
  logPositionOf,
  logState,
  newestEntryOf,
  type LogPosition,
  type LogState,
} from '../../db/change-log.ts'
import type { UserSql } from '../../db/sql.ts'
import type { Statement } from '../../db/wire/statement.ts'
import { Problem } from '../../errors.ts'
import { readSyncCursor } from '../../http/sync-cursor.ts'
import { theOnly } from '../../lib/the-only.ts'
import type { TaskBatch } from './schema.ts'

/** What the client of a batch has seen of the log. */
interface Seen {
  readonly seq: number
  /** The newest entry at that time, if the client sent a cursor. */
  readonly head?: LogPosition
}

/** The first of the tasks $1 with an entry after the seq $2, and the state of the log, with the id of its entry $3. */
const UNSEEN: Statement = {
  name: 'tasks.unseen',
  text: `select ${LOG_POSITION} as position, ${logState('$3::bigint')},
    (select given.id from unnest($1::uuid[]) with ordinality as given (id, place)
     where $2::bigint < (${newestEntryOf('given.id', 'seq')})
     order by place limit 1) as id`,
}

interface Found extends LogState {
  readonly position: string
  readonly id: string | null
}

/** @throws Problem invalid_cursor (400), invalid_input (422) if both are given */
export function seenBy(sql: UserSql, { ifSeq, ifCursor }: Pick<TaskBatch, 'ifSeq' | 'ifCursor'>): Seen | undefined {
  if (ifCursor === undefined) return ifSeq === undefined ? undefined : { seq: ifSeq }
  if (ifSeq !== undefined) {
    throw Problem.invalid([
      { in: 'body', pointer: '/ifCursor', detail: 'ifCursor contains a seq: send it without ifSeq' },
    ])
  }
  const { seq, head, loadedTo } = readSyncCursor(sql.userId, ifCursor)
  // During an initial load the client does not have everything up to any seq.
  return { seq: loadedTo === undefined ? seq : 0, head }
}

/**
 * Refuses a batch that would overwrite a change which its client has not seen. The log must be locked, so that no other change
 * comes in between.
 *
 * @param ids the tasks of the operations that name one, in lower case; undefined for the others
 * @throws Problem precondition_failed (412)
 */
export async function refuseUnseen(sql: UserSql, seen: Seen, ids: readonly (string | undefined)[]): Promise<void> {
  const named = ids.filter((id) => id !== undefined)
  const { seq, head } = seen
  const state = theOnly(await sql.row<Found>(UNSEEN, [named, seq, head?.seq ?? null]))
  // A seq alone does not show which log it is from.
  const isContinued = head === undefined ? seq >= state.purgedSeq : isContinuedBy(state, { seq, head })
  if (!isContinued || seq > logPositionOf(state.position).seq) {
    throw new Problem(
      'precondition_failed',
      'Nothing was changed: what you have seen is older than the change log, or the log was replaced by a backup. Load everything again with GET /api/changes',
    )
  }
  if (state.id === null) return
  throw new Problem(
    'precondition_failed',
    `Nothing was changed: task ${state.id} was changed after seq ${seq}. Read GET /api/changes and decide again`,
    { body: { failedOperation: ids.indexOf(state.id) } },
  )
}

const DELETED: Statement = {
  name: 'tasks.deleted',
  text: `select given.id from unnest($1::uuid[]) as given (id)
    where 'delete' = (${newestEntryOf('given.id', 'op')})`,
}

/** Those of the tasks that were deleted, as far as the log goes back. */
export async function deletedAmong(sql: UserSql, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  return new Set((await sql.rows<{ id: string }>(DELETED, [ids])).map(({ id }) => id))
}
