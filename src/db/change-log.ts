import { theOnly } from '../lib/the-only.ts'
import type { Principal } from '../principal.ts'
import type { UserSql } from './sql.ts'
import type { Statement } from './wire/statement.ts'

/**
 * A position in the change log of a user, as SQL gives it: the seq of the newest entry and the id of the request that made it. The
 * id tells apart two logs that have an entry of this seq: that of before a backup was restored, and that of afterwards.
 */
export interface LogPosition {
  /** 0 where the log has no entry. */
  readonly seq: number
  readonly changeId: string
}

/**
 * An SQL expression: the position of the log of the scope's user, in the snapshot of the statement that contains it. Text, for
 * {@link logPositionOf}. The function gives that of a log without entries (migrations/0024_log_position.up.sql).
 */
export const LOG_POSITION = `coalesce(
    (select concat(seq, ' ', change_id) from changes
     where user_id = $user order by seq desc limit 1),
    todo_empty_log_position())`

/** The {@link LOG_POSITION} as a statement of its own. */
export const READ_POSITION: Statement = { name: 'changes.position', text: `select ${LOG_POSITION} as position` }

/** The position of the log now, for work that has changed nothing. */
export const positionNow = async (sql: UserSql): Promise<string> =>
  theOnly(await sql.row<{ position: string }>(READ_POSITION)).position

/** A condition on an entry: it is a change, and not a notification, which stands in the log for its place among the changes. */
export const IS_CHANGE = `type <> 'reminder'`

/**
 * A query of the newest entry of a task. Each task is looked up by itself, however long its history is: for `exists` the planner may prefer
 * to read all of the user's entries.
 *
 * @param id an SQL expression
 */
export const newestEntryOf = (id: string, columns: string): string =>
  `select ${columns} from changes where user_id = $user and type = 'task' and entity_id = ${id} order by seq desc limit 1`

/** What a statement says of the log, for {@link isContinuedBy}. */
export interface LogState {
  /** The newest purged seq, 0 for none. */
  readonly purgedSeq: number
  /** The id at the seq that was asked for; null if the log has no such entry. */
  readonly headId: string | null
}

/** The select items of a {@link LogState}. @param seq an SQL expression: the seq of the head of a position */
export const logState = (
  seq: string,
): string => `coalesce((select purged_seq from change_logs where user_id = $user), 0) as "purgedSeq",
  coalesce(
    (select change_id from changes where user_id = $user and seq = ${seq}),
    (select purged_change_id from change_logs where user_id = $user and purged_seq = ${seq}),
    (select change_id from change_log_origin where ${seq} = 0)) as "headId"`

/** Whether the log has every entry after `seq`, and is the one that had `head`: not one that was restored from a backup. */
export const isContinuedBy = (
  { purgedSeq, headId }: LogState,
  { seq, head }: { readonly seq: number; readonly head: LogPosition },
): boolean => seq >= purgedSeq && headId === head.changeId

/**
 * A condition of a statement that locks or changes rows of a table with a `user_id`. For a row that was found by its key and meets
 * `condition` it locks the change log of its user, before the row is locked. Everything that changes a user's rows locks the log
 * before rows, so that two transactions of a user cannot wait for each other. CASE, because PostgreSQL evaluates conditions in an
 * order of its own: a statement that will change nothing should not wait. The number is that of `todo_log()`.
 */
export const lockingLog = (condition = 'true'): string =>
  `case when ${condition} then pg_advisory_xact_lock(hashtextextended(user_id, 8))::text is not null end`

/** The same as a statement of its own: what is read after it stays as it is until the transaction ends. */
export const LOCK_LOG: Statement = {
  name: 'changes.lock',
  text: `select pg_advisory_xact_lock(hashtextextended($1, 8))::text`,
}

const WRITTEN = 'written'

/**
 * For the RETURNING of a statement that changes an entity: the position of the entry that its trigger has logged, marked as one of this
 * transaction. A {@link LOG_POSITION} can be that of another request.
 */
export const WRITTEN_POSITION = `concat(current_setting('app.log_position', true), ' ${WRITTEN}')`

/**
 * An SQL expression: deletes those of the entities for good that are in the trash of the scope's user, and gives how many they were
 * (`todo_erase()` in migrations/0010_trash.up.sql). What a statement deletes is in the trash when its RETURNING is evaluated.
 *
 * @param type an SQL expression: the kind of entity
 * @param ids an SQL expression: an array of uuid
 */
export const erasing = (type: string, ids: string): string => `public.todo_erase(${type}, ${ids})`

/** Proves the principals of $1 and gives the {@link LOG_POSITION} of each, or null, in their order. */
export const POSITIONS: Statement = { name: 'scope.positions', text: 'select public.todo_positions($1) as position' }

/** The parameter of {@link POSITIONS}: each principal needs what its request needs. */
export const principalsValue = (principals: readonly Principal[]): string =>
  JSON.stringify(principals.map(({ kind, proof, origin }) => ({ kind, proof, needs: origin?.needs })))

/** @param text of {@link LOG_POSITION} or {@link WRITTEN_POSITION} */
export function logPositionOf(text: string): LogPosition {
  const [seq = '', changeId = ''] = text.split(' ')
  return { seq: Number(seq), changeId }
}

/** The id of the change that the transaction of this position has made; undefined if it has made none. */
export function writtenChangeId(text: string): string | undefined {
  const [, changeId, mark] = text.split(' ')
  return mark === WRITTEN ? changeId : undefined
}

/** The newest of some positions that one transaction read and wrote; of two with one seq, the one that says that it was written. */
export const newestPosition = (texts: readonly string[]): string | undefined =>
  texts.toSorted((a, b) => logPositionOf(b).seq - logPositionOf(a).seq || b.length - a.length)[0]
