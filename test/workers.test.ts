import assert from 'node:assert/strict'
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { createInterface } from 'node:readline'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needsServer, openTestDatabase } from './databases.ts'
import { openEvents } from './event-stream.ts'
import { needsRedis, REDIS_URL } from './redis.ts'
import type { Outcomes } from './short-connections.ts'
import { lines } from './wire.ts'
import { askAt } from './world.ts'

const COMMAND = fileURLToPath(new URL('../bin/todo-backend.mjs', import.meta.url))
const SHORT_CONNECTIONS = fileURLToPath(new URL('short-connections.ts', import.meta.url))

/** The members of a log line that the tests use. */
interface Line {
  readonly msg?: string
  readonly worker?: number
  readonly pid?: number
}

/** A supervisor with its workers. */
interface Service extends AsyncDisposable {
  readonly supervisor: ChildProcess
  readonly url: string
  /** The processes of all workers that were started. */
  readonly pids: ReadonlyMap<number, number>
  /** The next line with this message; lines before it are skipped. */
  next(message: string): Promise<Line>
  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<number | null>
}

async function start(env: Readonly<Record<string, string>>): Promise<Service> {
  const supervisor = spawn(process.execPath, [COMMAND], {
    env: { PATH: process.env['PATH'], ENVIRONMENT: 'staging', PORT: '0', ...env },
    cwd: env['DATA_DIR'],
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(supervisor, 'exit')
  const pids = new Map<number, number>()
  const lines = createInterface({ input: supervisor.stdout })[Symbol.asyncIterator]()
  const next = async (message: string): Promise<Line> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`the process ended before it logged: ${message}`)
      const line = JSON.parse(value) as Line
      if (line.msg === 'worker started') pids.set(line.worker ?? 0, line.pid ?? 0)
      if (line.msg?.startsWith(message) === true) return line
    }
  }
  const url = ((await next('Server listening at ')).msg ?? '').slice('Server listening at '.length)
  await next('serving with several processes')
  return {
    supervisor,
    url,
    pids,
    next,
    stop: async (signal) => {
      supervisor.kill(signal)
      return ((await exited) as [number | null])[0]
    },
    [Symbol.asyncDispose]: async () => {
      for (const pid of pids.values()) kill(pid, 'SIGKILL')
      supervisor.kill('SIGKILL')
      await exited
    },
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // The process has already ended.
  }
}

/** The worker that answers a request on a new connection, from its log line. */
async function answeringWorker(service: Service): Promise<number> {
  const said = service.next('request')
  const { status } = await askAt(service.url, 'GET', '/health', { headers: { connection: 'close' } })
  assert.equal(status, 200)
  return (await said).worker ?? 0
}

