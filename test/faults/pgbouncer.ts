import { once } from 'node:events'
import { chownSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { findBinary, freePort, serverDirectory, serverUser, spawnServer } from './postgres.ts'

/** A real PgBouncer in transaction mode, in front of a server. */
export interface Bouncer extends AsyncDisposable {
  readonly port: number
  url(database: string): string
  /** A command of its admin console, such as `show pools`. */
  console(command: string): Promise<readonly Record<string, unknown>[]>
}

/** The reason to skip tests with PgBouncer, for node:test's `skip`. */
export const needsPgbouncer: string | false =
  findBinary('pgbouncer') === undefined ? 'needs PgBouncer: it is neither in PATH nor in /usr/sbin' : false

export interface BouncerOptions {
  /** Maximum server connections per database and user. */
  readonly poolSize?: number
  readonly settings?: Readonly<Record<string, string>>
}

export async function openBouncer(
  serverPort: number,
  { poolSize = 3, settings = {} }: BouncerOptions = {},
): Promise<Bouncer> {
  const program = findBinary('pgbouncer')
  if (program === undefined) throw new Error('pgbouncer is not installed')
  const home = serverDirectory('todo-bouncer-')
  const port = await freePort()
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: join(home, 'users.txt'),
    admin_users: 'postgres',
    pool_mode: 'transaction',
    default_pool_size: String(poolSize),
    max_client_conn: '200',
    // By default it reports a failed login for 15 s, even if the server is available again.
    server_login_retry: '1',
    ...settings,
  }
  const ini = join(home, 'pgbouncer.ini')
  writeFileSync(join(home, 'users.txt'), '"postgres" ""\n')
  writeFileSync(
    ini,
    [
      '[databases]',
      `* = host=127.0.0.1 port=${serverPort}`,
      '[pgbouncer]',
      ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
      '',
    ].join('\n'),
  )
  for (const file of [ini, join(home, 'users.txt')])
    if (serverUser !== undefined) chownSync(file, serverUser.uid, serverUser.gid)

  let log = ''
  const child = spawnServer(program, [ini], (text) => (log = (log + text).slice(-10_000)))
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}?sslmode=disable`
  const console = async (command: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new Client({ connectionString: url('pgbouncer') })
    await client.connect()
    try {
      const { rows } = await client.query<Record<string, unknown>>(command)
      return rows
    } finally {
      await client.end()
    }
  }
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.ref()
      const exited = once(child, 'exit')
      child.kill('SIGQUIT')
      await exited
    }
    rmSync(home, { recursive: true, force: true })
  }
  const giveUpAt = Date.now() + 10_000
  for (;;) {
    try {
      await console('show version')
      return { port, url, console, [Symbol.asyncDispose]: close }
    } catch (error) {
      if (child.exitCode === null && Date.now() < giveUpAt) {
        await sleep(20)
        continue
      }
      await close()
      throw new Error(`PgBouncer did not start:\n${log}`, { cause: error })
    }
  }
}
