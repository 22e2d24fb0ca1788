import { readFileSync } from 'node:fs'
import { getCACertificates, type ConnectionOptions } from 'node:tls'
import { Client, types, type ClientBase, type ClientConfig, type CustomTypesConfig } from 'pg'
import type { DatabaseAddress } from '../../lib/database-url.ts'
import { instantFromPostgres } from '../../lib/instant.ts'
import { SERVER_MARGIN_MS } from './lease.ts'
import { SET_FOR_SESSION } from './settings.ts'

const { builtins, getTypeParser } = types

type Oid = (typeof builtins)[keyof typeof builtins]

/** Rows as they travel: instants as RFC 3339 text, counts as numbers. */
export const wireTypes: CustomTypesConfig = {
  getTypeParser: ((oid: Oid, format?: 'text' | 'binary') => {
    if (oid === builtins.TIMESTAMPTZ) return instantFromPostgres
    if (oid === builtins.INT8) return Number
    return format === 'binary' ? getTypeParser(oid, format) : getTypeParser(oid)
    // pg's declaration has one overload per type; this serves them all.
  }) as typeof getTypeParser,
}

/** What every connection has in common. All its queries may be sent ahead of their answers. */
export const clientDefaults: ClientConfig = {
  types: wireTypes,
  pipeline: true,
  application_name: 'todo-backend',
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
}

/** What the driver takes, and two things that it does not know. */
export interface ConnectionConfig extends ClientConfig {
  /** For the connection alone; a pool's `connectionTimeoutMillis` also counts the wait for a free one. */
  readonly connectTimeoutMs?: number
  readonly requireChannelBinding?: boolean
}

/** One connection; the pool's clients are of this class too. */
export class Connection extends Client {
  constructor(config: ConnectionConfig = {}) {
    const { connectTimeoutMs = Infinity, connectionTimeoutMillis = CONNECT_TIMEOUT_MS } = config
    super({
      ...config,
      // A pool hides it from whatever copies its options, this included.
      password: config.password,
      connectionTimeoutMillis: Math.min(connectTimeoutMs, connectionTimeoutMillis),
    })
    if (config.requireChannelBinding === true) refuseUnbound(this)
  }
}

const CONNECT_TIMEOUT_MS = 10_000

/**
 * The driver uses channel binding where it is offered and goes on without where it is not, as when somebody in the middle
 * does the offering. Where it is demanded this breaks the connection off, before the driver answers with the password or
 * a proof of it.
 */
function refuseUnbound({ connection }: Client): void {
  let bound = false
  const refuse = (): void => {
    // "Ready" may have come with the same bytes, and would make the driver take the connection for a good one.
    connection.removeAllListeners('readyForQuery')
    connection.emit('error', new Error('channel_binding=require, but the server did not authenticate with it'))
    connection.stream.destroy()
  }
  connection.prependListener('authenticationCleartextPassword', refuse)
  connection.prependListener('authenticationMD5Password', refuse)
  connection.prependListener('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
    if (!mechanisms.includes('SCRAM-SHA-256-PLUS')) refuse()
  })
  // Only a server that knows the password gets this far; the driver checks its signature.
  connection.on('authenticationSASLFinal', () => (bound = true))
  connection.prependListener('authenticationOk', () => {
    if (!bound) refuse()
  })
}

/** The driver's settings for an address. TLS has libpq's meaning: only verify-ca and verify-full check the certificate. */
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
    // Like libpq, not a word of it where there is no TLS to bind to: some poolers do not understand it.
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
      // Neither of the last two promises encryption; `settleTls` finds out which it is.
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
 * `prefer` (libpq's default) means TLS where the server has it, `allow` only where it takes nothing else. The driver cannot
 * try twice by itself, so this asks once and returns an address that says which it is. Addresses that do not leave the
 * choice open come back unchanged.
 */
export async function settleTls(address: DatabaseAddress): Promise<DatabaseAddress> {
  const encrypted: DatabaseAddress = { ...address, tls: 'require' }
  const plain: DatabaseAddress = { ...address, tls: 'disable' }
  if (address.tls === 'prefer') return (await connects(encrypted, hasNoTls)) ? encrypted : plain
  if (address.tls === 'allow') return (await connects(plain, wantsTls)) ? plain : encrypted
  return address
}

const hasNoTls = (error: Error): boolean => /does not support SSL/.test(error.message)

/** invalid_authorization_specification: no line of pg_hba.conf lets this login in without TLS. */
const wantsTls = (error: Error): boolean => 'code' in error && error.code === '28000'

/** @throws what keeps the connection from being made, unless it is of the given kind */
async function connects(address: DatabaseAddress, isOfKind: (error: Error) => boolean): Promise<boolean> {
  const client = new Connection(clientConfig(address))
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    client.connection.stream.destroy()
    if (error instanceof Error && isOfKind(error)) return false
    throw error
  }
  await client.end()
  return true
}

/**
 * Makes a new connection the serving role's, for as long as it lasts: a query outside a scope is then refused or sees nothing.
 * Never behind a pooler, where the next one to have the server's connection is somebody else. What a scope stands on it sets
 * by itself.
 *
 * @param budgetMs what a request waits for at most
 */
export async function enterServingRole(client: ClientBase, role: string, budgetMs: number): Promise<void> {
  const query = {
    text: `select set_config('role', $1, false), ${SET_FOR_SESSION}, set_config('statement_timeout', $2, false),
                  set_config('idle_in_transaction_session_timeout', '60s', false)`,
    values: [role, `${statementTimeoutMs(budgetMs)}ms`],
    // pg takes it for a single query too, and its declarations do not.
    query_timeout: ENTER_TIMEOUT_MS,
  }
  await client.query(query)
}

/** What the server gives a statement on such a connection, by the time that a request has. */
export const statementTimeoutMs = (budgetMs: number): number => budgetMs - SERVER_MARGIN_MS

/** Until the connection counts as made. */
const ENTER_TIMEOUT_MS = 3_000
