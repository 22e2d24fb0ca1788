import {
  AbortedTransactionError,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import { escapeIdentifier, types, type Pool, type QueryResult as PgResult } from 'pg'
import { isOutdatedConnection, unavailable, unknownOutcome } from './wire/failures.ts'
import { borrow, unbounded, type Lease, type TimeBudget } from './wire/lease.ts'
import { BEGIN, SET_FOR_TRANSACTION } from './wire/settings.ts'

export interface SystemDialectOptions {
  /** Stays the caller's: destroying the Kysely instance does not end it. */
  readonly pool: Pool
  /** The role every statement runs as. */
  readonly role: string
  /** The time budget of the caller. Unbounded by default. */
  readonly timeBudget?: () => TimeBudget
  /** Called with every error before it is thrown, because better-auth swallows some. */
  readonly onError?: (error: unknown) => void
}

/**
 * Kysely for the embedded auth server, on the service's own pool. The pool's connections run as the serving role, which has no
 * privileges on the auth tables. Here every statement runs in a transaction that sets the system role, which ends with the
 * transaction: no connection returns to the pool with that role, and transaction poolers work too.
 *
 * All statements of a Kysely transaction run on its connection, so a pool of one is enough.
 *
 * @throws Problem unavailable (503) if the database is unreachable, no connection became available in time or the time budget is
 *   used up; outcome_unknown (503) if the connection was lost during the commit; else pg's errors
 */
export function systemDialect(options: SystemDialectOptions): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new SystemDriver(options),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class SystemDriver implements Driver {
  readonly #options: SystemDialectOptions

  constructor(options: SystemDialectOptions) {
    this.#options = options
  }

  async init(): Promise<void> {}

  async destroy(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    const { pool, role, timeBudget = unbounded } = this.#options
    return this.#reporting(
      async () => new SystemConnection(await borrow(pool, timeBudget()), role, (work) => this.#reporting(work)),
    )
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await ours(connection).begin(settings)
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).commit()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).rollback()
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    ours(connection).release()
  }

  async #reporting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const reported = unavailable(error) ?? error
      this.#options.onError?.(reported)
      throw reported
    }
  }
}

/** Kysely passes the connection that `acquireConnection` returned. */
function ours(connection: DatabaseConnection): SystemConnection {
  if (connection instanceof SystemConnection) return connection
  throw new TypeError('a connection of another driver')
}

type Reporting = <T>(work: () => Promise<T>) => Promise<T>

/** A pooled connection, from acquiring it to releasing it. */
class SystemConnection implements DatabaseConnection {
  readonly #lease: Lease
  readonly #role: string
  readonly #reporting: Reporting
  #state: 'idle' | 'in transaction' | 'unknown' = 'idle'
  /** Its server became a standby, or it must be replaced for another reason: see `isOutdatedConnection`. */
  #outdated = false

  constructor(lease: Lease, role: string, reporting: Reporting) {
    this.#lease = lease
    this.#role = escapeIdentifier(role)
    this.#reporting = (work) =>
      reporting(async () => {
        try {
          return await work()
        } catch (error) {
          this.#outdated ||= isOutdatedConnection(error)
          throw error
        }
      })
  }

  /** Sets everything for the transaction only, since there may be a pooler. */
  get #enter(): string {
    return `set local statement_timeout = '${this.#lease.statementTimeout}'; set local role ${this.#role};
      select ${SET_FOR_TRANSACTION}`
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#reporting(async () =>
      kyselyResult<R>(
        this.#state === 'in transaction'
          ? await this.#lease.within(this.#send(query))
          : await this.#sendExclusively(query),
      ),
    )
  }

  /** better-auth never streams. */
  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not supported')
  }

  begin({ isolationLevel = 'read committed', accessMode }: TransactionSettings): Promise<void> {
    // Kysely checks both against its lists, so they can be interpolated.
    return this.#reporting(async () => {
      this.#state = 'unknown'
      try {
        await this.#lease.within(
          this.#lease.client.query(`begin isolation level ${isolationLevel} ${accessMode ?? ''}; ${this.#enter}`),
        )
        this.#state = 'in transaction'
      } catch (error) {
        // Kysely does not roll back if this throws, but the transaction may have begun: setting the role may be what failed.
        await this.rollback()
        throw error
      }
    })
  }

  commit(): Promise<void> {
    return this.#reporting(async () => {
      this.#state = 'unknown'
      const { command } = await this.#lease.within(this.#lease.client.query('commit')).catch((error: unknown) => {
        throw unknownOutcome(error) ?? error
      })
      this.#state = 'idle'
      // After an error inside the transaction PostgreSQL answers COMMIT with ROLLBACK, which is not an error.
      if (command === 'ROLLBACK') throw new AbortedTransactionError()
    })
  }

  /** Never throws: the earlier error is the one to report, and `release` destroys a connection that could not be rolled back. */
  async rollback(): Promise<void> {
    this.#state = 'unknown'
    await this.#lease.within(this.#lease.client.query('rollback')).then(() => (this.#state = 'idle'), ignore)
  }

  release(): void {
    if (this.#outdated) this.#lease.markPoolStale()
    this.#lease.end(this.#outdated || this.#state !== 'idle')
  }

  #send(query: CompiledQuery): Promise<PgResult<object>> {
    // pg's default parsers: the pool's return instants as text, and better-auth computes with Dates.
    return this.#lease.client.query<object>({ text: query.sql, values: [...query.parameters], types })
  }

  /** One round trip. All three must settle before the connection is returned; after an error COMMIT rolls back. */
  async #sendExclusively(query: CompiledQuery): Promise<PgResult<object>> {
    this.#state = 'unknown'
    const sent = [
      this.#lease.client.query(`${BEGIN}; ${this.#enter}`),
      this.#send(query),
      this.#lease.client.query('commit'),
    ] as const
    try {
      const [, , committed] = await this.#lease.within(Promise.allSettled(sent))
      if (committed.status === 'fulfilled') this.#state = 'idle'
      const [, result] = await Promise.all(sent)
      return result
    } catch (error) {
      // The first error. If PostgreSQL sent it, the transaction was rolled back; if the connection was lost, the outcome is unknown.
      if (query.query.kind === 'SelectQueryNode') throw error
      throw unknownOutcome(error) ?? error
    }
  }
}

const ignore = (): void => undefined

const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

function kyselyResult<R>({ command, rowCount, rows }: PgResult<object>): QueryResult<R> {
  // Kysely infers the row type from the query it compiled; the driver cannot check it.
  const typed = rows as R[]
  return CHANGES.has(command) ? { rows: typed, numAffectedRows: BigInt(rowCount ?? 0) } : { rows: typed }
}
