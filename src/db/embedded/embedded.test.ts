import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { after, before, test, type TestContext } from 'node:test'
import { Client, DatabaseError, Pool, type ClientConfig, type QueryConfig } from 'pg'
import { StartError } from '../../errors.ts'
import { openEmbedded, type EmbeddedDatabase } from './embedded.ts'

const MEBIBYTE = 1024 * 1024

/** Creating a cluster takes seconds. One is created for all tests; most share a database, and the others copy it. */
const root = fs.mkdtempSync(path.join(tmpdir(), 'embedded-'))
const template = path.join(root, 'template')
let database: EmbeddedDatabase

before(async () => {
  // The directory of an interrupted creation: it is created again, and does not count as a cluster.
  fs.mkdirSync(`${template}.creating`)
  fs.writeFileSync(path.join(`${template}.creating`, 'PG_VERSION'), '18\n')
  await (await openEmbedded(template)).close()
  database = await openEmbedded(copyOfTemplate())
})

after(async () => {
  await database.close()
  fs.rmSync(root, { recursive: true })
})

test('a new cluster appears under its name only when it is complete, and no temporary directory is left', () => {
  assert(fs.existsSync(path.join(template, 'PG_VERSION')))
  assert(!fs.existsSync(`${template}.creating`))
  assert.equal(fs.statSync(template).mode & 0o077, 0)
})

test('the ordinary pool reaches PostgreSQL 18 as its superuser, with every commit on disk before it is acknowledged', async (t) => {
  const { rows } = await poolOf(t, database).query(
    `select current_user as who, current_setting('server_version_num')::int / 10000 as version,
            current_setting('fsync') as fsync, current_setting('wal_sync_method') as method,
            current_setting('synchronous_commit') as commit`,
  )
  assert.deepEqual(rows, [{ who: 'postgres', version: 18, fsync: 'on', method: 'fsync', commit: 'on' }])
})

test('the query after a failing one, in any form, gets its own result', async (t) => {
  const client = await clientOf(t, database)
  const broken: (string | QueryConfig)[] = [
    'selec',
    'select 1; select 1/0; select 2',
    { text: 'select $1::int', values: ['x'] },
    { name: 'never', text: 'select * from nothing where id = $1', values: [1] },
    'copy (select 1/0) to stdout',
  ]
  for (const query of broken) {
    await assert.rejects(client.query(query), DatabaseError)
    assert.deepEqual((await client.query('select $1::text as answer', ['mine'])).rows, [{ answer: 'mine' }])
  }
})

test('each statement of a pipelined batch with an error in its middle gets its own result', async (t) => {
  for (const cut of [Infinity, 1, 7]) {
    let stream: Duplex | undefined
    const client = await clientOf(t, database, {
      pipeline: true,
      stream: () => (stream = inPieces(database.stream(), cut)),
    })
    await client.query('create temp table entry (id int primary key)')
    stream?.cork()
    const batch = ['begin', 'insert into entry values ($1)', 'commit', 'begin', 'insert into entry values ($1)'].concat(
      ['insert into entry values ($1)', 'commit', 'select array_agg(id) as ids from entry'],
    )
    const answers = batch.map((text) => client.query(text.includes('$1') ? { text, values: [7] } : text))
    stream?.uncork()
    const settled = await Promise.allSettled(answers)
    assert.deepEqual(
      settled.map((each) => (each.status === 'fulfilled' ? each.value.command : codeOf(each.reason))),
      ['BEGIN', 'INSERT', 'COMMIT', 'BEGIN', '23505', '25P02', 'ROLLBACK', 'SELECT'],
    )
    const last = await answers.at(-1)
    assert.deepEqual(last?.rows, [{ ids: [7] }])
    await client.end()
  }
})

