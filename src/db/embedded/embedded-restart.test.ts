import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Pool, type PoolClient } from 'pg'
import { fillDisk, mountSmallDisk, needsMount } from '../../../test/small-disk.ts'
import { StartError } from '../../errors.ts'
import { openEmbedded, type EmbeddedDatabase, type EmbeddedOptions, type Restarts } from './embedded.ts'

const FAST: Restarts = { minDelayMs: 1, maxDelayMs: 50, attemptsMax: 200, settledAfterMs: 30_000 }

suite('the embedded database, when PostgreSQL fails', () => {
  const root = fs.mkdtempSync(path.join(tmpdir(), 'embedded-restart-'))
  const template = path.join(root, 'template')

  before(async () => (await openEmbedded(template)).close())
  after(() => fs.rmSync(root, { recursive: true }))

  let copies = 0
  const copyOfTemplate = (): string => {
    const directory = path.join(root, `copy-${(copies += 1)}`)
    fs.cpSync(template, directory, { recursive: true })
    return directory
  }

  test('restarts behind the same pool, with exactly the committed data', async (t) => {
    const database = await opened(t, copyOfTemplate())
    const pool = poolOf(t, database)
    await pool.query('create table committed as select 1 as id')
    for (let round = 0; round < 3; round += 1) {
      await breakDown(pool, 'insert into committed values (2)')
      assert.deepEqual(await untilServed(pool, 'select id from committed'), [{ id: 1 }])
    }
  })

  test('logs the failure with its reason, and the restart', async (t) => {
    const lines: { level: string; fields: object; message: string }[] = []
    const note = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message })
    const database = await opened(t, copyOfTemplate(), { log: { info: note('info'), warn: note('warn') } })
    const pool = poolOf(t, database)
    await breakDown(pool)
    await untilServed(pool)
    const [warning, info] = lines
    assert.equal(lines.length, 2)
    assert.equal(warning?.level, 'warn')
    assert.match(warning?.message ?? '', /^The embedded database in .* failed \(.+\)\.$/)
    assert.deepEqual(warning?.fields, { attempt: 1, attemptsMax: FAST.attemptsMax, restartInMs: 1 })
    assert.deepEqual(info, { level: 'info', fields: { attempt: 1 }, message: 'the embedded database serves again' })
  })

  test('refuses connections at once until it serves again', async (t) => {
    const database = await opened(t, copyOfTemplate(), {
      restarts: { ...FAST, minDelayMs: 60_000, maxDelayMs: 60_000 },
    })
    const pool = poolOf(t, database)
    await breakDown(pool)
    await assert.rejects(pool.query('select 1'), {
      code: 'ECONNREFUSED',
      message: /embedded database cannot be reached/,
    })
    await database.close()
  })

  test('gives up after the last attempt, with the reason and advice', async (t) => {
    const directory = copyOfTemplate()
    const database = await opened(t, directory, { restarts: { ...FAST, attemptsMax: 2 } })
    const pool = poolOf(t, database)
    await pool.query('create table committed as select 1 as id')
    const control = path.join(directory, 'global/pg_control')
    fs.renameSync(control, `${control}.away`)
    await breakDown(pool)
    const failure = await database.failed
    assert(failure instanceof StartError)
    assert.match(failure.message, /does not start \(.+pg_control.+\): restore .+\. Gave up after 2 attempts/)
    await database.close()
    fs.renameSync(`${control}.away`, control)
    assert.deepEqual(await untilServed(poolOf(t, await opened(t, directory)), 'select id from committed'), [{ id: 1 }])
  })

  test('counts successive failures as attempts, so that the number of restarts is bounded', async (t) => {
    const database = await opened(t, copyOfTemplate(), { restarts: { ...FAST, attemptsMax: 1 } })
    const pool = poolOf(t, database)
    await breakDown(pool)
    await untilServed(pool)
    await breakDown(pool)
    assert.match((await database.failed).message, /failed \(.+\)\. Gave up after 1 attempts/)
  })

  test('can be closed before it serves again, and while it starts', async (t) => {
    for (const minDelayMs of [60_000, 1]) {
      const directory = copyOfTemplate()
      const starting = Promise.withResolvers<undefined>()
      const database = await opened(t, directory, {
        restarts: { ...FAST, minDelayMs, maxDelayMs: minDelayMs },
        log: { info: () => undefined, warn: () => starting.resolve(undefined) },
      })
      await breakDown(poolOf(t, database))
      await starting.promise
      if (minDelayMs === 1) await delay(20)
      await database.close()
      await (await opened(t, directory)).close()
    }
  })

  suite('because the disk is full', { skip: needsMount }, () => {
    test('serves again when there is free space, with all acknowledged data', async (t) => {
      using disk = mountSmallDisk(root, 200)
      const directory = path.join(disk.at, 'postgres')
      fs.cpSync(template, directory, { recursive: true })
      const database = await opened(t, directory)
      const pool = poolOf(t, database)
      await pool.query('create table entry (id int primary key); insert into entry values (0)')
      const filler = fillDisk(disk.at)
      const acknowledged = await writeUntilBroken(pool)
      await assert.rejects(pool.query('select 1'), { code: 'ECONNREFUSED', message: /No space left on device/ })
      fs.rmSync(filler)
      const rows = await untilServed(pool, 'select id from entry order by id')
      assert.deepEqual(
        rows,
        acknowledged.map((id) => ({ id })),
      )
      await pool.query('insert into entry values (-1)')
    })

    test('a start names the full disk, advises to free space and not to restore a backup, and succeeds when there is space', async (t) => {
      using disk = mountSmallDisk(root, 200)
      const directory = path.join(disk.at, 'postgres')
      fs.cpSync(template, directory, { recursive: true })
      const database = await opened(t, directory, { restarts: { ...FAST, attemptsMax: 1 } })
      const pool = poolOf(t, database)
      await pool.query('create table entry (id int primary key); insert into entry values (0)')
      const filler = fillDisk(disk.at)
      const acknowledged = await writeUntilBroken(pool)
      const advice = /No space left on device\): free some space there and start again; nothing has to be restored\./
      assert.match((await database.failed).message, advice)
      await assert.rejects(opened(t, directory), advice)
      fs.rmSync(filler)
      const rows = await untilServed(poolOf(t, await opened(t, directory)), 'select id from entry order by id')
      assert.equal(rows.length, acknowledged.length)
    })

    test('the creation of a cluster is refused with a message, and its files are removed', async (t) => {
      using disk = mountSmallDisk(root, 10)
      await assert.rejects(
        opened(t, path.join(disk.at, 'postgres')),
        /^StartError: No database could be created in .+ \(No space left on device\): free some space there/,
      )
      assert.deepEqual(fs.readdirSync(disk.at), [])
    })
  })
})

