import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'node:http'
import { needsServer, openTestDatabase } from '../databases.ts'
import { askAt, SERVICE_TOKEN } from '../world.ts'
import { until } from './measures.ts'
import { findBinary, freePort, serverDirectory, spawnServer } from './postgres.ts'

const COMMAND = fileURLToPath(new URL('../../bin/todo-backend.mjs', import.meta.url))
const CLIENTS = 8

const needsHaproxy =
  findBinary('haproxy') === undefined ? 'takes haproxy: it is neither in PATH nor in /usr/sbin' : false

/** One replica on a port of its own. */
async function startReplica(port: number, env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [COMMAND], {
    env: { PATH: process.env['PATH'], ENVIRONMENT: 'staging', PORT: String(port), ...env },
    cwd: env['DATA_DIR'],
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('Server listening at')) break
  child.stdout.resume()
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
}

/** haproxy over both replicas, asking each for its readiness as an operator would have it do. */
async function startProxy(ports: readonly number[]): Promise<{ port: number; child: ChildProcess }> {
  const port = await freePort()
  const file = join(serverDirectory('todo-haproxy-'), 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  option redispatch
  retries 3
frontend front
  bind 127.0.0.1:${port}
  default_backend replicas
  stats enable
  stats uri /-/stats
backend replicas
  option httpchk GET /health/ready
  default-server inter 250ms fall 2 rise 1
${ports.map((each, index) => `  server replica${index} 127.0.0.1:${each} check`).join('\n')}
`,
    { mode: 0o644 },
  )
  const child = spawnServer(findBinary('haproxy') ?? '', ['-db', '-f', file], () => undefined)
  return { port, child }
}

/** Waits until the proxy sends requests to both, as whoever restarts them one by one must. */
const bothServe = (port: number): Promise<void> =>
  until(
    'both replicas serve',
    async () => {
      const { text } = await askAt(`http://127.0.0.1:${port}`, 'GET', '/-/stats;csv').catch(() => ({ text: '' }))
      return text.split('\n').filter((line) => /^replicas,replica\d,.*,UP,/.test(line)).length === 2
    },
    60_000,
  )

interface Load {
  readonly created: Set<string>
  readonly lost: string[]
}

/** Creates tasks one after another, over connections that are kept, until told to stop. */
async function load(port: number, userId: string, stopping: AbortSignal, seen: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': userId, 'content-type': 'application/json' }
  while (!stopping.aborted) {
    try {
      const asked = request({ port, method: 'POST', path: '/api/tasks', agent, headers })
      asked.end('{"title":"under way"}')
      const [answer] = await once(asked, 'response')
      const text = (await answer.toArray()).join('')
      if (answer.statusCode === 201) seen.created.add(JSON.parse(text).id)
      else seen.lost.push(`${answer.statusCode} ${text}`)
    } catch (error) {
      seen.lost.push(String(error))
    }
  }
  agent.destroy()
}

suite('a rolling restart of two replicas behind haproxy', { skip: needsServer || needsHaproxy }, () => {
  test('drops no request, and every task acknowledged is there', async (t) => {
    await using database = await openTestDatabase()
    const env = {
      ...database.env,
      SERVICE_AUTH_TOKEN: SERVICE_TOKEN,
      LOG_LEVEL: 'info',
      DATABASE_POOL_SIZE: '4',
      DATABASE_POOL_OVERFLOW: '0',
    }
    const ports = [await freePort(), await freePort()]
    const replicas: ChildProcess[] = []
    for (const port of ports) replicas.push(await startReplica(port, env))
    const proxy = await startProxy(ports)
    try {
      const email = 'ada@example.com'
      const signedUp = await askAt(`http://127.0.0.1:${ports[0]}`, 'POST', '/api/auth/sign-up/email', {
        body: { name: 'Ada', email, password: 'correct horse' },
      })
      await bothServe(proxy.port)

      const seen: Load = { created: new Set(), lost: [] }
      const stopping = new AbortController()
      const clients = Array.from({ length: CLIENTS }, () =>
        load(proxy.port, signedUp.json.user.id, stopping.signal, seen),
      )
      for (const [index, port] of ports.entries()) {
        const replica = replicas[index]
        assert.ok(replica !== undefined)
        const before = seen.created.size
        await stop(replica)
        replicas[index] = await startReplica(port, env)
        // Both serve again, and the load went on in between.
        await bothServe(proxy.port)
        assert.ok(seen.created.size > before)
      }
      stopping.abort()
      await Promise.all(clients)
      t.diagnostic(
        `${seen.created.size} tasks created by ${CLIENTS} clients during two restarts, ${seen.lost.length} requests lost`,
      )
      assert.deepEqual(seen.lost, [])

      const list = await askAt(`http://127.0.0.1:${proxy.port}`, 'GET', '/api/tasks?limit=1&count=true', {
        token: signedUp.json.token,
      })
      assert.equal(Number(list.headers.get('x-total-count')), seen.created.size)
    } finally {
      for (const child of [...replicas, proxy.child]) child.kill('SIGKILL')
    }
  })
})
