import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startService, type Service } from '../service.ts'
import type { Answer } from '../world.ts'
import { isShort } from './measures.ts'
import { freePort, needsPostgres, openCluster, type Cluster } from './postgres.ts'

const ROUNDS = isShort ? 4 : 20
const CLIENTS = 8
const DIE = { 'x-die-before-answering': 'now' }

describe('clients that repeat each unanswered write with its Idempotency-Key', { skip: needsPostgres }, () => {
  let cluster: Cluster
  let dataDir: string
  let env: Record<string, string>
  let service: Service

  before(async () => {
    cluster = await openCluster()
    dataDir = mkdtempSync(join(tmpdir(), 'todo-service-'))
    env = { DATA_DIR: dataDir, DATABASE_URL: cluster.url(), PORT: String(await freePort()) }
    service = await startService(env)
  })
  after(async () => {
    await service?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
    rmSync(dataDir, { recursive: true, force: true })
  })

  test(`lose and repeat no write over ${ROUNDS} rounds of kill -9`, async (t) => {
    const { token } = await service.signUp()
    /** No new writes begin. */
    const stopping = new AbortController()
    /** No write is repeated any more. */
    const failing = new AbortController()
    const failed = once(failing.signal, 'abort')
    const orFail = (work: Promise<void>): Promise<void> => work.catch((error: unknown) => failing.abort(error))
    const counts = { writes: 0, unanswered: 0, running: 0, replayed: 0 }
    // Sent with each new write, so that the first successful one kills the process before its answer.
    let poison: object | undefined

    /** Repeats the request until it has a final answer. */
    const write = async (method: string, path: string, body?: unknown): Promise<Answer> => {
      const key = { 'idempotency-key': randomUUID() }
      counts.writes += 1
      for (let time = 0; ; time += 1) {
        failing.signal.throwIfAborted()
        const headers = time === 0 ? { ...key, ...poison } : key
        const answer = await service.ask(method, path, { token, body, headers }).catch(() => undefined)
        if (answer === undefined) counts.unanswered += 1
        else if (answer.status < 300) {
          if (answer.headers.get('idempotency-replayed') === 'true') counts.replayed += 1
          return answer
        } else {
          assert.ok(answer.status === 503 || answer.json.code === 'request_in_progress', answer.text)
          if (answer.status === 409) counts.running += 1
        }
        await sleep(10)
      }
    }

    const created = new Map<string, string>()
    const versions = new Map<string, number>()
    const deleted = new Set<string>()
    const client = async (): Promise<void> => {
      const counter: string = (await write('POST', '/api/tasks', { title: randomUUID() })).json.id
      versions.set(counter, 1)
      while (!stopping.signal.aborted) {
        const title = randomUUID()
        const one = await write('POST', '/api/tasks', { title })
        created.set(title, one.json.id)
        // Each toggle increments the version, so a repeated execution is detected.
        const toggled = await write('PATCH', `/api/tasks/${counter}/complete`)
        const version = (versions.get(counter) ?? 0) + 1
        assert.equal(toggled.json.version, version)
        versions.set(counter, version)
        const titles = [randomUUID(), randomUUID(), randomUUID()]
        const batch = await write('POST', '/api/tasks/batch', {
          operations: titles.map((each) => ({ op: 'create', task: { title: each } })),
        })
        for (const [index, each] of titles.entries()) created.set(each, batch.json.results[index].task.id)
        if (Math.random() < 0.3) {
          await write('DELETE', `/api/tasks/${one.json.id}`)
          created.delete(title)
          deleted.add(one.json.id)
        }
      }
    }
    const kills = async (): Promise<void> => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await sleep(150 + Math.random() * 300)
        if (round % 2 === 0) await service.kill()
        else {
          poison = DIE
          const ended = await Promise.race([service.ended, failed])
          failing.signal.throwIfAborted()
          assert.equal(ended, 'SIGKILL')
          poison = undefined
        }
        failing.signal.throwIfAborted()
        service = await startService(env)
      }
      await sleep(200)
    }
    const killing = orFail(kills()).finally(() => stopping.abort())
    await Promise.all([killing, ...Array.from({ length: CLIENTS }, () => orFail(client()))])
    failing.signal.throwIfAborted()

    const rows = await cluster.admin('select id, title, version from tasks')
    const there = new Map(rows.map(({ id, title }) => [String(title), String(id)]))
    t.diagnostic(`${ROUNDS} rounds, ${CLIENTS} clients: ${JSON.stringify(counts)}`)
    const lost = [...created].filter(([title, id]) => there.get(title) !== id)
    assert.deepEqual(lost, [])
    assert.equal(rows.length, created.size + CLIENTS, 'no more rows than were answered')
    assert.equal(there.size, rows.length, 'no title twice')
    for (const { id, version } of rows) assert.equal(version, versions.get(String(id)) ?? 1)
    assert.deepEqual(
      rows.filter(({ id }) => deleted.has(String(id))),
      [],
    )
    // Each process that was killed between a commit and its answer has at least one.
    assert.ok(counts.replayed >= ROUNDS / 2, `replayed ${counts.replayed}`)
  })
})
