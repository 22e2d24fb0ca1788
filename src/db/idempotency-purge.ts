import { KEPT } from './idempotency.ts'
import type { Scopes } from './scopes.ts'
import type { Statement } from './wire/statement.ts'

/** Maximum number of rows that one transaction deletes, to keep transactions short. */
const BATCH_ROWS = 1000

// The condition on created_at limits the scan: without it each batch would read all expired rows.
const PURGE: Statement = {
  name: 'idempotency.purge',
  text: `with expired as (
           select user_id, key, created_at from idempotency_keys where created_at < now() - ${KEPT}
           order by created_at limit ${BATCH_ROWS} for update skip locked
         ), purged as (
           delete from idempotency_keys k using expired e
           where k.user_id = e.user_id and k.key = e.key and k.created_at <= (select max(created_at) from expired)
           returning 1
         )
         select count(*) as rows from purged`,
}

/** Deletes expired keys in batches, until a batch is not full or the signal is aborted. @returns the number of rows deleted */
export async function purgeIdempotencyKeys(db: Pick<Scopes, 'asSystem'>, signal?: AbortSignal): Promise<number> {
  let purged = 0
  for (;;) {
    const batch = await db.asSystem('purge idempotency keys', (sql) => sql.row<{ rows: number }>(PURGE))
    const rows = batch?.rows ?? 0
    purged += rows
    if (rows < BATCH_ROWS || signal?.aborted === true) return purged
  }
}