test('results and parameters of 10 MiB arrive unchanged, in one value or in many rows', async (t) => {
  const pool = poolOf(t, database)
  const large = Buffer.alloc(10 * MEBIBYTE, 'äbc').toString()
  const echoed = await pool.query('select $1::text as same', [large])
  assert(echoed.rows[0].same === large)
  const { rows } = await pool.query(`select i, repeat('x', 1000) as x from generate_series(1, 10000) i`)
  assert.equal(rows.length, 10_000)
  assert(rows.every((row, index) => row.i === index + 1 && row.x.length === 1000))
})

test('a client that is destroyed during a query does not delay the next one, and its queued statements never run', async (t) => {
  const pool = poolOf(t, database)
  await pool.query('create table killed (id int)')
  let stream: Duplex | undefined
  const client = await clientOf(t, database, { pipeline: true, stream: () => (stream = database.stream()) })
  const queries = [
    client.query(`insert into killed values (1); select repeat('x', 100000); select pg_sleep(1); commit`),
    client.query('insert into killed values (2)'),
  ]
  assert(stream)
  await once(stream, 'data') // the large result passes while the statement after it runs
  stream.destroy()
  for (const each of await Promise.allSettled(queries)) assert.equal(each.status, 'rejected')
  assert.deepEqual((await pool.query('select id from killed')).rows, [{ id: 1 }])
})

test('a new connection gets a clean session, independent of the previous one', async (t) => {
  const owner = await clientOf(t, database)
  await owner.query('create role visitor; create table left_behind (id int); grant all on left_behind to visitor')
  await owner.query(`set session authorization visitor; set search_path = nowhere; set time zone 'Asia/Tokyo'`)
  await owner.query('create temp table scratch (id int)')
  await owner.query({ name: 'prepared', text: 'select 1' })
  await owner.query('begin; insert into public.left_behind values (1)')
  const next = await clientOf(t, database)
  assert.deepEqual(
    (
      await next.query(
        `select session_user as session, current_user as who, current_setting('search_path') as path,
                current_setting('TimeZone') as zone, to_regclass('pg_temp.scratch') as scratch,
                (select count(*)::int from pg_prepared_statements) as prepared, (select count(*)::int from left_behind) as rows`,
      )
    ).rows,
    [{ session: 'postgres', who: 'postgres', path: 'public', zone: 'UTC', scratch: null, prepared: 0, rows: 0 }],
  )
})

test('an error in a batch that ends without Sync does not affect the next client', async (t) => {
  let stream: Duplex | undefined
  const client = await clientOf(t, database, { stream: () => (stream = database.stream()) })
  await client.query('begin')
  assert(stream)
  const parse = Buffer.from(`P\0\0\0\0\0selec\0\0\0`) // and no Sync
  parse.writeInt32BE(parse.length - 1, 1)
  const answered = once(stream, 'data')
  stream.write(parse)
  await answered
  stream.destroy()
  assert.deepEqual((await poolOf(t, database).query('select 1 as one')).rows, [{ one: 1 }])
})

test('a Terminate sent together with a query ends the connection after it, and not the database', async (t) => {
  let stream: Duplex | undefined
  await clientOf(t, database, { stream: () => (stream = database.stream()) })
  assert(stream)
  const answered = once(stream, 'data')
  stream.write(Buffer.from('Q\0\0\0\rselect 1\0X\0\0\0\x04'))
  await answered
  stream.end()
  assert.deepEqual((await poolOf(t, database).query('select 1 as one')).rows, [{ one: 1 }])
})

test('a second connection replaces the first, which fails with an error that says so', async (t) => {
  const first = await clientOf(t, database)
  const second = await clientOf(t, database)
  await assert.rejects(first.query('select 1'), /not queryable/)
  assert.deepEqual((await second.query('select 1 as one')).rows, [{ one: 1 }])
})

test('an unsupported protocol, or a message beyond 64 MiB, ends its own connection and no other', async (t) => {
  await assert.rejects(clientOf(t, database, { ssl: true }), { code: 'ECONNRESET', message: /no TLS/ })
  const client = await clientOf(t, database)
  await assert.rejects(client.query('select $1', ['x'.repeat(64 * MEBIBYTE)]), { code: 'ECONNRESET' })
  assert.deepEqual((await poolOf(t, database).query('select 1 as one')).rows, [{ one: 1 }])
})

