import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import {
  configOf,
  needsServer,
  openServedDatabase,
  SERVER_URL,
  SILENT,
  type ServedDatabase,
} from '../../../test/databases.ts'
import { StartError } from '../../errors.ts'
import { parseDatabaseUrl } from '../../lib/database-url.ts'
import { clientConfig, Connection, settleTls } from './connection.ts'
import { openDatabase } from '../database.ts'

/** Of `localhost` alone, signed by itself, good until 2126, and for nothing but these tests. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUJc//GVSLUaGKIgYbWkJrrw4UnF4wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE1MzA1NFoYDzIxMjYxMDI5
MTUzMDU0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATKnUsdHE5eRTV3tEOGQ8PfDZuEw/ZXP4ZlxJVr1XsKqgScaZmGvbmD
SuM9ERbN0Prb5kjsZSX8FONBnbViXSelo2kwZzAdBgNVHQ4EFgQUxA5AoVYarCTn
tkgLWTti6NJPjwswHwYDVR0jBBgwFoAUxA5AoVYarCTntkgLWTti6NJPjwswDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhANKzJVhj3QwzMKYqRUQa6yfjtpaDYqbBPzcKQdurI5NmAiA4gUs5VSJb
g6CFKhBs0xF/s/VFMqIAvvIEg7q6XKwIAw==
-----END CERTIFICATE-----
`
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyA/CSGvZbW9HFLmk
EVZreW3WGezXqKIk0jf4wbJ2DtqhRANCAATKnUsdHE5eRTV3tEOGQ8PfDZuEw/ZX
P4ZlxJVr1XsKqgScaZmGvbmDSuM9ERbN0Prb5kjsZSX8FONBnbViXSel
-----END PRIVATE KEY-----
`
const directory = mkdtempSync(join(tmpdir(), 'todo-tls-'))
const certificateFile = join(directory, 'ca.pem')
writeFileSync(certificateFile, CERTIFICATE)
after(() => rmSync(directory, { recursive: true }))

let served: ServedDatabase
before(async () => void (served = await openServedDatabase()))
after(() => served[Symbol.asyncDispose]())

describe('a URL', () => {
  const configFor = (query: string, host = 'db.example') =>
    clientConfig(parseDatabaseUrl(`postgres://u:p@${host}:5433/d?${query}`))

  for (const [query, expected] of [
    ['sslmode=disable', false],
    // Which of the two they give is settled by asking the server.
    ['sslmode=allow', false],
    ['', false],
    ['sslmode=require', { rejectUnauthorized: false }],
    ['ssl=true', { rejectUnauthorized: false }],
    ['sslmode=verify-full', { rejectUnauthorized: true }],
    [`sslmode=verify-full&sslrootcert=${certificateFile}`, { rejectUnauthorized: true, ca: CERTIFICATE }],
  ] as const) {
    test(`with ${query || 'nothing about TLS'} makes of TLS: ${JSON.stringify(expected).slice(0, 60)}`, () => {
      assert.deepEqual(configFor(query).ssl, expected)
    })
  }

  test('with verify-ca, or with require and a root certificate, checks the chain and not the name', () => {
    for (const query of [
      `sslmode=verify-ca&sslrootcert=${certificateFile}`,
      `sslmode=require&sslrootcert=${certificateFile}`,
    ]) {
      const { ssl } = configFor(query)
      assert.ok(typeof ssl === 'object')
      assert.deepEqual([ssl.rejectUnauthorized, ssl.ca], [true, CERTIFICATE])
      assert.equal(ssl.checkServerIdentity?.('other', Object.create(null)), undefined)
    }
  })

  test('with sslrootcert=system trusts what the operating system trusts', () => {
    const { ssl } = configFor('sslrootcert=system')
    assert.ok(typeof ssl === 'object' && Array.isArray(ssl.ca))
    assert.equal(ssl.rejectUnauthorized, true)
  })

  test('hands on everything else that it says', () => {
    const { host, port, user, password, database, ...rest } = configFor(
      'sslmode=require&application_name=mine&connect_timeout=3&options=endpoint%3Dx&sslnegotiation=direct',
    )
    assert.deepEqual([host, port, user, password, database], ['db.example', 5433, 'u', 'p', 'd'])
    assert.deepEqual(
      [rest.application_name, rest.connectTimeoutMs, rest.options, rest.sslnegotiation],
      ['mine', 3000, 'endpoint=x', 'direct'],
    )
    assert.equal(configFor('').application_name, 'todo-backend')
  })

  test('offers channel binding only over TLS unless it is disabled, and requires it only if the URL does', () => {
    const asked = (query: string): unknown => {
      const { enableChannelBinding, requireChannelBinding } = configFor(query)
      return [enableChannelBinding, requireChannelBinding]
    }
    assert.deepEqual(asked('sslmode=disable'), [false, false])
    assert.deepEqual(asked('sslmode=require'), [true, false])
    assert.deepEqual(asked('sslmode=require&channel_binding=disable'), [false, false])
    assert.deepEqual(asked('sslmode=require&channel_binding=require'), [true, true])
  })

  test('with a missing file of root certificates cannot be opened, and the reason names the file', async () => {
    const env = {
      DATABASE_URL: 'postgres://u@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/nonexistent.pem',
      DATA_DIR: directory,
    }
    await assert.rejects(
      openDatabase(configOf(env), SILENT, { migrate: false }),
      (error) => error instanceof StartError && /DATABASE_URL: .*\/nonexistent\.pem/.test(error.message),
    )
  })
})

/** What stands before the real server, and decides how it may be spoken to. */
interface Front extends AsyncDisposable {
  readonly port: number
  /** How each connection began. */
  readonly seen: ('plain' | 'tls')[]
}

