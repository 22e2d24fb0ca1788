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
  /** What is left of the time that whoever is asking may have the database for. Unbounded by default. */
  readonly timeBudget?: () => TimeBudget
  /** Learns of every error before it is thrown, for callers like better-auth that swallow some. */
  readonly onError?: (error: unknown) => void
}

/**
 * Kysely for the embedded auth server, on the service's own pool. Connections of the pool are the serving role's, which has
 * no right on the auth tables; here every statement runs in a transaction that enters the system role, and the transaction's
 * end leaves it. So no connection can carry the role back to the pool, and poolers in transaction mode work too.
 *
 * Nothing needs a second connection: inside a Kysely transaction everything runs on its own, so a pool of one is enough.
 *
 * @throws Problem unavailable (503) when the database is away, no connection came free in time or it all took too long;
 *   outcome_unknown (503) when the connection was lost in the middle of the commit; else pg's errors
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

/** Kysely hands a driver back what `acquireConnection` gave it. */
function ours(connection: DatabaseConnection): SystemConnection {
  if (connection instanceof SystemConnection) return connection
  throw new TypeError('a connection of another driver')
}

type Reporting = <T>(work: () => Promise<T>) => Promise<T>

/** One check-out of a pooled connection. */
class SystemConnection implements DatabaseConnection {
  readonly #lease: Lease
  readonly #role: string
  readonly #reporting: Reporting
  #state: 'idle' | 'in transaction' | 'unknown' = 'idle'
  /** Its server became a standby, or it is to be renewed for another reason: no use to whoever comes next. */
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

  /** For the transaction alone, like everything that is set: there may be a pooler. */
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
    // Kysely has checked both against its lists.
    return this.#reporting(async () => {
      this.#state = 'unknown'
      try {
        await this.#lease.within(
          this.#lease.client.query(`begin isolation level ${isolationLevel} ${accessMode ?? ''}; ${this.#enter}`),
        )
        this.#state = 'in transaction'
      } catch (error) {
        // Kysely does not roll back what did not begin, but the role may be what failed, inside the transaction.
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
      // PostgreSQL's answer to COMMIT after an error inside the transaction is not an error.
      if (command === 'ROLLBACK') throw new AbortedTransactionError()
    })
  }

  /** Never throws: the error that led here is the one to report, and `release` destroys what could not be rolled back. */
  async rollback(): Promise<void> {
    this.#state = 'unknown'
    await this.#lease.within(this.#lease.client.query('rollback')).then(() => (this.#state = 'idle'), ignore)
  }

  release(): void {
    if (this.#outdated) this.#lease.markPoolStale()
    this.#lease.end(this.#outdated || this.#state !== 'idle')
  }

  #send(query: CompiledQuery): Promise<PgResult<object>> {
    // The pool's own parsers make text of instants, for JSON; better-auth computes with Dates.
    return this.#lease.client.query<object>({ text: query.sql, values: [...query.parameters], types })
  }

  /** One flight. All must have settled before the connection may go back; after an error COMMIT rolls back. */
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
      // The first that failed. Where PostgreSQL refused it, it also rolled back; where nothing came any more, nobody knows.
      if (query.query.kind === 'SelectQueryNode') throw error
      throw unknownOutcome(error) ?? error
    }
  }
}

const ignore = (): void => undefined

const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

function kyselyResult<R>({ command, rowCount, rows }: PgResult<object>): QueryResult<R> {
  // Kysely knows the row's type from the query it compiled; the driver cannot.
  const typed = rows as R[]
  return CHANGES.has(command) ? { rows: typed, numAffectedRows: BigInt(rowCount ?? 0) } : { rows: typed }
}
