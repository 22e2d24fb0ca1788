import { KEPT } from './idempotency.ts'
import { purge, PURGED_ROWS } from './purge.ts'
import type { Scopes } from './scopes.ts'
import type { Statement } from './wire/statement.ts'

// The condition on created_at limits the scan: without it each batch would read all expired rows.
const PURGE: Statement = {
  name: 'idempotency.purge',
  text: `with expired as (
           select user_id, key, created_at from idempotency_keys where created_at < now() - ${KEPT}
           order by created_at limit ${PURGED_ROWS} for update skip locked
         ), purged as (
           delete from idempotency_keys k using expired e
           where k.user_id = e.user_id and k.key = e.key and k.created_at <= (select max(created_at) from expired)
           returning 1
         )
         select count(*) as rows from purged`,
}

/** Deletes expired keys, until none is left or the signal is aborted. @returns the number of rows deleted */
export const purgeIdempotencyKeys = (db: Pick<Scopes, 'asSystem'>, signal?: AbortSignal): Promise<number> =>
  purge(db, 'purge idempotency keys', PURGE, signal)