const PASSWORD = 'correct-horse'
const SSL_REQUEST = 80_877_103

/**
 * @param tls whether it has TLS, has none, or takes nothing else
 * @param far what answers behind it; the real server by default
 */
async function openFront(tls: 'has' | 'none' | 'only', far: (near: Socket) => void = toServer): Promise<Front> {
  const seen: ('plain' | 'tls')[] = []
  const sockets = new Set<Socket>()
  const secure = (socket: Socket): Socket =>
    new TLSSocket(socket, { isServer: true, cert: CERTIFICATE, key: KEY, ALPNProtocols: ['postgresql'] })
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    const begin = (near: Socket, kind: 'plain' | 'tls'): void => {
      seen.push(kind)
      near.on('error', () => undefined)
      if (kind === 'plain' && tls === 'only') near.end(refusal('28000', 'no pg_hba.conf entry for host, no encryption'))
      else far(near)
      near.resume()
    }
    socket.once('data', (first: Buffer) => {
      socket.pause()
      const asksForTls = first.length === 8 && first.readInt32BE(4) === SSL_REQUEST
      if (!asksForTls || tls === 'none') socket.unshift(first)
      if (first[0] === 0x16 && tls !== 'none') begin(secure(socket), 'tls')
      else if (!asksForTls) begin(socket, 'plain')
      else if (tls === 'none') {
        socket.read(8)
        socket.write('N')
        socket.once('end', () => socket.end())
        socket.resume()
      } else {
        socket.write('S')
        begin(secure(socket), 'tls')
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function toServer(near: Socket): void {
  const { hostname, port } = new URL(String(SERVER_URL))
  const far = connect(Number(port || 5432), hostname).on('error', () => near.destroy())
  far.on('close', () => near.destroy())
  near.on('close', () => far.destroy())
  near.pipe(far).pipe(near)
}

const message = (type: string, ...parts: (string | number)[]): Buffer => {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(`${part}\0`)
      const number = Buffer.alloc(4)
      number.writeInt32BE(part)
      return number
    }),
  )
  const head = Buffer.from(`${type}0000`)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const refusal = (code: string, text: string): Buffer => message('E', 'SFATAL', `C${code}`, `M${text}`, '')

describe('TLS', { skip: needsServer }, () => {
  const address = (port: number, query: string, host = 'localhost') => {
    const { username, password, pathname } = new URL(String(served.env['DATABASE_URL']))
    return parseDatabaseUrl(`postgres://${username}:${password}@${host}:${port}${pathname}?${query}`)
  }
  const answer = async (port: number, query: string, host?: string): Promise<unknown> => {
    const client = new Connection(clientConfig(await settleTls(address(port, query, host))))
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query('select 1 as one')).rows[0].one
    } finally {
      client.connection.stream.destroy()
    }
  }
  const trusting = `sslrootcert=${certificateFile}`

  for (const [query, host, expected] of [
    ['sslmode=require', 'localhost', 1],
    ['sslmode=require', '127.0.0.1', 1],
    ['sslmode=prefer', 'localhost', 1],
    ['sslmode=verify-ca', 'localhost', /self-signed certificate/],
    ['sslmode=verify-full', 'localhost', /self-signed certificate/],
    ['sslrootcert=system', 'localhost', /self-signed certificate/],
    [`sslmode=verify-ca&${trusting}`, 'localhost', 1],
    [`sslmode=verify-ca&${trusting}`, '127.0.0.1', 1],
    [`sslmode=verify-full&${trusting}`, 'localhost', 1],
    [`sslmode=verify-full&${trusting}`, '127.0.0.1', /127\.0\.0\.1/],
    ['sslmode=require&sslnegotiation=direct', 'localhost', 1],
    [`sslmode=verify-full&${trusting}&sslnegotiation=direct`, 'localhost', 1],
  ] as const) {
    const shown = query.replace(certificateFile, 'the.pem')
    test(`${shown} at ${host}, which has a self-signed certificate: ${expected === 1 ? 'is accepted, encrypted' : 'is refused'}`, async () => {
      await using front = await openFront('has')
      if (expected === 1) assert.equal(await answer(front.port, query, host), 1)
      else await assert.rejects(answer(front.port, query, host), expected)
      assert.deepEqual(new Set(front.seen), new Set(['tls']))
    })
  }

  test('prefer connects without it if the server has none, and allow and disable do not ask for it', async () => {
    await using front = await openFront('none')
    for (const mode of ['prefer', 'allow', 'disable']) assert.equal(await answer(front.port, `sslmode=${mode}`), 1)
    assert.deepEqual(new Set(front.seen), new Set(['plain']))
  })

  test('require and stronger are refused if the server has none', async () => {
    await using front = await openFront('none')
    for (const mode of ['require', 'verify-ca', 'verify-full']) {
      await assert.rejects(answer(front.port, `sslmode=${mode}`), /does not support SSL/)
    }
    assert.deepEqual(front.seen, [])
  })

  test('allow uses it only if the server requires it, and disable never does', async () => {
    await using front = await openFront('only')
    assert.equal(await answer(front.port, 'sslmode=allow'), 1)
    assert.deepEqual(front.seen, ['plain', 'tls', ...front.seen.slice(2)])
    await assert.rejects(answer(front.port, 'sslmode=disable'), /no encryption/)
  })

  test('prefer reports errors other than those of TLS, and does not fall back to plain text for them', async () => {
    await using front = await openFront('has')
    const wrong = { ...address(front.port, 'sslmode=prefer'), database: 'todo_no_such_database' }
    await assert.rejects(settleTls(wrong), { code: '3D000' })
    assert.deepEqual(front.seen, ['tls'])
  })

  test('the local server is reached with prefer, whether it has TLS or not', async () => {
    const { port } = new URL(String(SERVER_URL))
    const { tls } = await settleTls(address(Number(port || 5432), '', new URL(String(SERVER_URL)).hostname))
    const { rows } = await served.asOwner((client) => client.query('show ssl'))
    assert.equal(tls, rows[0].ssl === 'on' ? 'require' : 'disable')
  })

  test('a whole database is served over verify-full', async () => {
    await using front = await openFront('only')
    const url = new URL(String(served.env['DATABASE_URL']))
    url.host = `localhost:${front.port}`
    const env = { ...served.env, DATABASE_URL: `${url.href}?sslmode=verify-full&${trusting}` }
    await using db = await openDatabase(configOf(env), SILENT, { migrate: false })
    const user = await served.addUser()
    const row = await db.asUser(user.principal, (sql) =>
      sql.row({ name: 'test.user', text: 'select current_user as role' }),
    )
    assert.deepEqual(row, { role: db.roles.serving })
    assert.deepEqual(new Set(front.seen), new Set(['tls']))
  })
})

