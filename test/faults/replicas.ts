import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'node:http'
import { askAt, SERVICE_TOKEN } from '../world.ts'
import { openBalancer, type Balancer } from './balancer.ts'
import { UNLIMITED, until } from './measures.ts'
import { findBinary, freePort, serverDirectory, spawnServer } from './postgres.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BALANCER_MS = 60_000

/** Of each replica, in addition to its database. */
export const REPLICA_ENV = {
  ...UNLIMITED,
  SERVICE_AUTH_TOKEN: SERVICE_TOKEN,
  LOG_LEVEL: 'info',
  DATABASE_POOL_SIZE: '4',
  DATABASE_POOL_OVERFLOW: '0',
}

/** A process that serves on its own port, with its workers. */
export interface Replica {
  readonly port: number
  /** Sends SIGTERM, and fails unless the process then exits with status 0. */
  stop(): Promise<void>
  kill(): Promise<void>
}

/**
 * Starts the service and waits until it listens, with all its workers.
 *
 * @param root a directory with the service's `bin/` and sources: this project, a copy of it, or an earlier version
 */
export async function startReplica(
  port: number,
  env: Readonly<Record<string, string>>,
  root: string = ROOT,
): Promise<Replica> {
  const child = spawnProgram(root, [], { PORT: String(port), ...env })
  child.stderr.pipe(process.stderr, { end: false })
  const exited = once(child, 'exit')
  const workers: number[] = []
  let toListen = Number(env['WORKERS'] ?? 1)
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg = '', pid = 0 } = JSON.parse(line) as { msg?: string; pid?: number } // the format of pino
      if (msg === 'worker started') workers.push(pid)
      if (msg.startsWith('Server listening at') && (toListen -= 1) === 0) resolve()
    })
    child.once('exit', () => reject(new Error('the replica ended before it listened')))
  })
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM')
      assert.deepEqual(await exited, [0, null])
    },
    kill: async () => {
      if (child.exitCode !== null) return
      child.kill('SIGKILL')
      // A worker that is still loading does not notice that its supervisor ended.
      for (const pid of workers) killIfRunning(pid)
      await exited
    },
  }
}

function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // the process has already ended
  }
}

/** Runs a command of the program, such as `migrate up`, to its end. */
export async function runProgram(
  root: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const child = spawnProgram(root, words, env)
  const exited = once(child, 'exit')
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  for await (const chunk of child.stdout) output += String(chunk)
  const [status] = (await exited) as [number | null]
  return { status, output }
}

function spawnProgram(
  root: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [join(root, 'bin/todo-backend.mjs'), ...words], {
    env: { PATH: process.env['PATH'], ENVIRONMENT: 'staging', ...env },
    cwd: env['DATA_DIR'],
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** haproxy if it is installed, else a small load balancer. Both send requests only to replicas whose readiness is 200. */
export const startBalancer = (ports: readonly number[]): Promise<Balancer> =>
  findBinary('haproxy') === undefined ? openBalancer(ports) : startHaproxy(ports)

async function startHaproxy(ports: readonly number[]): Promise<Balancer> {
  const port = await freePort()
  const file = join(serverDirectory('todo-haproxy-'), 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout check 5s
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
  const url = `http://127.0.0.1:${port}`
  const isUp = (line: string): boolean => /^replicas,replica\d,.*,UP,/.test(line)
  return {
    name: 'haproxy',
    port,
    allServe: () =>
      until(
        'haproxy sends requests to all replicas',
        async () => {
          const { text } = await askAt(url, 'GET', '/-/stats;csv').catch(() => ({ text: '' }))
          return text.split('\n').filter(isUp).length === ports.length
        },
        BALANCER_MS,
      ),
    close: () => child.kill('SIGKILL'),
  }
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** A client that keeps one connection. A reset of it rejects: nothing is sent twice. */
export class Connection {
  readonly #port: number
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(port: number, headers: Readonly<Record<string, string>>) {
    this.#port = port
    this.#headers = headers
  }

  async send(method: string, path: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<Reply> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const sent = request({
      port: this.#port,
      method,
      path,
      agent: this.#agent,
      headers: {
        ...this.#headers,
        ...headers,
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    })
    sent.end(text)
    const [answer] = await once(sent, 'response')
    return { status: answer.statusCode, headers: answer.headers, text: (await answer.toArray()).join('') }
  }

  close(): void {
    this.#agent.destroy()
  }
}