suite('several workers', { skip: needsServer }, () => {
  test('share the port; a killed one is replaced while the others answer; SIGTERM ends all with status 0', async () => {
    await using database = await openTestDatabase()
    await using service = await start({ ...database.env, WORKERS: '3' })
    const seen = new Set<number>()
    while (seen.size < 3) seen.add(await answeringWorker(service))

    const [victim = 0] = seen
    kill(service.pids.get(victim) ?? 0, 'SIGKILL')
    assert.equal((await service.next('a worker died')).worker, victim)
    const other = await answeringWorker(service)
    assert.notEqual(other, victim)
    const replacement = (await service.next('worker started')).worker ?? 0
    while ((await answeringWorker(service)) !== replacement);

    assert.equal(await service.stop('SIGTERM'), 0)
    for (const pid of service.pids.values()) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  })

  test("count a user's requests together: of 160 parallel reads exactly 100 pass", { skip: needsRedis }, async () => {
    await using database = await openTestDatabase()
    await using service = await start({ ...database.env, WORKERS: '2', REDIS_URL: REDIS_URL ?? '' })
    const ready = new Set<number>()
    while (ready.size < 2) ready.add(await answeringWorker(service))
    const body = { name: 'Ada', email: `${randomUUID()}@example.com`, password: 'correct horse battery' }
    const { json } = await askAt(service.url, 'POST', '/api/auth/sign-up/email', { body })
    await service.next('request')
    const answers = await Promise.all(
      Array.from({ length: 160 }, () => askAt(service.url, 'GET', '/api/tasks', { token: json.token })),
    )
    const statuses = answers.map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 200).length, 100)
    assert.equal(statuses.filter((status) => status === 429).length, 60)
    const workers = new Set<number | undefined>()
    for (let line = 0; line < answers.length; line++) workers.add((await service.next('request')).worker)
    assert.deepEqual(workers, new Set([1, 2]))
  })

  test('give every event stream each change once, whichever worker made it, and end streams first', async () => {
    await using database = await openTestDatabase()
    const env = { WORKERS: '2', RATE_LIMIT_WRITE: '1000', REDIS_URL: REDIS_URL ?? 'redis://127.0.0.1:1/0' }
    await using service = await start({ ...database.env, ...env })
    const ready = new Set<number>()
    while (ready.size < 2) ready.add(await answeringWorker(service))
    const body = { name: 'Ada', email: `${randomUUID()}@example.com`, password: 'correct horse battery' }
    const { token } = (await askAt(service.url, 'POST', '/api/auth/sign-up/email', { body })).json
    await service.next('request')
    const streams = await Promise.all(
      Array.from({ length: 4 }, () => openEvents(`${service.url}/api/events`, { token })),
    )
    for (const stream of streams) await stream.named('ready')
    const writes = Array.from({ length: 60 }, () =>
      askAt(service.url, 'POST', '/api/tasks', { token, body: { title: 'x' } }),
    )
    for (const { status, text } of await Promise.all(writes)) assert.equal(status, 201, text)
    const writers = new Set<number | undefined>()
    for (let line = 0; line < writes.length; line++) writers.add((await service.next('request')).worker)
    assert.deepEqual(writers, new Set([1, 2]))
    for (const stream of streams) {
      await stream.next(({ data }) => data.seq === writes.length)
      const seqs = stream.events.filter(({ event }) => event === 'change').map(({ data }): number => data.seq)
      assert.deepEqual(
        seqs,
        writes.map((_, at) => at + 1),
      )
    }
    assert.equal(await service.stop('SIGTERM'), 0)
    for (const stream of streams) assert.deepEqual((await stream.named('end')).data, { reason: 'shutdown' })
  })

  test('reset no request of clients that open a connection per request when they are stopped', async () => {
    await using database = await openTestDatabase()
    await using service = await start({ ...database.env, WORKERS: '2' })
    const seen = new Set<number>()
    while (seen.size < 2) seen.add(await answeringWorker(service))
    const request = lines('GET /health HTTP/1.1', 'Host: x', 'Connection: close')
    const clients = fork(SHORT_CONNECTIONS, [service.url, request, '20'])
    assert.deepEqual(await once(clients, 'message'), ['begun', undefined])
    const outcomes = once(clients, 'message')
    assert.equal(await service.stop('SIGTERM'), 0)
    const [{ answered, refused, lost }] = (await outcomes) as [Outcomes]
    assert.deepEqual([answered > 0, refused, lost], [true, 20, 0])
  })

  test('end within the deadline when a client keeps its connection', async () => {
    await using database = await openTestDatabase()
    await using service = await start({ ...database.env, WORKERS: '2', SHUTDOWN_TIMEOUT: '5' })
    const agent = new Agent({ keepAlive: true })
    const [response] = await once(get(`${service.url}/health`, { agent }), 'response')
    response.resume()
    await once(response, 'end')
    assert.equal(await service.stop('SIGINT'), 0)
    agent.destroy()
  })

  test('have common metrics, which keep the counters of dead workers and do not wait for a hanging one', async () => {
    await using database = await openTestDatabase()
    await using service = await start({ ...database.env, WORKERS: '3', METRICS_TOKEN: 'for-prometheus' })
    let asked = 0
    const seen = new Set<number>()
    while (seen.size < 3) {
      seen.add(await answeringWorker(service))
      asked++
    }
    const metric = async (series: string): Promise<number> => {
      // At most one of three requests on separate connections reaches the hanging worker.
      const ask = () =>
        askAt(service.url, 'GET', '/metrics', { token: 'for-prometheus', headers: { connection: 'close' } })
      const { text } = await Promise.any([ask(), ask(), ask()])
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.slice(series.length + 1),
      )
    }
    const health = 'http_request_duration_seconds_count{method="GET",route="/health",status="200"}'
    const [answering, silent] = ['answering', 'silent'].map((state) => `todo_backend_workers{state="${state}"}`)
    assert.ok(answering !== undefined && silent !== undefined)
    assert.deepEqual([await metric(health), await metric(answering), await metric(silent)], [asked, 3, 0])

    const [victim = 0, hanging = 0] = seen
    kill(service.pids.get(victim) ?? 0, 'SIGKILL')
    await service.next('worker started')
    assert.equal(await metric(health), asked)

    kill(service.pids.get(hanging) ?? 0, 'SIGSTOP')
    try {
      assert.equal(await metric(silent), 1)
      assert.equal(await metric(health), asked)
    } finally {
      kill(service.pids.get(hanging) ?? 0, 'SIGCONT')
    }
    while ((await metric(silent)) !== 0);
    assert.equal(await metric(health), asked)
  })

  test('report a failed start once, with exit status 1', async () => {
    await using database = await openTestDatabase()
    await using service = await start({ ...database.env, WORKERS: '2' })
    const second = spawn(process.execPath, [COMMAND], {
      env: {
        PATH: process.env['PATH'],
        ENVIRONMENT: 'staging',
        WORKERS: '3',
        ...database.env,
        PORT: new URL(service.url).port,
      },
      cwd: database.env['DATA_DIR'],
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let printed = ''
    second.stderr.on('data', (data: Buffer) => (printed += data.toString()))
    const [status] = await once(second, 'exit')
    assert.equal(status, 1)
    assert.match(printed, /^todo-backend: port \d+ on 127\.0\.0\.1 is in use: [^\n]+\n$/)
  })
})
