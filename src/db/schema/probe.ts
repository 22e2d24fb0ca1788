import type { ClientBase } from 'pg'

const RESULT_KEPT =
  "insert into public.idempotency_keys (key, fingerprint, result) select 'probe', ''::bytea, null where false returning 1"

/**
 * Statements of each kind that requests send, with conditions that match no row. PostgreSQL checks privileges and whether the
 * transaction is read-only nevertheless, and writes nothing to any table or to its log. The function reads the tables of users and
 * sessions, which may belong to another auth server, as its owner.
 */
const probeOf = (statements: readonly string[]): string => `
  with ${[RESULT_KEPT, ...statements].map((statement, index) => `probe_${index} as (${statement})`).join(',\n')}
  select public.todo_prove('session', array[''], null), public.todo_prove('service', array[''], null)`

/**
 * One round trip.
 *
 * @param client in a transaction under the serving role
 * @param statements of the tables that requests use
 * @throws pg's error if the serving role cannot do what requests need: 42501 (a privilege was revoked), 25006 (a standby, or
 *   read-only by default)
 */
export async function probeWrites(client: Pick<ClientBase, 'query'>, statements: readonly string[]): Promise<void> {
  await client.query(probeOf(statements))
}
