import type { ClientBase } from 'pg'

/**
 * Every kind of statement that a request sends, of which none finds or makes a row: PostgreSQL checks the rights of the role
 * and whether the transaction is read-only all the same, and writes nothing to any table or to its log. The two functions
 * read the tables of users and sessions as their owner, which may be another auth server's.
 */
const PROBE = `
  with
    task_created as (insert into public.tasks (id, title) select gen_random_uuid(), 'probe' where false returning 1),
    task_changed as (update public.tasks set title = title, version = version where false returning 1),
    task_deleted as (delete from public.tasks where false returning 1),
    result_kept as (
      insert into public.idempotency_keys (key, fingerprint, result) select 'probe', ''::bytea, null where false returning 1),
    key_put as (
      insert into public.user_api_keys (provider, key_id, encrypted_key, masked_key, validation_status)
      select 'probe', gen_random_uuid(), '', '', '' where false returning 1),
    key_deleted as (delete from public.user_api_keys where false returning 1),
    read_recorded as (
      insert into public.user_api_key_reads (id, provider, service, request_id)
      select gen_random_uuid(), '', '', '' where false returning 1)
  select public.todo_session_user(array['']), public.todo_known_user('')
  from (select id, json from public.tasks where false) task
  right join (select true) always on true`

/**
 * One round trip.
 *
 * @param client in a transaction under the serving role
 * @throws pg's error when the serving role cannot do what requests ask of it: 42501 (a right was revoked), 25006 (a standby, or
 *   read-only by default)
 */
export async function probeWrites(client: Pick<ClientBase, 'query'>): Promise<void> {
  await client.query(PROBE)
}
