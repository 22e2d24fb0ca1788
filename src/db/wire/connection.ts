import { readFileSync } from 'node:fs'
import { getCACertificates, type ConnectionOptions } from 'node:tls'
import { Client, types, type ClientBase, type ClientConfig, type CustomTypesConfig } from 'pg'
import type { DatabaseAddress } from '../../lib/database-url.ts'
import { instantFromPostgres } from '../../lib/instant.ts'
import { SERVER_MARGIN_MS } from './lease.ts'
import { SET_FOR_SESSION } from './settings.ts'

const { builtins, getTypeParser } = types

type Oid = (typeof builtins)[keyof typeof builtins]

/** How column values are parsed: timestamptz as RFC 3339 text, int8 as a number. */
export const wireTypes: CustomTypesConfig = {
  getTypeParser: ((oid: Oid, format?: 'text' | 'binary') => {
    if (oid === builtins.TIMESTAMPTZ) return instantFromPostgres
    if (oid === builtins.INT8) return Number
    return format === 'binary' ? getTypeParser(oid, format) : getTypeParser(oid)
    // pg's declaration has one overload per type; this serves them all.
  }) as typeof getTypeParser,
}

/** Options of every connection. Queries are pipelined: each may be sent before earlier ones are answered. */
export const clientDefaults: ClientConfig = {
  types: wireTypes,
  pipeline: true,
  application_name: 'todo-backend',
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
}

/** The driver's options, and two that it does not have. */
export interface ConnectionConfig extends ClientConfig {
  /** Limit for connecting; a pool's `connectionTimeoutMillis` also includes the wait for a free connection. */
  readonly connectTimeoutMs?: number
  readonly requireChannelBinding?: boolean
}

/** One connection; the pool's clients are of this class too. */
export class Connection extends Client {
  constructor(config: ConnectionConfig = {}) {
    const { connectTimeoutMs = Infinity, connectionTimeoutMillis = CONNECT_TIMEOUT_MS } = config
    super({
      ...config,
      // A pool makes the password non-enumerable, so the spread above does not copy it.
      password: config.password,
      connectionTimeoutMillis: Math.min(connectTimeoutMs, connectionTimeoutMillis),
    })
    if (config.requireChannelBinding === true) refuseUnbound(this)
  }
}

const CONNECT_TIMEOUT_MS = 10_000

/**
 * The driver uses channel binding if the server offers it and continues without it otherwise, so a man in the middle can
 * disable it. With `channel_binding=require` the connection is destroyed before the driver sends the password or a proof of it.
 */
function refuseUnbound({ connection }: Client): void {
  let bound = false
  const refuse = (): void => {
    // ReadyForQuery may be in the same chunk, and would make the driver report the connection as established.
    connection.removeAllListeners('readyForQuery')
    connection.emit('error', new Error('channel_binding=require, but the server did not authenticate with it'))
    connection.stream.destroy()
  }
  connection.prependListener('authenticationCleartextPassword', refuse)
  connection.prependListener('authenticationMD5Password', refuse)
  connection.prependListener('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
    if (!mechanisms.includes('SCRAM-SHA-256-PLUS')) refuse()
  })
  // Only a server that knows the password reaches this point: the driver verifies its signature.
  connection.on('authenticationSASLFinal', () => (bound = true))
  connection.prependListener('authenticationOk', () => {
    if (!bound) refuse()
  })
}

/** The driver's options for an address. As in libpq, only verify-ca and verify-full check the server's certificate. */
export function clientConfig(address: DatabaseAddress): ConnectionConfig {
  const ssl = tlsOptions(address)
  return {
    ...clientDefaults,
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password?.reveal(),
    database: address.database,
    ssl,
    ...(address.applicationName === undefined ? {} : { application_name: address.applicationName }),
    ...(address.connectTimeoutMs === undefined ? {} : { connectTimeoutMs: address.connectTimeoutMs }),
    ...(address.options === undefined ? {} : { options: address.options }),
    ...(address.tlsNegotiation === undefined ? {} : { sslnegotiation: address.tlsNegotiation }),
    // As in libpq, channel binding is not offered without TLS: some poolers do not understand it.
    enableChannelBinding: ssl !== false && address.channelBinding !== 'disable',
    requireChannelBinding: address.channelBinding === 'require',
  }
}

