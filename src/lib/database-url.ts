import { isIPv6 } from 'node:net'
import { userInfo } from 'node:os'

import { Secret } from './secret.ts'

/** libpq's `sslmode` values, weakest first (PostgreSQL manual, "SSL Support", table 32.1). */
export const TLS_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

/**
 * `disable`: no TLS · `allow`: TLS only if the server refuses plain text · `prefer`: TLS, or plain text if the server has none ·
 * `require`: TLS without checking the certificate · `verify-ca`: also checks its chain · `verify-full`: also checks the host name.
 */
export type TlsMode = (typeof TLS_MODES)[number]

const SSL_WORDS = [...TLS_MODES, 'true', 'false'] as const
const CHANNEL_BINDINGS = ['disable', 'prefer', 'require'] as const
const TLS_NEGOTIATIONS = ['postgres', 'direct'] as const

/** The address of a PostgreSQL server, and the credentials. */
export interface DatabaseAddress {
  /** A name, an IPv4 or IPv6 address without brackets, or the absolute directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret | undefined
  readonly database: string
  /** `prefer` by default, as in libpq; `disable` on a Unix socket, where libpq ignores `sslmode`. */
  readonly tls: TlsMode
  /** A file with trusted CA certificates; `system`: those of the operating system; absent: those bundled with Node. */
  readonly sslrootcert?: string
  /** `direct` starts TLS without PostgreSQL's SSLRequest (server 17 or later). */
  readonly tlsNegotiation?: (typeof TLS_NEGOTIATIONS)[number]
  /** SCRAM channel binding (RFC 5802 §6). With `tls: 'require'` it is the only protection against a man in the middle. */
  readonly channelBinding?: (typeof CHANNEL_BINDINGS)[number]
  readonly applicationName?: string
  readonly connectTimeoutMs?: number
  /** Sent to the server as its `options` start-up parameter, such as Neon's `endpoint=…`. */
  readonly options?: string
  /** Files with the client certificate and its key. Both or neither. */
  readonly sslcert?: string
  readonly sslkey?: string
  /** Set if the address implies a pooler in transaction mode: Neon's `-pooler` hosts, or `pgbouncer=true`. */
  readonly pooler?: 'transaction'
  /** SQLAlchemy's `prepared_statement_cache_size=0`, or asyncpg's `statement_cache_size=0`. */
  readonly preparedStatements?: false
}

const PARAMETERS: ReadonlySet<string> = new Set(
  (
    'host port user password dbname options application_name connect_timeout ssl sslmode sslrootcert sslcert sslkey ' +
    'sslnegotiation channel_binding gssencmode pgbouncer prepared_statement_cache_size statement_cache_size'
  ).split(' '),
)

/**
 * Not WHATWG `URL`, which refuses `user:password@/db?host=…`, the usual form for a Unix socket. Only the user info may contain a raw
 * `@`, so that an unencoded `/`, `?` or `#` in a password is not read as the end of the host.
 */
