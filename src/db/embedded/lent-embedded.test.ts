import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client } from 'pg'
import { openEmbedded } from './embedded.ts'
import { LENT_PORT, lendEmbedded } from './lent-embedded.ts'

test('a shared embedded database is reached through a private directory, by the newest connection, until it is disposed', async () => {
  const home = mkdtempSync(join(tmpdir(), 'todo-lent-'))
  try {
    await using embedded = await openEmbedded(join(home, 'postgres'))
    await using lent = await lendEmbedded(embedded)
    assert.equal(statSync(lent.at).mode & 0o777, 0o700)
    const connect = async (): Promise<Client> => {
      const client = new Client({ host: lent.at, port: LENT_PORT, user: 'postgres', database: 'postgres' })
      client.on('error', () => undefined)
      await client.connect()
      return client
    }
    const first = await connect()
    await first.query(`create table t as select 'x' || n as text from generate_series(1, 10000) n`)
    await first.query('begin')
    await first.query('delete from t')
    const second = await connect()
    await assert.rejects(first.query('select 1'))
    // The first connection has ended and its transaction was rolled back.
    const { rows } = await second.query('select count(*)::int as count, max(text) from t')
    assert.deepEqual(rows, [{ count: 10_000, max: 'x9999' }])

    await lent[Symbol.asyncDispose]()
    await assert.rejects(second.query('select 1'))
    assert.ok(!existsSync(lent.at))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
