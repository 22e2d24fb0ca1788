import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { clientConfig, Connection, settleTls } from '../../src/db/wire/connection.ts'
import { parseDatabaseUrl } from '../../src/lib/database-url.ts'
import { openWorld } from '../world.ts'
import { UNLIMITED } from './measures.ts'
import { findBinary, needsPostgres, openCluster, type Cluster } from './postgres.ts'

const needsOpenssl = findBinary('openssl') === undefined ? 'needs openssl, to make certificates' : false

const HBA = `
local all all trust
hostssl all certified all cert
hostssl all secret all scram-sha-256
host all secret all scram-sha-256
hostssl all encrypted all trust
hostnossl all encrypted all reject
hostnossl all plain all trust
host all postgres all trust
`

describe('the database URL determines the connection', { skip: needsPostgres || needsOpenssl }, () => {
  let directory: string
  let cluster: Cluster
  let bare: Cluster

  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  const authority = (name: string): void =>
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    )
  const certificate = (name: string, extension: string, by: string): void => {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    writeFileSync(join(directory, 'extension.cnf'), extension)
    const signed = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-extfile', 'extension.cnf']
    openssl('x509', '-req', '-days', '2', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed)
  }
  const file = (name: string): string => join(directory, name)

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'todo-tls-'))
    authority('ours')
    authority('theirs')
    certificate('server', 'subjectAltName=DNS:localhost', 'ours')
    certificate('certified', 'extendedKeyUsage=clientAuth', 'ours')
    const content = (name: string): string => readFileSync(file(name), 'utf8')
    cluster = await openCluster({
      hba: HBA,
      files: {
        'server.crt': content('server.pem'),
        'server.key': content('server.key'),
        'root.crt': content('ours.pem'),
      },
      settings: { ssl: 'on', ssl_ca_file: 'root.crt', password_encryption: 'scram-sha-256' },
    })
    bare = await openCluster()
    await cluster.admin(`create role certified login; create role encrypted login; create role plain login;
      create role secret login password 'hush'`)
  })
  after(async () => {
    await cluster?.[Symbol.asyncDispose]()
    await bare?.[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  })

  /** @returns whether the connection was encrypted */
  const isEncrypted = async (url: string): Promise<boolean> => {
    const client = new Connection(clientConfig(await settleTls(parseDatabaseUrl(url))))
    client.on('error', () => undefined)
    try {
      await client.connect()
      const { rows } = await client.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
      return rows[0]?.ssl === true
    } finally {
      await client.end()
    }
  }
  const at = (host: string, query: string, { user = 'postgres', to = cluster } = {}): string =>
    `postgres://${user}@${host}:${to.port}/postgres?${query}`
  const ca = (name: string): string => `sslrootcert=${encodeURIComponent(file(`${name}.pem`))}`

  const REACHED: readonly (readonly [guarantee: string, url: () => string, encrypted: boolean])[] = [
    [
      'verify-full: with the right authority and name',
      () => at('localhost', `sslmode=verify-full&${ca('ours')}`),
      true,
    ],
    ['verify-ca: with any name', () => at('127.0.0.1', `sslmode=verify-ca&${ca('ours')}`), true],
    ['require: encrypted, and unverified', () => at('127.0.0.1', 'sslmode=require'), true],
    ['ssl=true: as require', () => at('127.0.0.1', 'ssl=true'), true],
    ['prefer: encrypted if possible', () => at('127.0.0.1', 'sslmode=prefer'), true],
    ['nothing said: as prefer', () => at('127.0.0.1', ''), true],
    ['prefer: plain if TLS is not possible', () => at('127.0.0.1', 'sslmode=prefer', { to: bare }), false],
    ['allow: plain if possible', () => at('127.0.0.1', 'sslmode=allow'), false],
    ['allow: encrypted if it is required', () => at('127.0.0.1', 'sslmode=allow', { user: 'encrypted' }), true],
    ['disable: plain', () => at('127.0.0.1', 'sslmode=disable'), false],
    [
      'sslcert and sslkey: by certificate instead of a password',
      () =>
        at(
          'localhost',
          `sslmode=verify-full&${ca('ours')}&sslcert=${file('certified.pem')}&sslkey=${file('certified.key')}`,
          {
            user: 'certified',
          },
        ),
      true,
    ],
    [
      'channel_binding=require: with a password over TLS',
      () => at('localhost', 'sslmode=require&channel_binding=require&password=hush', { user: 'secret' }),
      true,
    ],
    [
      'a password in plain text, if the server requests nothing else',
      () => at('localhost', 'sslmode=disable&password=hush', { user: 'secret' }),
      false,
    ],
    [
      'a Unix socket',
      () => `postgresql:///postgres?host=${cluster.socketDirectory}&port=${cluster.port}&user=postgres`,
      false,
    ],
    [
      'a Unix socket, percent-encoded',
      () => `postgresql://postgres@${encodeURIComponent(cluster.socketDirectory)}:${cluster.port}/postgres`,
      false,
    ],
    [
      'a Unix socket, for which TLS is ignored',
      () => `postgresql://postgres@/postgres?host=${cluster.socketDirectory}&port=${cluster.port}&sslmode=verify-full`,
      false,
    ],
  ]
  for (const [guarantee, url, encrypted] of REACHED) {
    test(guarantee, async () => assert.equal(await isEncrypted(url()), encrypted))
  }

  const REFUSED: readonly (readonly [guarantee: string, url: () => string, reason: RegExp])[] = [
    [
      'verify-full: another name',
      () => at('127.0.0.1', `sslmode=verify-full&${ca('ours')}`),
      /altnames|does not match/i,
    ],
    ['verify-full: another authority', () => at('localhost', `sslmode=verify-full&${ca('theirs')}`), /certificate/],
    ['verify-full: an unknown authority', () => at('localhost', 'sslmode=verify-full'), /certificate/],
    ['verify-full: authorities of the system', () => at('localhost', 'sslrootcert=system'), /certificate/],
    ['verify-ca: another authority', () => at('localhost', `sslmode=verify-ca&${ca('theirs')}`), /certificate/],
    ['require with an authority: another one', () => at('localhost', `sslmode=require&${ca('theirs')}`), /certificate/],
    ['require: a server without TLS', () => at('127.0.0.1', 'sslmode=require', { to: bare }), /does not support SSL/],
    [
      'verify-full: a server without TLS',
      () => at('127.0.0.1', 'sslmode=verify-full', { to: bare }),
      /does not support SSL/,
    ],
    [
      'disable: the server requires TLS',
      () => at('127.0.0.1', 'sslmode=disable', { user: 'encrypted' }),
      /pg_hba|reject/,
    ],
    [
      'no client certificate, but the server requires one',
      () => at('localhost', 'sslmode=require', { user: 'certified' }),
      /certificate/,
    ],
    [
      'channel_binding=require: the server did not ask for a password',
      () => at('localhost', 'sslmode=require&channel_binding=require'),
      /channel_binding/,
    ],
    [
      'a wrong password',
      () => at('localhost', 'sslmode=require&password=no', { user: 'secret' }),
      /password authentication failed/,
    ],
    ['a Unix socket that does not exist', () => `postgresql://postgres@/postgres?host=${directory}`, /ENOENT/],
  ]
  for (const [guarantee, url, reason] of REFUSED) {
    test(`refused: ${guarantee}`, () => assert.rejects(isEncrypted(url()), reason))
  }

  test('the service works over verified TLS and over a Unix socket', async () => {
    for (const url of [
      at('localhost', `sslmode=verify-full&${ca('ours')}`),
      `postgresql://postgres@/postgres?host=${cluster.socketDirectory}&port=${cluster.port}`,
    ]) {
      await using world = await openWorld({ env: { ...UNLIMITED, DATABASE_URL: url } })
      const { token } = await world.signUp()
      assert.equal((await world.ask('POST', '/api/tasks', { token, body: { title: 'x' } })).status, 201)
      assert.equal((await world.ask('GET', '/api/tasks', { token })).json.length, 1)
    }
  })
})
