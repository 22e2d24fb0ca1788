import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { suite, test } from 'node:test'
import { inspect } from 'node:util'

import { type DatabaseAddress, parseDatabaseUrl } from './database-url.ts'

type Plain = Omit<DatabaseAddress, 'password'> & { readonly password: string | undefined }

const BASE: Plain = { host: 'h', port: 5432, user: 'u', password: 'p', database: 'd', tls: 'prefer' }

const ME = userInfo().username
const NEON =
  'postgresql://u:p@ep-cool-1.eu.aws.neon.tech/d?sslmode=require&channel_binding=require&options=endpoint%3Dep-cool-1'
const NEON_POOLED = 'postgresql://u:p@ep-cool-1-pooler.eu.aws.neon.tech/d?sslmode=require'
const NAMELESS = { preparedStatements: false } as const

const READ: readonly (readonly [guarantee: string, url: string, expected: Partial<Plain>])[] = [
  ['the short scheme', 'postgres://u:p@h/d', {}],
  ['the long scheme', 'postgresql://u:p@h/d', {}],
  ['the old scheme with a driver', 'postgresql+asyncpg://u:p@h/d', {}],
  ['another driver', 'postgresql+psycopg2://u:p@h/d', {}],
  ['a scheme in capitals', 'POSTGRES://u:p@h/d', {}],
  ['a port', 'postgres://u:p@h:6543/d', { port: 6543 }],
  ['a colon without a port', 'postgres://u:p@h:/d', {}],
  [
    'percent-encoding',
    'postgres://a%40b:p%2F%3A%25%3F%23@h/d%20e',
    { user: 'a@b', password: 'p/:%?#', database: 'd e' },
  ],
  ['raw @ and : in the password', 'postgres://u:p@:q@h/d', { password: 'p@:q' }],
  ['a plus sign as itself', 'postgres://u:p+q@h/d?application_name=a+b', { password: 'p+q', applicationName: 'a+b' }],
  ['no password', 'postgres://u@h/d', { password: undefined }],
  ['an empty password as none', 'postgres://u:@h/d', { password: undefined }],
  ['no user as the one of this process', 'postgres://h/d', { user: ME, password: undefined }],
  ['no database as the user', 'postgres://u:p@h', { database: 'u' }],
  ['no host as localhost', 'postgres:///d?user=u&password=p', { host: 'localhost' }],
  ['everything as parameters', 'postgres://?host=h&port=1&user=u&password=p&dbname=d', { port: 1 }],
  ['IPv4', 'postgres://u:p@10.0.0.1/d', { host: '10.0.0.1' }],
  ['IPv6', 'postgres://u:p@[2001:db8::1]:6543/d', { host: '2001:db8::1', port: 6543 }],
  ['IPv6 as a parameter', 'postgres://u:p@/d?host=::1', { host: '::1' }],
  ['a socket', 'postgres://u:p@/d?host=/var/run/postgresql', { host: '/var/run/postgresql', tls: 'disable' }],
  ['a socket, encoded', 'postgres://u:p@%2Ftmp:6543/d', { host: '/tmp', port: 6543, tls: 'disable' }],
  [
    'a socket, for which TLS is ignored',
    'postgres://u:p@/d?host=/tmp&sslmode=verify-full',
    { host: '/tmp', tls: 'disable' },
  ],
  ['sslmode=disable', 'postgres://u:p@h/d?sslmode=disable', { tls: 'disable' }],
  ['sslmode=allow', 'postgres://u:p@h/d?sslmode=allow', { tls: 'allow' }],
  ['sslmode=require', 'postgres://u:p@h/d?sslmode=require', { tls: 'require' }],
  ['sslmode=verify-ca', 'postgres://u:p@h/d?sslmode=verify-ca', { tls: 'verify-ca' }],
  ['sslmode=verify-full', 'postgres://u:p@h/d?sslmode=verify-full', { tls: 'verify-full' }],
  ['ssl= with a mode', 'postgres://u:p@h/d?ssl=verify-full', { tls: 'verify-full' }],
  ['ssl=true as require', 'postgres://u:p@h/d?ssl=true', { tls: 'require' }],
  ['ssl=False as disable', 'postgres://u:p@h/d?ssl=False', { tls: 'disable' }],
  ['ssl=true together with a stronger mode', 'postgres://u:p@h/d?ssl=true&sslmode=verify-ca', { tls: 'verify-ca' }],
  ['ssl and sslmode that agree', 'postgres://u:p@h/d?ssl=require&sslmode=require', { tls: 'require' }],
  [
    'a root certificate',
    'postgres://u:p@h/d?sslmode=verify-full&sslrootcert=ca.pem',
    { tls: 'verify-full', sslrootcert: 'ca.pem' },
  ],
  [
    'require with a root certificate as verify-ca',
    'postgres://u:p@h/d?sslmode=require&sslrootcert=ca.pem',
    { tls: 'verify-ca', sslrootcert: 'ca.pem' },
  ],
  [
    'the system certificates as verify-full',
    'postgres://u:p@h/d?sslrootcert=system',
    { tls: 'verify-full', sslrootcert: 'system' },
  ],
  [
    'direct TLS',
    'postgres://u:p@h/d?sslmode=require&sslnegotiation=direct',
    { tls: 'require', tlsNegotiation: 'direct' },
  ],
  [
    'what Neon hands out',
    NEON,
    { host: 'ep-cool-1.eu.aws.neon.tech', tls: 'require', channelBinding: 'require', options: 'endpoint=ep-cool-1' },
  ],
  [
    'a client certificate',
    'postgres://u:p@h/d?sslmode=require&sslcert=c.pem&sslkey=k.pem',
    { tls: 'require', sslcert: 'c.pem', sslkey: 'k.pem' },
  ],
  ['gssencmode, unless it requires GSSAPI', 'postgres://u:p@h/d?gssencmode=disable', {}],
  ['no prepared statements, in the form of SQLAlchemy', 'postgres://u:p@h/d?prepared_statement_cache_size=0', NAMELESS],
  ['no prepared statements, in the form of asyncpg', 'postgres://u:p@h/d?statement_cache_size=0', NAMELESS],
  ['a statement cache of some size as nothing', 'postgres://u:p@h/d?prepared_statement_cache_size=100', {}],
  ['pgbouncer=true as a pooler', 'postgres://u:p@h/d?pgbouncer=true', { pooler: 'transaction' }],
  [
    'a pooler of Neon',
    NEON_POOLED,
    { host: 'ep-cool-1-pooler.eu.aws.neon.tech', tls: 'require', pooler: 'transaction' },
  ],
  [
    'a pooler of Neon with pgbouncer=false',
    `${NEON_POOLED}&pgbouncer=false`,
    { host: 'ep-cool-1-pooler.eu.aws.neon.tech', tls: 'require' },
  ],
  ['a connect timeout in seconds', 'postgres://u:p@h/d?connect_timeout=15', { connectTimeoutMs: 15_000 }],
]