async function opened(
  t: TestContext,
  directory: string,
  { restarts = FAST, ...options }: EmbeddedOptions = {},
): Promise<EmbeddedDatabase> {
  const embedded = await openEmbedded(directory, { restarts, ...options })
  t.after(() => embedded.close())
  return embedded
}

function poolOf(t: TestContext, embedded: EmbeddedDatabase): Pool {
  const pool = new Pool({ user: 'postgres', database: 'postgres', max: 1, stream: () => embedded.stream() })
  pool.on('error', () => {}) // an idle connection that is lost
  t.after(() => pool.end())
  return pool
}

/** Makes PostgreSQL fail: PGlite cannot start programs, and throws through PostgreSQL's own frames. @param begun an uncommitted statement */
async function breakDown(pool: Pool, begun = 'select 1'): Promise<void> {
  const client: PoolClient = await pool.connect()
  client.on('error', () => undefined)
  await client.query(`begin; ${begun}`)
  await assert.rejects(client.query(`copy (select 1) to program 'true'`), { code: 'ECONNRESET' })
  client.release(true)
}

/** Repeats the query while connections are refused. @throws any other error */
async function untilServed(pool: Pool, sql = 'select 1'): Promise<unknown[]> {
  for (;;) {
    try {
      return (await pool.query(sql)).rows
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code !== 'ECONNREFUSED' && code !== 'ECONNRESET') throw error
      await delay(20)
    }
  }
}

/** Writes rows until the connection fails: they fit into the first page, but the log needs a new segment. @returns the acknowledged ids */
async function writeUntilBroken(pool: Pool): Promise<number[]> {
  const acknowledged = [0]
  for (let id = 1; ; id += 1) {
    try {
      await pool.query('insert into entry values ($1)', [id])
      acknowledged.push(id)
      await pool.query(`select pg_logical_emit_message(true, 'filler', repeat('x', 1000000))`)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'ECONNRESET' || code === 'ECONNREFUSED') return acknowledged
      // A statement for which there is no space is refused, and the next one ends the engine.
      assert.equal(code, '53100', String(error))
    }
  }
}
