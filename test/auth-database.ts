import { Pool, types } from 'pg'
import { clientDefaults, enterServingRole } from '../src/db/wire/connection.ts'
import { openServedDatabase, SERVER_URL, withClient } from './databases.ts'

/** A migrated database for the auth server's code. */
export interface AuthDatabase extends AsyncDisposable {
  readonly systemRole: string
  readonly onServer: boolean
  /** The pool of the service, under the serving role; on the embedded database it has only one connection. */
  pool(max?: number): Pool
  /** Runs a statement as the owner, to whom no policy applies. */
  asOwner<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

export async function openAuthDatabase(): Promise<AuthDatabase> {
  await using opened = new AsyncDisposableStack()
  const served = opened.use(await openServedDatabase({ DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0' }))
  const { db, env } = served
  const url = env['DATABASE_URL']
  const closing = opened.move()
  return {
    systemRole: db.roles.system,
    onServer: SERVER_URL !== undefined,
    pool: (max = 1) => {
      if (max === 1 || url === undefined) return db.pool
      const pool = new Pool({
        ...clientDefaults,
        connectionString: url,
        max,
        // oxlint-disable-next-line typescript/no-misused-promises -- declared as void, but the pool waits for it
        onConnect: (client) => enterServingRole(client, db.roles.serving, 1_600),
      })
      pool.on('error', () => undefined)
      closing.defer(() => pool.end())
      return pool
    },
    asOwner: async <Row extends object>(text: string, values: readonly unknown[] = []) => {
      const query = { text, values: [...values], types }
      const { rows } =
        url === undefined
          ? await served.asOwner((client) => client.query<Row>(query))
          : await withClient(url, (client) => client.query<Row>(query))
      return rows
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}