test('a new connection vacuums dead rows and writes a checkpoint when the log has grown', async (t) => {
  const busy = await clientOf(t, database)
  await busy.query('create table cleared as select i, repeat($$x$$, 100) from generate_series(1, 1000) i')
  await busy.query('delete from cleared')
  await busy.query(`select pg_logical_emit_message(false, 'filler', repeat('x', 1000000)) from generate_series(1, 40)`)
  const { rows } = await poolOf(t, database).query(
    `select pg_relation_size('cleared')::int as "tableBytes",
            pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn) < 1000000 as "logIsShort" from pg_control_checkpoint()`,
  )
  assert.deepEqual(rows, [{ tableBytes: 0, logIsShort: true }])
})

test('infinite recursion is an error of the statement and does not end the database', async (t) => {
  const client = await clientOf(t, database)
  await client.query(
    'create function endless(i int) returns int language sql volatile as $$ select endless(i + 1) + 1 $$',
  )
  await assert.rejects(client.query('select endless(1)'), { code: '54001' })
  assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }])
})

test('when PostgreSQL fails, the current query and all later ones fail at once, and committed data is safe', async (t) => {
  const directory = copyOfTemplate()
  const broken = await opened(t, directory)
  const pool = poolOf(t, broken)
  await pool.query('create table committed as select 1 as id')
  const client = await clientOf(t, broken)
  await client.query('begin; insert into committed values (2)')
  // PGlite cannot start programs, and throws through PostgreSQL's own frames.
  await assert.rejects(client.query(`copy (select 1) to program 'true'`), { code: 'ECONNRESET' })
  await assert.rejects(pool.query('select 1'), { code: 'ECONNREFUSED', message: /embedded database cannot be reached/ })
  await broken.close()
  const { rows } = await poolOf(t, await opened(t, directory)).query('select id from committed')
  assert.deepEqual(rows, [{ id: 1 }])
})

test('closing ends the current connection, rolls back its transaction, and can be repeated', async (t) => {
  const directory = copyOfTemplate()
  const closing = await opened(t, directory)
  const client = await clientOf(t, closing)
  await client.query('create table kept as select 1 as id')
  await client.query('begin; insert into kept values (2)')
  const underWay = assert.rejects(client.query('select pg_sleep(0.2)'), { code: 'ECONNRESET' })
  await Promise.all([closing.close(), closing.close(), closing[Symbol.asyncDispose](), underWay])
  await assert.rejects(clientOf(t, closing), { code: 'ECONNREFUSED', message: /it is closed/ })
  const { rows } = await poolOf(t, await opened(t, directory)).query('select id from kept')
  assert.deepEqual(rows, [{ id: 1 }])
})

