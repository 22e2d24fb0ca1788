import type { Scopes } from '../db/scopes.ts'
import type { SystemSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { JobKind, RunningJob } from '../jobs/kind.ts'
import type { JobRequest } from '../jobs/queue.ts'
import { theOnly } from '../lib/the-only.ts'
import type { Principal } from '../principal.ts'
import { eraseHistory, eraseOldest } from './store.ts'

const HOUR_MS = 60 * 60_000
/** Fewer than a request, because the user's writes wait for the transaction. */
const ERASED_AT_ONCE = 200
/**
 * For a transaction, which changes up to 10 000 entries of the log. On a usual machine it takes a third of a second; on a slow one, or
 * where the user's writes hold the lock, the job still makes progress.
 */
const BUDGET = { budgetMs: 10_000 }

type Db = Pick<Scopes, 'asUser' | 'asSystem'>

/** The background work of the trash. Each step is a short transaction, so that the user's requests are not blocked for long. */
export const trashJobs = (db: Db): readonly JobKind[] => [
  { name: 'expire-trash', everyMs: HOUR_MS, run: ({ signal }) => expireTrash(db, signal) },
  { name: EMPTY_TRASH, run: (job) => emptyTrash(db, job) },
  { name: 'erase-history', run: (job) => eraseLongHistory(db, job) },
]

const EMPTY_TRASH = 'empty-trash'

/** A job that deletes for good what is left in the trash of its user, up to this seq: not what is deleted later. */
export const emptyingUpTo = (seq: string): JobRequest => ({ name: EMPTY_TRASH, reference: { seq } })

async function emptyTrash(db: Db, { principal, reference, signal }: RunningJob): Promise<void> {
  let erased: number
  do {
    erased = await db.asUser(
      userOf(principal),
      (sql) => eraseOldest(sql, ERASED_AT_ONCE, String(reference['seq'])),
      BUDGET,
    )
  } while (erased > 0 && !signal.aborted)
  signal.throwIfAborted()
}

/** Enqueued by `todo_erase_entity()` in migrations/0010_trash.up.sql, for an entity with more entries than one transaction erases. */
async function eraseLongHistory(db: Db, { principal, reference, signal }: RunningJob): Promise<void> {
  const [type, id, deletedSeq] = [reference['type'], reference['id'], reference['deletedSeq']].map(String)
  const history = { type: type ?? '', id: id ?? '', deletedSeq: deletedSeq ?? '' }
  let next: string | null = String(reference['nextSeq'])
  while (next !== null) {
    signal.throwIfAborted()
    const nextSeq: string = next
    next = await db.asUser(userOf(principal), (sql) => eraseHistory(sql, { ...history, nextSeq }), BUDGET)
  }
}

function userOf(principal: Principal | undefined): Principal {
  if (principal === undefined) throw new Error('the job has no user')
  return principal
}

const EXPIRE: Statement = { name: 'trash.expire', text: 'select public.todo_expire_trash($1) as last' }

/** Deletes for good what is too old, one user after the other. */
async function expireTrash(db: Db, signal: AbortSignal): Promise<void> {
  let after: string | null = ''
  while (after !== null && !signal.aborted) {
    const from: string = after
    const expire = async (sql: SystemSql): Promise<string | null> =>
      theOnly(await sql.row<{ last: string | null }>(EXPIRE, [from])).last
    after = await db.asSystem('delete old trash', expire, BUDGET)
  }
}
