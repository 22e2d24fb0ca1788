import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, Socket, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { withClient } from '../databases.ts'
import { isExecutable } from '../executable.ts'

/** The stop modes of pg_ctl: `fast` closes connections and writes a checkpoint, `immediate` is a crash. */
export type StopMode = 'fast' | 'immediate'

/** A separate PostgreSQL server that a test can stop, pause and fill. */
export interface Cluster extends AsyncDisposable {
  readonly port: number
  /** The directory of its Unix socket. */
  readonly socketDirectory: string
  /** The URL of the superuser, over TCP and without TLS. */
  url(database?: string): string
  start(): Promise<void>
  stop(mode: StopMode): Promise<void>
  restart(mode: StopMode): Promise<void>
  /** Suspends all its processes: connections stay open, and no query is answered. */
  pause(): void
  resume(): void
  /** Executes SQL as the superuser. @returns the rows of the last statement */
  admin(sql: string, database?: string): Promise<readonly Record<string, unknown>[]>
}

export interface ClusterOptions {
  readonly settings?: Readonly<Record<string, string>>
  /** Lines of pg_hba.conf instead of trust for all users. */
  readonly hba?: string
  /** Files for the data directory, readable only by the server. */
  readonly files?: Readonly<Record<string, string>>
}

const BINARIES = ['postgres', 'initdb', 'pg_ctl'] as const

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  max_connections: '40',
  shared_buffers: '32MB',
  fsync: 'on',
  // Frequent checkpoints, because the tests wait for crash recovery.
  checkpoint_timeout: '30s',
  max_wal_size: '64MB',
  min_wal_size: '32MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off',
  logging_collector: 'off',
}

/**
 * Searches TEST_POSTGRES_BIN first, which selects the version of PostgreSQL, then PATH, then the directories of Debian for programs
 * that are not in PATH.
 */
export function findBinary(name: string, alsoIn: readonly string[] = ['/usr/sbin', '/sbin']): string | undefined {
  const chosen = process.env['TEST_POSTGRES_BIN']
  const versions = versionDirectories().map((each) => `/usr/lib/postgresql/${each}/bin`)
  const places = [
    ...(chosen === undefined ? [] : [chosen]),
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions,
    ...alsoIn,
  ]
  return places.map((place) => join(place, name)).find(isExecutable)
}

function versionDirectories(): string[] {
  try {
    return readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
  } catch {
    return []
  }
}

/** The user of the servers, because neither PostgreSQL nor PgBouncer runs as root. Undefined means the user of the tests. */
export const serverUser = process.getuid?.() === 0 ? (userNamed('postgres') ?? userNamed('nobody')) : undefined