describe('a server that asks for a password', { skip: needsServer }, () => {
  /** After it has received the right password, it passes the connection on to the real server. */
  const asking = (near: Socket): void =>
    void near.once('data', (startup: Buffer) => {
      near.once('data', (answer: Buffer) => {
        if (!answer.equals(message('p', PASSWORD))) {
          near.end(refusal('28P01', 'password authentication failed for user "postgres"'))
          return
        }
        near.unshift(startup)
        toServer(near)
      })
      near.write(message('R', 3))
    })
  const open = async (password: string): Promise<unknown> => {
    await using front = await openFront('only', asking)
    const url = new URL(String(served.env['DATABASE_URL']))
    url.host = `127.0.0.1:${front.port}`
    url.password = password
    const env = { ...served.env, DATABASE_URL: `${url.href}?sslmode=require` }
    await using db = await openDatabase(configOf(env), SILENT, { migrate: true })
    return await db.asSystem('test', (sql) => sql.row({ name: 'test.user', text: 'select current_user as role' }))
  }

  test('gets the one in the URL from every connection, also from those of the pool', async () => {
    assert.deepEqual(await open(PASSWORD), { role: served.db.roles.system })
  })

  test('and refuses it, is quoted in the error at start, and the password is not', async () => {
    await assert.rejects(open('the-wrong-one'), (error) => {
      assert.ok(error instanceof StartError)
      assert.equal(
        error.message,
        'cannot connect to the database of DATABASE_URL: password authentication failed for user "postgres". Correct the password; in a URL, @ : / % are written %40 %3A %2F %25',
      )
      return true
    })
  })
})

