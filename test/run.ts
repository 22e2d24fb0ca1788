import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { needsPostgresPackage, unpackPostgres } from './postgres-package.ts'
import { ON_EMBEDDED, SECOND_TIER } from './tiers.ts'

/*
 * Runs tests by node:test, on servers that live for this run:
 *
 *   node test/run.ts [everyday]     the first tier: everything but the second
 *   node test/run.ts rest           the second tier, test/tiers.ts
 *   node test/run.ts all            both
 *   node test/run.ts embedded       the API on the embedded database
 *   node test/run.ts FILE…          these files
 *
 * PostgreSQL is npm's (a dev dependency), else an installed one, else the embedded database; it does not sync to disk. Redis is
 * started if it is installed. TEST_DATABASE_URL and TEST_REDIS_URL name other servers; then none is started.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TIMEOUT_MS = 300_000
/** Nothing in this server outlives the run. */
const POSTGRES_SETTINGS = {
  max_connections: '300',
  shared_buffers: '64MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '1GB',
}

type Servers = Readonly<Record<'TEST_DATABASE_URL' | 'TEST_REDIS_URL', string | undefined>>

function filesOf(words: readonly string[]): readonly string[] {
  const [tier = 'everyday'] = words
  const all = globSync(['src/**/*.test.ts', 'test/*.test.ts', 'client/*.test.ts', 'client/sync/*.test.ts'], {
    cwd: ROOT,
  }).sort()
  const isSecond = (file: string): boolean => Object.hasOwn(SECOND_TIER, file)
  if (tier === 'everyday') return all.filter((file) => !isSecond(file))
  if (tier === 'rest') return all.filter(isSecond)
  if (tier === 'embedded') return globSync([...ON_EMBEDDED], { cwd: ROOT }).sort()
  return tier === 'all' ? all : words
}

/** Starts what is not given. @returns the addresses; no database: the embedded one is used, and the reason was printed */
async function startServers(opened: AsyncDisposableStack): Promise<Servers> {
  const { TEST_DATABASE_URL = await startPostgres(opened), TEST_REDIS_URL = await startRedis(opened) } = process.env
  return { TEST_DATABASE_URL, TEST_REDIS_URL }
}

async function startPostgres(opened: AsyncDisposableStack): Promise<string | undefined> {
  if (needsPostgresPackage === false) {
    const directory = mkdtempSync(join(tmpdir(), 'todo-postgres-'))
    opened.defer(() => rmSync(directory, { recursive: true, force: true }))
    // The account of the server must be able to read its programs.
    chmodSync(directory, 0o755)
    process.env['TEST_POSTGRES_BIN'] = unpackPostgres(directory)
  }
  // Imported late, because it looks for the programs once.
  const { findBinary, needsPostgres, openCluster } = await import('./faults/postgres.ts')
  if (needsPostgres !== false) {
    process.stdout.write(`The tests run on the embedded database: ${needsPostgres}.\n`)
    return undefined
  }
  const cluster = opened.use(await openCluster({ settings: POSTGRES_SETTINGS }))
  process.stdout.write(`The tests run on ${findBinary('postgres')}.\n`)
  // Tests that start PostgreSQL's programs need pg_dump too, which npm's package does not have.
  delete process.env['TEST_POSTGRES_BIN']
  return `postgres://postgres@127.0.0.1:${cluster.port}/postgres`
}

async function startRedis(opened: AsyncDisposableStack): Promise<string | undefined> {
  const { needsRedisServer, openRedisServer } = await import('./faults/redis-server.ts')
  if (needsRedisServer !== false) return undefined
  return opened.use(await openRedisServer()).url
}

async function main(words: readonly string[]): Promise<number> {
  await using opened = new AsyncDisposableStack()
  const servers: Servers =
    words[0] === 'embedded' ? { TEST_DATABASE_URL: undefined, TEST_REDIS_URL: undefined } : await startServers(opened)
  const child = spawn(
    process.execPath,
    ['--test', `--test-concurrency=${availableParallelism()}`, `--test-timeout=${TIMEOUT_MS}`, ...filesOf(words)],
    {
      cwd: ROOT,
      stdio: 'inherit',
      // An undefined value removes the variable.
      env: { ...process.env, NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/test-compile-cache'), ...servers },
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code] = (await once(child, 'exit')) as [number | null] // null: ended by a signal
  return code ?? 1
}

process.exitCode = await main(process.argv.slice(2))