test('kill -9 during writes loses no acknowledged row, three times in a row', async (t) => {
  const directory = copyOfTemplate()
  const acknowledged: number[] = []
  for (let round = 1; round <= 3; round += 1) {
    const enough = acknowledged.length + 50 * round
    const writer = spawn(process.execPath, ['-e', WRITER, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => writer.kill('SIGKILL'))
    const ended = once(writer, 'exit')
    for await (const line of createInterface({ input: writer.stdout })) {
      if (acknowledged.push(Number(line)) === enough) writer.kill('SIGKILL')
    }
    assert.deepEqual(await ended, [null, 'SIGKILL'])
    const survivor = await opened(t, directory)
    const { rows } = await poolOf(t, survivor).query('select id from acknowledged')
    const found = new Set(rows.map((row) => row.id))
    assert.deepEqual(
      acknowledged.filter((id) => !found.has(id)),
      [],
    )
    // At most one unacknowledged row may exist, the one being written; the next writer continues after it.
    assert(found.size - acknowledged.length <= 1)
    acknowledged.push(...[...found].filter((id) => !acknowledged.includes(id)))
    await survivor.close()
  }
})

test('a directory without a usable cluster is refused in one sentence that names it, and its files are kept', async (t) => {
  const damages: [damage: (directory: string) => void, reason: RegExp][] = [
    [
      (directory) => fs.truncateSync(path.join(directory, 'global/pg_control')),
      /could not read file "global\/pg_control"/,
    ],
    [(directory) => fs.rmSync(path.join(directory, 'pg_wal'), { recursive: true }), /WAL directory "pg_wal"/],
    [(directory) => fs.writeFileSync(path.join(directory, 'PG_VERSION'), '17\n'), /incompatible with server/],
    [(directory) => fs.rmSync(path.join(directory, 'PG_VERSION')), /holds files but no database/],
  ]
  for (const [damage, reason] of damages) {
    const directory = copyOfTemplate()
    damage(directory)
    const files = fs.readdirSync(directory)
    await assert.rejects(opened(t, directory), refusal(directory, reason))
    assert.deepEqual(
      files.filter((file) => !fs.existsSync(path.join(directory, file))),
      [],
    )
  }
  const file = path.join(root, 'file')
  fs.writeFileSync(file, '')
  await assert.rejects(opened(t, file), refusal(file, /cannot be read/))
  const nowhere = path.join(root, 'no', 'where')
  await assert.rejects(opened(t, nowhere), refusal(nowhere, /No database could be created/))
})

/** Writes numbers one by one, and prints each when its commit is acknowledged. */
const WRITER = `
  import pg from ${JSON.stringify(import.meta.resolve('pg'))}
  import { openEmbedded } from ${JSON.stringify(import.meta.resolve('./embedded.ts'))}
  const database = await openEmbedded(process.argv[1])
  const pool = new pg.Pool({ user: 'postgres', max: 1, stream: () => database.stream() })
  await pool.query('create table if not exists acknowledged (id int primary key)')
  const { rows } = await pool.query('select coalesce(max(id), 0) as last from acknowledged')
  for (let id = rows[0].last + 1; ; id += 1) {
    await pool.query('insert into acknowledged values ($1)', [id])
    process.stdout.write(id + '\\n')
  }
`

let copies = 0

function copyOfTemplate(): string {
  const directory = path.join(root, `copy-${(copies += 1)}`)
  fs.cpSync(template, directory, { recursive: true })
  return directory
}

async function opened(t: TestContext, directory: string): Promise<EmbeddedDatabase> {
  const embedded = await openEmbedded(directory)
  t.after(() => embedded.close())
  return embedded
}

const clientConfig = (embedded: EmbeddedDatabase): ClientConfig => ({
  user: 'postgres',
  database: 'postgres',
  ssl: false,
  stream: () => embedded.stream(),
})

function poolOf(t: TestContext, embedded: EmbeddedDatabase): Pool {
  const pool = new Pool({ ...clientConfig(embedded), max: 1 })
  pool.on('error', () => {}) // an idle connection that is lost
  t.after(() => pool.end())
  return pool
}

async function clientOf(t: TestContext, embedded: EmbeddedDatabase, config: ClientConfig = {}): Promise<Client> {
  const client = new Client({ ...clientConfig(embedded), ...config })
  client.on('error', () => {}) // a lost connection also rejects the current query
  await client.connect()
  t.after(() => client.end())
  return client
}

/** Splits writes into pieces of this many bytes, as any stream may do. */
function inPieces(stream: Duplex, bytes: number): Duplex {
  if (bytes === Infinity) return stream
  const write = stream._write.bind(stream)
  return Object.assign(stream, {
    _writev: undefined,
    _write(chunk: Buffer, encoding: BufferEncoding, callback: () => void) {
      for (let start = 0; start < chunk.length; start += bytes) {
        write(chunk.subarray(start, start + bytes), encoding, () => {})
      }
      callback()
    },
  })
}

function refusal(directory: string, reason: RegExp): (error: unknown) => true {
  return (error) => {
    assert(error instanceof StartError)
    assert.match(error.message, reason)
    assert(error.message.includes(directory))
    assert.match(error.message, /^[^\n]+\.$/)
    return true
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Object && 'code' in error ? error.code : error
}