describe('channel_binding=require', () => {
  /** Asks for a password in one way, accepts none, and records what it receives. */
  const asking = (heard: Buffer[], request: Buffer) => (near: Socket) =>
    void near.once('data', () => {
      near.on('data', (bytes: Buffer) => {
        heard.push(bytes)
        near.end(refusal('28P01', 'password authentication failed for user "u"'))
      })
      near.write(request)
    })
  const attempt = async (port: number, query: string): Promise<void> => {
    const client = new Connection(
      clientConfig(parseDatabaseUrl(`postgres://u:${PASSWORD}@localhost:${port}/d?${query}`)),
    )
    client.on('error', () => undefined)
    try {
      await client.connect()
    } finally {
      client.connection.stream.destroy()
    }
  }
  const md5 = message('R', 5, 0x01020304)
  const sasl = message('R', 10, 'SCRAM-SHA-256', '')
  for (const [what, request] of [
    ['a password in plain text', message('R', 3)],
    ['an MD5 hash', md5],
    ['SCRAM without channel binding', sasl],
  ] as const) {
    test(`sends nothing to a server that asks for ${what}, as a man in the middle would`, async () => {
      const heard: Buffer[] = []
      await using front = await openFront('has', asking(heard, request))
      await assert.rejects(
        attempt(front.port, 'sslmode=require&channel_binding=require'),
        /^Error: channel_binding=require, but/,
      )
      assert.deepEqual(heard, [])
      // Where it is not demanded the same server is answered.
      await assert.rejects(attempt(front.port, 'sslmode=require'), /password authentication failed/)
      assert.equal(heard.length, 1)
    })
  }

  test('refuses a server that accepts connections without authentication', async () => {
    const welcome = Buffer.concat([message('R', 0), Buffer.from('Z\0\0\0\x05I')])
    const welcoming = (near: Socket): void => void near.once('data', () => near.write(welcome))
    await using front = await openFront('has', welcoming)
    await assert.rejects(attempt(front.port, 'sslmode=require&channel_binding=require'), /channel_binding=require, but/)
  })

  test('refuses a connection without TLS, which has no channel to bind to', async () => {
    const heard: Buffer[] = []
    await using front = await openFront('none', asking(heard, sasl))
    await assert.rejects(attempt(front.port, 'sslmode=disable&channel_binding=require'), /channel_binding=require, but/)
    assert.deepEqual(heard, [])
  })
})

describe('a connection', () => {
  test('gives up after connect_timeout on a server that does not answer', async () => {
    await using front = await openFront('has', () => undefined)
    const client = new Connection(
      clientConfig({
        ...parseDatabaseUrl(`postgres://u@localhost:${front.port}/d?sslmode=require`),
        connectTimeoutMs: 100,
      }),
    )
    client.on('error', () => undefined)
    await assert.rejects(client.connect(), /timeout expired/)
  })

  test('of the pool is the serving role, in UTC, bounded in time, and finds tables in public before temporary ones', async () => {
    const { rows } = await served.db.pool.query(
      `select current_user as role, current_setting('timezone') as zone, current_setting('search_path') as path,
         current_setting('statement_timeout') <> '0' as bounded, current_setting('idle_in_transaction_session_timeout') <> '0' as idle`,
    )
    assert.deepEqual(rows, [
      {
        role: served.db.roles.serving,
        zone: 'UTC',
        path: 'public, pg_temp',
        bounded: true,
        idle: needsServer === false,
      },
    ])
  })

  test('gives instants as they travel and counts as numbers', async () => {
    const { rows } = await served.db.pool.query(
      `select '2025-12-27 17:00:00+00'::timestamptz as whole, '2025-12-27 17:00:00.12+02'::timestamptz(3) as fraction,
         null::timestamptz as none, count(*) as n, 9007199254740991::bigint as most, 1::int as int, true as yes, '{a,b}'::text[] as list`,
    )
    assert.deepEqual(rows, [
      {
        whole: '2025-12-27T17:00:00Z',
        fraction: '2025-12-27T15:00:00.120Z',
        none: null,
        n: 1,
        most: Number.MAX_SAFE_INTEGER,
        int: 1,
        yes: true,
        list: ['a', 'b'],
      },
    ])
  })
})
