import { readFileSync } from 'node:fs'
import { getCACertificates, type ConnectionOptions } from 'node:tls'
import { Client, types, type ClientBase, type ClientConfig, type CustomTypesConfig } from 'pg'
import type { DatabaseAddress } from '../lib/database-url.ts'
import { instantFromPostgres } from '../lib/instant.ts'

const { builtins, getTypeParser } = types

type Oid = (typeof builtins)[keyof typeof builtins]

/** Rows as they travel: instants as RFC 3339 text, counts as numbers. */
const wireTypes: CustomTypesConfig = {
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
}

/** The driver's settings for an address. TLS has libpq's meaning: only verify-ca and verify-full check the certificate. */
export function clientConfig(address: DatabaseAddress): ClientConfig {
  return {
    ...clientDefaults,
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password?.reveal(),
    database: address.database,
    ssl: tlsOptions(address),
    ...(address.applicationName === undefined ? {} : { application_name: address.applicationName }),
    ...(address.connectTimeoutMs === undefined ? {} : { connectionTimeoutMillis: address.connectTimeoutMs }),
    ...(address.options === undefined ? {} : { options: address.options }),
    ...(address.tlsNegotiation === undefined ? {} : { sslnegotiation: address.tlsNegotiation }),
    enableChannelBinding: address.channelBinding !== 'disable',
  }
}

function tlsOptions({ tls, sslrootcert }: DatabaseAddress): ConnectionOptions | false {
  switch (tls) {
    case 'disable':
    case 'allow':
    case 'prefer':
      // Neither mode promises encryption; which of the two it gives is settled by `settleTls`.
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
 * `prefer` (libpq's default) means TLS where the server has it. The driver cannot fall back by itself, so this asks once
 * and returns an address that says which it is. Addresses that do not leave the choice open come back unchanged.
 */
export async function settleTls(address: DatabaseAddress): Promise<DatabaseAddress> {
  if (address.tls !== 'prefer') return address
  const encrypted: DatabaseAddress = { ...address, tls: 'require' }
  const client = new Client({ connectionTimeoutMillis: 10_000, ...clientConfig(encrypted) })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return encrypted
  } catch (error) {
    if (error instanceof Error && /does not support SSL/.test(error.message)) return { ...address, tls: 'disable' }
    throw error
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Makes a new connection the serving role's. A query outside a scope is then refused or sees nothing. */
export async function enterServingRole(client: ClientBase, role: string): Promise<void> {
  await client.query({
    text: `select set_config('role', $1, false), set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO, YMD', false),
                  set_config('search_path', 'public', false), set_config('statement_timeout', '30s', false),
                  set_config('idle_in_transaction_session_timeout', '60s', false)`,
    values: [role],
  })
}