function tlsOptions(address: DatabaseAddress): ConnectionOptions | false {
  const checks = serverChecks(address)
  const { sslcert, sslkey } = address
  if (checks === false || sslcert === undefined || sslkey === undefined) return checks
  return { ...checks, cert: readFileSync(sslcert, 'utf8'), key: readFileSync(sslkey, 'utf8') }
}

function serverChecks({ tls, sslrootcert }: DatabaseAddress): ConnectionOptions | false {
  switch (tls) {
    case 'disable':
    case 'allow':
    case 'prefer':
      // `allow` and `prefer` do not guarantee encryption; `settleTls` decides between plain and encrypted.
      return false
    case 'require':
      return { rejectUnauthorized: false }
    case 'verify-ca':
      return { rejectUnauthorized: true, checkServerIdentity: () => undefined, ...rootCertificate(sslrootcert) }
    case 'verify-full':
      return { rejectUnauthorized: true, ...rootCertificate(sslrootcert) }
  }
}

function rootCertificate(path: string | undefined): ConnectionOptions {
  if (path === undefined) return {}
  return { ca: path === 'system' ? getCACertificates('system') : readFileSync(path, 'utf8') }
}

/**
 * `prefer` (libpq's default) uses TLS if the server supports it, `allow` only if the server requires it. The driver does not
 * retry with the other one, so this connects once and returns an address with a definite mode. Addresses with any other mode
 * are returned unchanged.
 */
export async function settleTls(address: DatabaseAddress): Promise<DatabaseAddress> {
  const encrypted: DatabaseAddress = { ...address, tls: 'require' }
  const plain: DatabaseAddress = { ...address, tls: 'disable' }
  if (address.tls === 'prefer') return (await connects(encrypted, hasNoTls)) ? encrypted : plain
  if (address.tls === 'allow') return (await connects(plain, wantsTls)) ? plain : encrypted
  return address
}

const hasNoTls = (error: Error): boolean => /does not support SSL/.test(error.message)

/** invalid_authorization_specification: no entry of pg_hba.conf accepts this login without TLS. */
const wantsTls = (error: Error): boolean => 'code' in error && error.code === '28000'

/** @returns false if connecting fails with an error that `isExpected` accepts @throws any other error of the connection */
async function connects(address: DatabaseAddress, isExpected: (error: Error) => boolean): Promise<boolean> {
  const client = new Connection(clientConfig(address))
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    client.connection.stream.destroy()
    if (error instanceof Error && isExpected(error)) return false
    throw error
  }
  await client.end()
  return true
}

/**
 * Sets the serving role for the session of a new connection, so that a query outside a scope is refused or sees no rows. Not
 * used behind a pooler, which hands the server's connection to other clients. Scopes set everything they depend on themselves.
 *
 * @param budgetMs time budget of a request
 * @param idleTimeoutMs how long a transaction may wait for its next statement; 0 for no limit. Scopes have a shorter one
 */
export async function enterServingRole(
  client: ClientBase,
  role: string,
  budgetMs: number,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
): Promise<void> {
  const query = {
    text: `select set_config('role', $1, false), ${SET_FOR_SESSION}, set_config('statement_timeout', $2, false),
                  set_config('idle_in_transaction_session_timeout', $3, false)`,
    values: [role, `${statementTimeoutMs(budgetMs)}ms`, `${idleTimeoutMs}ms`],
    // Accepted by pg for a single query, but missing from its type declarations.
    query_timeout: ENTER_TIMEOUT_MS,
  }
  await client.query(query)
}

/** The session's statement_timeout for a request's time budget. */
export const statementTimeoutMs = (budgetMs: number): number => budgetMs - SERVER_MARGIN_MS

/** Limit for the query above. The connection counts as established when it has been answered. */
const ENTER_TIMEOUT_MS = 3_000

const IDLE_TIMEOUT_MS = 60_000