const SHAPE =
  /^postgres(?:ql)?(?:\+\w+)?:\/\/(?:(?<userInfo>[^/?#]*)@)?(?<host>\[[^\]/?#@]*\]|[^:/?#@[\]]*)(?::(?<port>\d*))?(?:\/(?<database>[^/?#@]*))?(?:\?(?<query>[^#@]*))?$/i

type Query = ReadonlyMap<string, string>

/**
 * Parses a PostgreSQL connection URL as libpq does, and also accepts SQLAlchemy's `postgresql+driver://` and `ssl=`. Duplicate
 * values, of which libpq silently uses the last, are refused. Throws an Error that says what to correct and never quotes a value.
 */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  const parts = SHAPE.exec(text)?.groups
  if (parts === undefined) {
    throw new Error(
      'is not a URL of the form postgresql://user:password@host:port/database; percent-encode /, ?, #, @ and % in the user and password',
    )
  }
  const query = parseQuery(parts.query)
  const [user, ...password] = (parts.userInfo ?? '').split(':')
  const credentials = {
    user: either('user', decode('user', user), query.get('user')) ?? operatingSystemUser(),
    password: either('password', decode('password', password.join(':')), query.get('password')),
  }
  const host = parseHost(either('host', decode('host', parts.host), query.get('host')) ?? 'localhost')
  const database = either('database', decode('database', parts.database), query.get('dbname'))
  const port = either('port', parts.port, query.get('port'))
  const options = query.get('options')
  const applicationName = query.get('application_name')
  return Object.freeze({
    host,
    port: port === undefined ? 5432 : integer('port', port, 65_535),
    user: credentials.user,
    password: credentials.password === undefined ? undefined : new Secret(credentials.password),
    database: database ?? credentials.user,
    ...parseTls(query, host.startsWith('/')),
    ...(options !== undefined && { options }),
    ...(applicationName !== undefined && { applicationName }),
    ...parseTimeout(query.get('connect_timeout')),
    ...parsePooler(query, host),
  })
}

/** How Neon names the hosts of its PgBouncer: `ep-…-pooler.<region>.….neon.tech`. */
const NEON_POOLER = /^[^.]+-pooler\..+\.neon\.(?:tech|build)$/i

function parsePooler(query: Query, host: string): Pick<DatabaseAddress, 'pooler' | 'preparedStatements'> {
  const pgbouncer = oneOf(['true', 'false'], 'pgbouncer', query.get('pgbouncer'))
  const sizes = [query.get('prepared_statement_cache_size'), query.get('statement_cache_size')]
  const wrong = sizes.some((size) => size !== undefined && !/^\d{1,9}$/.test(size))
  if (wrong) throw new Error('needs a whole number as the size of the statement cache: 0 for no prepared statements')
  return {
    ...((pgbouncer === 'true' || (pgbouncer === undefined && NEON_POOLER.test(host))) && { pooler: 'transaction' }),
    // Other sizes need no setting: every statement of the service has a name, and there are few.
    ...(sizes.some((size) => Number(size) === 0) && { preparedStatements: false }),
  }
}

function parseQuery(text = ''): Query {
  const query = new Map<string, string>()
  for (const pair of text.split('&').filter((each) => each !== '')) {
    const [key = '', ...rest] = pair.split('=')
    const name = decode('a parameter name', key) ?? ''
    // Anything else may be part of a password that was not encoded, so it is not printed.
    if (!/^\w{1,40}$/.test(name)) throw new Error('has a parameter after the ? whose name is not a plain word')
    if (!PARAMETERS.has(name)) throw new Error(`has the unknown parameter ${name}: remove it`)
    if (query.has(name)) throw new Error(`has the parameter ${name} twice: keep one`)
    const value = decode(name, rest.join('='))
    if (value === undefined) throw new Error(`has the parameter ${name} without a value: set one or remove it`)
    query.set(name, value)
  }
  return query
}

/** Percent-decodes; undefined if empty. `+` is kept: libpq does not read it as a space. */
function decode(what: string, text = ''): string | undefined {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw new Error(`has an invalid percent-encoding in ${what}: write % as %25`)
  }
  // PostgreSQL's startup message separates its strings by NUL.
  if (decoded.includes('\0')) throw new Error(`has a NUL in ${what}`)
  return decoded === '' ? undefined : decoded
}

/** A part that may be given before the `?` or as a parameter after it. */
function either(what: string, before: string | undefined, behind: string | undefined): string | undefined {
  if (before && behind) throw new Error(`gives the ${what} twice, before and after the ?: keep one`)
  return before || behind
}

/** libpq's default user. */
function operatingSystemUser(): string {
  try {
    return userInfo().username
  } catch (cause) {
    // A container may run with a uid that has no user name.
    throw new Error('names no user, and the user of this process has no name to use instead', { cause })
  }
}

function parseHost(host: string): string {
  if (host.startsWith('[')) {
    const address = host.slice(1, -1)
    if (!isIPv6(address)) throw new Error('must have an IPv6 address between [ and ]')
    return address
  }
  if (host.includes(',')) throw new Error('names several hosts: name one')
  // A host given as a parameter needs no brackets.
  if (host.startsWith('/') || isIPv6(host) || /^[\w.-]{1,253}$/.test(host)) return host
  throw new Error('has a host that is neither a name, an IP address nor the absolute path of a socket directory')
}

function integer(what: string, text: string, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > max) throw new Error(`needs a whole number from 1 to ${max} as ${what}`)
  return value
}

