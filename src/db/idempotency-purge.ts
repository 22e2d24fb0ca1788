import { KEPT } from './idempotency.ts'
import type { Scopes } from './scopes.ts'
import type { Statement } from './wire/statement.ts'

/** Rows a transaction deletes at most, so that none is long. */
const BATCH_ROWS = 1000

// Up to the youngest of the batch: without that bound a batch would read through all that waits to be purged.
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

/** Deletes what has expired, batch by batch until none is full or the signal comes. @returns how many rows */
export async function purgeIdempotencyKeys(db: Pick<Scopes, 'asSystem'>, signal?: AbortSignal): Promise<number> {
  let purged = 0
  for (;;) {
    const batch = await db.asSystem('purge idempotency keys', (sql) => sql.row<{ rows: number }>(PURGE))
    const rows = batch?.rows ?? 0
    purged += rows
    if (rows < BATCH_ROWS || signal?.aborted === true) return purged
  }
}
