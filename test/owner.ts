import type { ClientBase, Pool } from 'pg'
import type { Database } from '../src/db/database.ts'
import { Connection, type ConnectionConfig } from '../src/db/wire/connection.ts'
import { SET_FOR_SESSION } from '../src/db/wire/settings.ts'

/** SQL as the owner of a database, to whom no policy applies. */
export interface Owner extends AsyncDisposable {
  /**
   * The session has the settings of the service's own, without time limits. It ends with the work: its transaction is rolled back,
   * and its locks and settings are gone.
   */
  asOwner<T>(this: void, work: (client: ClientBase) => Promise<T>): Promise<T>
}

/** What tests prepare and inspect may take long on a busy machine. */
const ENTER = `select ${SET_FOR_SESSION}, set_config('statement_timeout', '0', false)`

export const openOwner = ({ pool, embeddedIn }: Pick<Database, 'pool' | 'embeddedIn'>): Owner =>
  embeddedIn === undefined ? onServer(pool.options) : onEmbedded(pool)

/**
 * Keeps its connection. To the pool's connections it does nothing, so that they keep their prepared statements: a new one costs
 * PostgreSQL 20 ms of CPU time until it has planned its first statements.
 */
function onServer(config: ConnectionConfig): Owner {
  let kept: Connection | undefined
  const opened = async (): Promise<Connection> => {
    const client = new Connection(config)
    client.on('error', () => undefined) // the query that fails reports it
    await client.connect()
    await client.query(ENTER)
    return client
  }
  const take = async (): Promise<Connection> => {
    const client = kept
    kept = undefined
    if (client === undefined) return await opened()
    // The server may have ended it since.
    return await client.query(ENTER).then(() => client, opened)
  }
  const giveBack = async (client: Connection): Promise<void> => {
    try {
      if (client.getTransactionStatus() !== 'I') await client.query('rollback')
      await client.query('discard all')
    } catch {
      return // its work has ended the connection
    }
    // Works overlap, too.
    if (kept === undefined) kept = client
    else await client.end()
  }
  return {
    asOwner: async (work) => {
      const client = await take()
      try {
        return await work(client)
      } finally {
        await giveBack(client)
      }
    },
    [Symbol.asyncDispose]: async () => await kept?.end(),
  }
}

/** The embedded database has one connection, which is the pool's. */
function onEmbedded(pool: Pool): Owner {
  return {
    asOwner: async (work) => {
      const client = await pool.connect()
      try {
        await client.query('reset role; set statement_timeout = 0')
        return await work(client)
      } finally {
        // A new connection has the serving role again.
        client.release(true)
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}
