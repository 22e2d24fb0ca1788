import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { startService, type Service } from '../service.ts'
import { fillDisk, mountSmallDisk, needsMount } from '../small-disk.ts'
import { until } from './measures.ts'

const MEBIBYTE = 1024 * 1024
/** Enough for tables to grow, but not for another segment of the log, which has 16 MiB. */
const LEFT_BYTES = 14 * MEBIBYTE

/** Shortens every delay of a process to a millisecond, so that its last attempt is soon. */
const IMPATIENT = `data:text/javascript,${encodeURIComponent(`
  import timers from 'node:timers/promises'
  import { syncBuiltinESMExports } from 'node:module'
  const { setTimeout } = timers
  timers.setTimeout = (_ms, ...rest) => setTimeout(1, ...rest)
  syncBuiltinESMExports()
`)}`

describe('a service on the embedded database whose disk is full', { skip: needsMount }, () => {
  const root = mkdtempSync(join(tmpdir(), 'todo-full-'))
  after(() => rmSync(root, { recursive: true }))

  test('answers 503, serves again when there is space, and has all acknowledged rows', async () => {
    using disk = mountSmallDisk(root, 200)
    await using service = await startService({ DATA_DIR: disk.at })
    const { token } = await service.signUp()
    const filler = fillDisk(disk.at, LEFT_BYTES)
    const acknowledged = await writeUntilBroken(service, token)

    const { status, json, headers } = await service.ask('GET', '/api/tasks', { token })
    assert.equal(status, 503)
    assert.equal(json.code, 'unavailable')
    assert.ok(Number(headers.get('retry-after')) >= 1)
    assert.equal((await service.ask('GET', '/health')).status, 200)
    const ready = await service.ask('GET', '/health/ready')
    assert.deepEqual([ready.status, ready.json.checks.database], [503, 'down'])

    rmSync(filler)
    await until('the service is ready', async () => (await service.ask('GET', '/health/ready')).status === 200, 60_000)
    for (const id of acknowledged) assert.equal((await service.ask('GET', `/api/tasks/${id}`, { token })).status, 200)
    assert.equal((await service.ask('POST', '/api/tasks', { token, body: { title: 'again' } })).status, 201)
  })

  test('ends with a message and status 1 if the disk stays full, and so does a start', async () => {
    using disk = mountSmallDisk(root, 200)
    await using service = await startService({ DATA_DIR: disk.at }, IMPATIENT)
    const { token } = await service.signUp()
    const filler = fillDisk(disk.at, LEFT_BYTES)
    await writeUntilBroken(service, token)
    assert.equal(await service.status, 1)
    const message = /No space left on device\): free some space there and start again; nothing has to be restored\./
    assert.match(service.output(), message)
    assert.match(service.output(), /^todo-backend: .*Gave up after 20 attempts to restart it\.$/m)

    await assert.rejects(startService({ DATA_DIR: disk.at }), message)
    rmSync(filler)
    await using restarted = await startService({ DATA_DIR: disk.at })
    assert.equal((await restarted.ask('GET', '/api/tasks?limit=1', { token })).status, 200)
  })
})

/** Writes tasks until the service is no longer ready. @returns the ids of acknowledged tasks */
async function writeUntilBroken(service: Service, token: string): Promise<string[]> {
  const acknowledged: string[] = []
  do {
    const operations = Array.from({ length: 50 }, () => ({
      op: 'create',
      task: { title: 'large', description: randomBytes(7_000).toString('base64') },
    }))
    const { status, json } = await service.ask('POST', '/api/tasks/batch', { token, body: { operations } })
    if (status !== 200) assert.equal(status, 503, JSON.stringify(json))
    else acknowledged.push(...json.results.map((result: { task: { id: string } }) => result.task.id))
  } while (await isReady(service))
  return acknowledged
}

async function isReady(service: Service): Promise<boolean> {
  // A service that ends does so soon.
  const answer = await service.ask('GET', '/health/ready').catch(() => undefined)
  return answer?.status === 200
}