/** In seconds. 0, with which libpq waits for ever, is refused. */
function parseTimeout(text: string | undefined): Pick<DatabaseAddress, 'connectTimeoutMs'> {
  return text === undefined ? {} : { connectTimeoutMs: integer('connect_timeout', text, 600) * 1000 }
}

function parseTls(
  query: Query,
  isSocket: boolean,
): Pick<DatabaseAddress, 'tls' | 'sslrootcert' | 'sslcert' | 'sslkey' | 'tlsNegotiation' | 'channelBinding'> {
  const sslcert = query.get('sslcert')
  const sslkey = query.get('sslkey')
  // libpq would look for the other one in the home directory.
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw new Error('has only one of sslcert and sslkey: set both or none')
  }
  // GSSAPI is not supported, so only values that do not require it are accepted.
  oneOf(['disable', 'prefer'], 'gssencmode', query.get('gssencmode'))
  const sslrootcert = query.get('sslrootcert')
  const negotiation = oneOf(TLS_NEGOTIATIONS, 'sslnegotiation', query.get('sslnegotiation'))
  const channelBinding = oneOf(CHANNEL_BINDINGS, 'channel_binding', query.get('channel_binding'))
  const tls = withRootCertificate(givenTlsMode(query), sslrootcert)
  if (negotiation === 'direct' && !isSocket && !isEncrypted(tls)) {
    throw new Error('has sslnegotiation=direct, which needs sslmode=require or stronger')
  }
  return {
    tls: isSocket ? 'disable' : tls,
    ...(sslrootcert !== undefined && { sslrootcert }),
    ...(sslcert !== undefined && sslkey !== undefined && { sslcert, sslkey }),
    ...(negotiation !== undefined && { tlsNegotiation: negotiation }),
    ...(channelBinding !== undefined && { channelBinding }),
  }
}

/** libpq's two rules for `sslrootcert`: `system` requires verify-full, and a file turns `require` into verify-ca. */
function withRootCertificate(given: TlsMode | undefined, sslrootcert: string | undefined): TlsMode {
  if (sslrootcert === 'system') {
    if (given !== undefined && given !== 'verify-full') {
      throw new Error('has sslrootcert=system, which needs sslmode=verify-full')
    }
    return 'verify-full'
  }
  return given === 'require' && sslrootcert !== undefined ? 'verify-ca' : (given ?? 'prefer')
}

/** `ssl=` accepts asyncpg's modes and JDBC's true and false; libpq reads `ssl=true` as `sslmode=require`. */
function givenTlsMode(query: Query): TlsMode | undefined {
  const sslmode = oneOf(TLS_MODES, 'sslmode', query.get('sslmode'))
  const word = oneOf(SSL_WORDS, 'ssl', query.get('ssl')?.toLowerCase())
  if (word === undefined) return sslmode
  const ssl = word === 'true' ? 'require' : word === 'false' ? 'disable' : word
  if (sslmode === undefined || sslmode === ssl) return ssl
  // `ssl=true` only requires encryption, which a stronger sslmode includes.
  if (word === 'true' && isEncrypted(sslmode)) return sslmode
  throw new Error('has an ssl and an sslmode that contradict each other: keep sslmode')
}

function isEncrypted(mode: TlsMode): boolean {
  return TLS_MODES.indexOf(mode) >= TLS_MODES.indexOf('require')
}

function oneOf<T extends string>(words: readonly T[], what: string, value: string | undefined): T | undefined {
  if (value === undefined) return undefined
  const found = words.find((each) => each === value)
  if (found === undefined) throw new Error(`needs one of ${words.join(', ')} as ${what}`)
  return found
}
