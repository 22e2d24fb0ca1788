import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/** The two servers that all variants use. */
export interface Servers extends AsyncDisposable {
  /** The URL of a login that may create databases and to which row-level security does not apply. */
  readonly databaseUrl: string
  readonly redisUrl: string
}

const READY_TIMEOUT_MS = 60_000

/** The servers of BENCH_DATABASE_URL and BENCH_REDIS_URL, or else new ones on free ports, which are removed afterwards. */
export async function openServers(env: NodeJS.ProcessEnv): Promise<Servers> {
  await using opened = new AsyncDisposableStack()
  const { BENCH_DATABASE_URL: databaseUrl, BENCH_REDIS_URL: redisUrl } = env
  const servers = {
    databaseUrl: databaseUrl ?? (await startPostgres(opened)),
    redisUrl: redisUrl ?? (await startRedis(opened)),
  }
  const closing = opened.move()
  return { ...servers, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** PostgreSQL with its default settings, durable (fsync and synchronous_commit are on); only the address is set. */
async function startPostgres(opened: AsyncDisposableStack): Promise<string> {
  const [initdb, postgres] = [binary('initdb'), binary('postgres')]
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? userNamed('postgres') : undefined
  const home = mkdtempSync(join(tmpdir(), 'todo-bench-'))
  opened.defer(() => rmSync(home, { recursive: true, force: true }))
  if (user !== undefined) chownSync(home, user.uid, user.gid)
  const data = join(home, 'data')
  execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'], {
    stdio: 'pipe',
    cwd: '/',
    ...user,
  })
  const port = await freePort()
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${home}`]
  const child = spawn(postgres, ['-D', data, ...settings.flatMap((each) => ['-c', each])], {
    stdio: 'ignore',
    cwd: '/',
    ...user,
  })
  endWithProcess(child)
  // SIGINT does not wait for connected clients.
  opened.defer(() => ended(child, 'SIGINT'))
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  await until('PostgreSQL', child, () => withClient(url, (client) => client.query('select 1')))
  return url
}

async function startRedis(opened: AsyncDisposableStack): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'todo-bench-redis-'))
  opened.defer(() => rmSync(directory, { recursive: true, force: true }))
  const port = await freePort()
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', directory]
  const child = spawn(binary('redis-server'), args, { stdio: 'ignore' })
  endWithProcess(child)
  opened.defer(() => ended(child, 'SIGTERM'))
  const url = `redis://127.0.0.1:${port}/0`
  await until('Redis', child, () => redisInfo(url, 'server'))
  return url
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Parses a section of Redis's INFO into names and values. */
export async function redisInfo(url: string, section: string): Promise<ReadonlyMap<string, string>> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port === '' ? 6379 : port), hostname)
  try {
    await once(socket, 'connect')
    socket.end(`INFO ${section}\r\nQUIT\r\n`)
    let text = ''
    for await (const piece of socket) text += String(piece)
    const lines = [...text.matchAll(/^(\w+):(.*)\r$/gm)]
    if (lines.length === 0) throw new Error(`Redis said ${text.slice(0, 100)}`)
    return new Map(lines.map(([, name = '', value = '']) => [name, value]))
  } finally {
    socket.destroy()
  }
}

/** Searches PATH, then Debian's directories of PostgreSQL. */
export function findBinary(name: string): string | undefined {
  const versions = namesIn('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
  const places = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => `/usr/lib/postgresql/${version}/bin`),
  ]
  return places
    .map((place) => join(place, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function binary(name: string): string {
  const path = findBinary(name)
  if (path !== undefined) return path
  throw new Error(
    `${name} is not installed: install Debian's postgresql and redis-server, or set BENCH_DATABASE_URL and BENCH_REDIS_URL`,
  )
}

function userNamed(name: string): { readonly uid: number; readonly gid: number } {
  const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8')) ?? []
  if (uid === undefined) throw new Error(`PostgreSQL does not run as root, and there is no user ${name}`)
  return { uid: Number(uid), gid: Number(gid) }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** @throws Error if it does not answer in time or has ended */
export async function until(what: string, child: ChildProcess, answers: () => Promise<unknown>): Promise<void> {
  const giveUpAt = Date.now() + READY_TIMEOUT_MS
  for (;;) {
    try {
      await answers()
      return
    } catch (error) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${what} ended`, { cause: error })
      if (Date.now() > giveUpAt) throw new Error(`${what} does not answer`, { cause: error })
      await sleep(50)
    }
  }
}

const alive = new Set<ChildProcess>()
// For an interrupted run, in which nothing is disposed of. SIGQUIT stops immediately, because the data is no longer needed.
process.once('exit', () => {
  for (const child of alive) child.kill('SIGQUIT')
})

export function endWithProcess(child: ChildProcess): void {
  alive.add(child)
  child.once('exit', () => alive.delete(child))
}

const KILL_AFTER_MS = 15_000

export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
  await exit
  clearTimeout(timer)
}
