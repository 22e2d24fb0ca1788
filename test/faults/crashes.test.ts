import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { askAt, type Answer } from '../world.ts'
import { ANSWER_LIMIT_MS, assertNotNow, isShort, recovery, spread, timed, UNLIMITED, until } from './measures.ts'
import { freePort, needsPostgres, openCluster, type Cluster } from './postgres.ts'

const ROUNDS = isShort ? 3 : 20
const CLIENTS = 8

describe('the service as a separate process, during writes', { skip: needsPostgres }, () => {
  let cluster: Cluster
  let service: ChildProcess
  let url: string
  let dataDir: string
  let log = ''

  before(async () => {
    cluster = await openCluster()
    dataDir = mkdtempSync(join(tmpdir(), 'todo-service-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    service = spawn(process.execPath, [join(import.meta.dirname, '../../bin/todo-backend.mjs')], {
      cwd: dataDir,
      env: {
        PATH: process.env['PATH'],
        ...UNLIMITED,
        PORT: String(port),
        DATA_DIR: dataDir,
        DATABASE_URL: cluster.url(),
        DATABASE_POOL_SIZE: '5',
        DATABASE_POOL_OVERFLOW: '5',
        LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [service.stdout, service.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-20_000)))
    }
    await until(
      'the service answers',
      async () => {
        assert.equal(service.exitCode, null, log)
        return askAt(url, 'GET', '/health').then(
          ({ status }) => status === 200,
          () => false,
        )
      },
      30_000,
    )
  })
  after(async () => {
    if (service !== undefined && service.exitCode === null) {
      const exited = once(service, 'exit')
      service.kill('SIGTERM')
      await exited
      assert.equal(service.exitCode, 0, log)
    }
    rmSync(dataDir, { recursive: true, force: true })
    await cluster?.[Symbol.asyncDispose]()
  })

  test(`${ROUNDS} crashes of PostgreSQL (pg_ctl stop -m immediate): no acknowledged write is lost, no outcome is reported wrongly, and the process continues`, async (t) => {
    const signUp = await askAt(url, 'POST', '/api/auth/sign-up/email', {
      body: { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' },
    })
    const { token } = signUp.json
    const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
      askAt(url, method, path, { token, body })
    const titles = { acknowledged: [] as string[], unknown: [] as string[], refused: [] as string[] }
    const counters = (
      await Promise.all(Array.from({ length: CLIENTS }, () => ask('POST', '/api/tasks', { title: 'counter' })))
    ).map(({ json }) => ({ id: String(json.id), acknowledged: 1, unknown: 0 }))
    let slowest = 0
    const stopping = new AbortController()
    const sort = async (
      asking: Promise<Answer>,
      sorted: { done(): void; unknown(): void; refused(): void },
    ): Promise<void> => {
      const each = await timed(asking)
      slowest = Math.max(slowest, each.ms)
      if (each.answer.status < 300) return sorted.done()
      const isUnknown = each.answer.json?.code === 'outcome_unknown'
      assertNotNow(each, isUnknown ? 'outcome_unknown' : 'unavailable')
      if (isUnknown) sorted.unknown()
      else sorted.refused()
    }
    const client = async (counter: (typeof counters)[number]): Promise<void> => {
      while (!stopping.signal.aborted) {
        const title = randomBytes(8).toString('hex')
        await sort(ask('POST', '/api/tasks', { title }), {
          done: () => titles.acknowledged.push(title),
          unknown: () => titles.unknown.push(title),
          refused: () => titles.refused.push(title),
        })
        // Each toggle increments the version.
        await sort(ask('PATCH', `/api/tasks/${counter.id}/complete`), {
          done: () => (counter.acknowledged += 1),
          unknown: () => (counter.unknown += 1),
          refused: () => undefined,
        })
      }
    }
    const clients = Promise.all(counters.map(client))
    const firstRefusals: number[] = []
    const recoveries: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(200 + 37 * (round % 7))
      const crashedAt = performance.now()
      await cluster.stop('immediate')
      await until('a request is refused', async () => (await ask('GET', '/api/tasks?limit=1')).status === 503)
      firstRefusals.push(Math.round(performance.now() - crashedAt))
      const ready = await timed(askAt(url, 'GET', '/health/ready'))
      assert.equal(ready.answer.status, 503)
      assert.ok(ready.ms < ANSWER_LIMIT_MS)
      await cluster.start()
      recoveries.push(await recovery(() => ask('GET', '/api/tasks?limit=1')))
      assert.equal(service.exitCode, null, log)
    }
    await sleep(200)
    stopping.abort()
    await clients

    const there = new Set((await cluster.admin('select title from tasks')).map(({ title }) => String(title)))
    const lost = titles.acknowledged.filter((title) => !there.has(title))
    const ghosts = titles.refused.filter((title) => there.has(title))
    const versions = new Map(
      (await cluster.admin('select id, version from tasks')).map(({ id, version }) => [id, Number(version)]),
    )
    for (const { id, acknowledged, unknown } of counters) {
      const version = versions.get(id) ?? 0
      assert.ok(
        version >= acknowledged && version <= acknowledged + unknown,
        `${acknowledged} + ${unknown} unknown ≠ ${version}`,
      )
    }
    t.diagnostic(
      `${ROUNDS} rounds, ${CLIENTS} clients: ${titles.acknowledged.length} creations acknowledged, lost ${lost.length}`,
    )
    t.diagnostic(
      `unknown ${titles.unknown.length}, of which ${titles.unknown.filter((title) => there.has(title)).length} happened; refused ${titles.refused.length}, of which ${ghosts.length} happened`,
    )
    t.diagnostic(`first refusal after the crash began, ms (min / median / max): ${spread(firstRefusals)}`)
    t.diagnostic(
      `first success after the return, ms (min / median / max): ${spread(recoveries)}; slowest answer ${slowest} ms`,
    )
    assert.deepEqual(lost, [])
    assert.deepEqual(ghosts, [])
    assert.equal(service.exitCode, null, log)
  })
})
