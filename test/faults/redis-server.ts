import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { until } from './measures.ts'
import { freePort } from './postgres.ts'

/** The reason to skip tests with a separate Redis server, for node:test's `skip`. */
export const needsRedisServer =
  spawnSync('redis-server', ['--version']).status === 0 ? false : 'needs redis-server, which is not installed'

/** A separate Redis server that a test can kill, pause and fill. It stores no data over a restart. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  readonly url: string
  start(): Promise<void>
  kill(): Promise<void>
  /** Suspends the process: connections stay open, and no command is answered. */
  pause(): void
  resume(): void
  /** Executes a command on a separate connection. */
  admin(command: string, ...args: readonly string[]): Promise<unknown>
}

export async function openRedisServer(): Promise<RedisServer> {
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}/0`
  const directory = mkdtempSync(join(tmpdir(), 'todo-redis-'))
  let child: ChildProcess | undefined
  const admin = async (command: string, ...args: readonly string[]): Promise<unknown> => {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
    redis.on('error', () => undefined)
    try {
      await redis.connect()
      return await redis.call(command, ...args)
    } finally {
      redis.disconnect()
    }
  }
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  const start = async (): Promise<void> => {
    child = spawn(
      'redis-server',
      ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', directory],
      { stdio: 'ignore' },
    )
    await until('redis-server answers', () =>
      admin('ping').then(
        () => true,
        () => false,
      ),
    )
  }
  await start()
  return {
    port,
    url,
    start,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    admin,
    [Symbol.asyncDispose]: async () => {
      await kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