suite('a database URL is read with', () => {
  for (const [guarantee, url, expected] of READ) {
    test(guarantee, () => {
      const { password, ...rest } = parseDatabaseUrl(url)
      assert.deepEqual({ ...rest, password: password?.reveal() }, { ...BASE, ...expected })
    })
  }

  test('a result that is frozen and hides the password', () => {
    const address = parseDatabaseUrl('postgres://u:hunter2@h/d')
    assert.ok(Object.isFrozen(address))
    assert.doesNotMatch(inspect(address) + JSON.stringify(address), /hunter2/)
  })
})

const REFUSED: readonly (readonly [guarantee: string, url: string, reason: RegExp])[] = [
  ['another scheme', 'mysql://u:hunter2@h/d', /not a URL of the form/],
  ['no scheme', 'u:hunter2@h/d', /not a URL of the form/],
  ['text that is no URL', 'hunter2', /not a URL of the form/],
  ['a raw / in the password', 'postgres://u:hun/ter2@h/d', /percent-encode /],
  ['a raw / after digits in the password', 'postgres://u:12/hunter2@h/d', /percent-encode /],
  ['a raw ? in the password', 'postgres://u:12?hunter2=3@h/d', /percent-encode /],
  ['a raw # in the password', 'postgres://u:hun#ter2@h/d', /percent-encode /],
  ['a raw % in the password', 'postgres://u:100%hunter2@h/d', /invalid percent-encoding in password/],
  ['NUL', 'postgres://u:hunter2%00@h/d', /NUL in password/],
  ['an invalid port', 'postgres://u:hunter2@h:65536/d', /from 1 to 65535 as port/],
  ['a port that is no number', 'postgres://u:hunter2@h:pg/d', /not a URL of the form/],
  ['an invalid IPv6 address', 'postgres://u:hunter2@[::g]/d', /IPv6/],
  ['several hosts', 'postgres://u:hunter2@h,i/d', /several hosts/],
  ['a host with blanks', 'postgres://u:hunter2@h%20i/d', /a host that is neither a name/],
  ['a relative socket', 'postgres://u:hunter2@/d?host=run/pg', /a host that is neither a name/],
  ['a host given twice', 'postgres://u:hunter2@h/d?host=i', /gives the host twice/],
  ['a password given twice', 'postgres://u:hunter2@h/d?password=q', /gives the password twice/],
  ['an unknown parameter', 'postgres://u:hunter2@h/d?sslmod=require', /unknown parameter sslmod:/],
  ['a revocation list', 'postgres://u:hunter2@h/d?sslcrl=c.pem', /unknown parameter sslcrl:/],
  ['a client certificate without its key', 'postgres://u:hunter2@h/d?sslcert=c.pem', /only one of sslcert and sslkey/],
  ['GSSAPI', 'postgres://u:hunter2@h/d?gssencmode=require', /one of disable, prefer as gssencmode/],
  [
    'a statement cache size that is no number',
    'postgres://u:hunter2@h/d?statement_cache_size=none',
    /size of the statement cache/,
  ],
  ['a pgbouncer that is neither', 'postgres://u:hunter2@h/d?pgbouncer=yes', /one of true, false as pgbouncer/],
  ['a parameter whose name is no word', 'postgres://u:p@h/d?hun%40ter2=1', /not a plain word/],
  ['a parameter twice', 'postgres://u:hunter2@h/d?sslmode=require&sslmode=require', /parameter sslmode twice/],
  ['a parameter without a value', 'postgres://u:hunter2@h/d?sslmode=', /sslmode without a value/],
  ['an unknown mode', 'postgres://u:hunter2@h/d?sslmode=on', /one of disable, .* as sslmode/],
  ['an unknown ssl', 'postgres://u:hunter2@h/d?ssl=maybe', /one of disable, .* as ssl$/],
  ['ssl=false with sslmode=require', 'postgres://u:hunter2@h/d?ssl=false&sslmode=require', /contradict/],
  ['ssl=true with sslmode=prefer', 'postgres://u:hunter2@h/d?ssl=true&sslmode=prefer', /contradict/],
  ['ssl and sslmode of other strength', 'postgres://u:hunter2@h/d?ssl=verify-full&sslmode=require', /contradict/],
  [
    'system certificates unchecked',
    'postgres://u:hunter2@h/d?sslmode=require&sslrootcert=system',
    /needs sslmode=verify-full/,
  ],
  ['direct TLS that may be none', 'postgres://u:hunter2@h/d?sslnegotiation=direct', /needs sslmode=require/],
  ['an unknown channel binding', 'postgres://u:hunter2@h/d?channel_binding=yes', /channel_binding/],
  ['a timeout without an end', 'postgres://u:hunter2@h/d?connect_timeout=0', /from 1 to 600 as connect_timeout/],
  ['a timeout that is no number', 'postgres://u:hunter2@h/d?connect_timeout=1s', /connect_timeout/],
]

suite('a database URL is refused, without being quoted, for', () => {
  for (const [guarantee, url, reason] of REFUSED) {
    test(guarantee, () => {
      assert.throws(
        () => parseDatabaseUrl(url),
        (error: Error) => {
          assert.match(error.message, reason)
          assert.doesNotMatch(error.message, /hun|ter2/)
          return true
        },
      )
    })
  }
})