function userNamed(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

/** The reason to skip tests with a separate server, for node:test's `skip`. */
export const needsPostgres: string | false = reasonToSkip()

function reasonToSkip(): string | false {
  if (process.platform !== 'linux') return 'needs Linux: processes are found in /proc'
  const missing = BINARIES.find((name) => findBinary(name) === undefined)
  if (missing !== undefined)
    return `needs the PostgreSQL server: ${missing} is neither in PATH nor in /usr/lib/postgresql`
  if (process.getuid?.() === 0 && serverUser === undefined)
    return 'needs an unprivileged user such as postgres, because the server does not run as root'
  return false
}

const binary = (name: string): string => {
  const path = findBinary(name)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}

/** A directory that the server's user owns, below one that all users may enter. */
export function serverDirectory(prefix: string): string {
  const directory = mkdtempSync(join(tmpdir(), prefix))
  if (serverUser !== undefined) chownSync(directory, serverUser.uid, serverUser.gid)
  return directory
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a program as the server's user; it is killed when this process ends for any reason. */
export function spawnServer(program: string, args: readonly string[], onLog: (text: string) => void): ChildProcess {
  const setpriv = findBinary('setpriv')
  const user = serverUser
  const command =
    setpriv === undefined
      ? [program, ...args]
      : [
          setpriv,
          '--pdeathsig=QUIT',
          ...(user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups']),
          program,
          ...args,
        ]
  const child = spawn(command[0] ?? program, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    ...(setpriv === undefined && user),
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', onLog)
    if (stream instanceof Socket) stream.unref()
  }
  // If a test fails to end the program, it must not keep this process alive.
  child.unref()
  return child
}

export async function openCluster({ settings = {}, hba, files = {} }: ClusterOptions = {}): Promise<Cluster> {
  const home = serverDirectory('todo-faults-')
  const data = join(home, 'data')
  const port = await freePort()
  execFileSync(
    binary('initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    {
      stdio: 'pipe',
      cwd: '/',
      ...serverUser,
    },
  )
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(data, name), content, { mode: 0o600 })
    if (serverUser !== undefined) chownSync(join(data, name), serverUser.uid, serverUser.gid)
  }
  if (hba !== undefined) writeFileSync(join(data, 'pg_hba.conf'), hba)
  const all = { ...SETTINGS, port: String(port), unix_socket_directories: home, ...settings }
  writeFileSync(
    join(data, 'postgresql.auto.conf'),
    Object.entries(all)
      .map(([name, value]) => `${name} = '${value}'\n`)
      .join(''),
  )
  const cluster = new OwnCluster(home, data, port)
  try {
    await cluster.start()
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
  return cluster
}

const READY_TIMEOUT_MS = 60_000

class OwnCluster implements Cluster {
  readonly port: number
  readonly socketDirectory: string
  readonly #data: string
  #process: ChildProcess | undefined
  #log = ''

  constructor(home: string, data: string, port: number) {
    this.socketDirectory = home
    this.#data = data
    this.port = port
  }

  url(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}?sslmode=disable`
  }

  async start(): Promise<void> {
    const child = spawnServer(
      binary('postgres'),
      ['-D', this.#data],
      (text) => (this.#log = (this.#log + text).slice(-10_000)),
    )
    this.#process = child
    const giveUpAt = Date.now() + READY_TIMEOUT_MS
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || Date.now() > giveUpAt) throw new Error(`PostgreSQL did not start:\n${this.#log}`)
      await sleep(20)
    }
  }

  /** Uses the socket, so that the settings of tests about TCP, TLS and passwords have no effect on it. */
  async #isReady(): Promise<boolean> {
    try {
      await this.admin('select 1')
      return true
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === '57P03' || code === 'ECONNRESET') return false
      throw error
    }
  }

  async stop(mode: StopMode): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null) return
    child.ref()
    const exited = once(child, 'exit')
    await promisify(execFile)(binary('pg_ctl'), ['stop', '-D', this.#data, '-m', mode, '-W'], {
      cwd: '/',
      ...serverUser,
    })
    await exited
    this.#process = undefined
  }

  async restart(mode: StopMode): Promise<void> {
    await this.stop(mode)
    await this.start()
  }

  pause(): void {
    this.#signalAll('SIGSTOP')
  }

  resume(): void {
    this.#signalAll('SIGCONT')
  }

  #signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error('PostgreSQL is not running')
    // The postmaster first, because it starts the others.
    process.kill(pid, signal)
    for (const child of childrenOf(pid)) {
      try {
        process.kill(child, signal)
      } catch (error) {
        // The process has ended meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }

  async admin(sql: string, database = 'postgres'): Promise<readonly Record<string, unknown>[]> {
    const url = `postgres://postgres@localhost:${this.port}/${database}?host=${encodeURIComponent(this.socketDirectory)}`
    return withClient(url, async (client) => {
      const results: unknown = await client.query(sql)
      const last = Array.isArray(results) ? results.at(-1) : results
      return last.rows
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process !== undefined && this.#process.exitCode === null) {
      this.resume()
      await this.stop('immediate')
    }
    rmSync(this.socketDirectory, { recursive: true, force: true })
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        // "pid (name) state ppid …"; the name may contain any characters.
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
      } catch {
        return false // the process has ended meanwhile
      }
    })
}

/** A file system of a few MB for a tablespace that a test fills. */
export interface SmallDisk extends Disposable {
  readonly directory: string
}

/** @returns the reason if mounting is not permitted */
export function mountSmallDisk(sizeMb: number): SmallDisk | string {
  if (process.getuid?.() !== 0 || serverUser === undefined) return 'needs root, to mount a small tmpfs'
  const home = serverDirectory('todo-disk-')
  const directory = join(home, 'disk')
  mkdirSync(directory)
  try {
    execFileSync(
      'mount',
      [
        '-t',
        'tmpfs',
        '-o',
        `size=${sizeMb}m,uid=${serverUser.uid},gid=${serverUser.gid},mode=0700`,
        'tmpfs',
        directory,
      ],
      {
        stdio: 'pipe',
      },
    )
  } catch {
    rmSync(home, { recursive: true })
    return 'needs the right to mount a small tmpfs'
  }
  return {
    directory,
    [Symbol.dispose]: () => {
      // Lazily: if the server still has a file open, the unmount completes when it is closed.
      execFileSync('umount', ['-l', directory])
      rmSync(home, { recursive: true, force: true })
    },
  }
}
