import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { groupOf, groupsOf } from './group.ts'
import { needsPostgresPackage, unpackPostgres } from './postgres-package.ts'
import { makeTemporaryDirectory } from './temporary.ts'
import { filesOf } from './tiers.ts'

/*
 * Runs tests by node:test, on servers that live for this run:
 *
 *   node test/run.ts [everyday]     the first tier: everything but the second
 *   node test/run.ts rest           the second tier, test/tiers.ts
 *   node test/run.ts all            both
 *   node test/run.ts database       what depends on the database, for another version of PostgreSQL
 *   node test/run.ts embedded       the same on the embedded database
 *   node test/run.ts FILE…          these files
 *
 * PostgreSQL is npm's (a dev dependency), else an installed one, else the embedded database; it does not sync to disk. Redis is
 * started if it is installed. TEST_DATABASE_URL and TEST_REDIS_URL name other servers; then none is started.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TIMEOUT_MS = 600_000
/** The optimizing compiler of WebAssembly takes a fifth of the CPU time. The second tier tests the engine as it runs in production. */
const EMBEDDED_FLAGS = ['--liftoff-only']
/** Nothing in this server outlives the run. */
const POSTGRES_SETTINGS = {
  max_connections: '300',
  shared_buffers: '64MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '256MB',
}

type Servers = Readonly<Record<'TEST_DATABASE_URL' | 'TEST_REDIS_URL', string | undefined>>

interface Plan {
  /** The files that node:test starts a process for. */
  readonly files: readonly string[]
  /** How many processes run at a time. */
  readonly concurrency: number
}

/** One process more than cores, because all tests sometimes wait. */
const planOf = (files: readonly string[]): Plan => ({ files, concurrency: availableParallelism() + 1 })

/** @param directory where modules are written, each of which executes several test files */
function planInGroups(files: readonly string[], directory: string): Plan {
  const { groups, waiting, alone } = groupsOf(files)
  const modules = groups.map((group, index) => {
    // node:test starts them in alphabetical order.
    const path = join(directory, `group-${String(index).padStart(2, '0')}.test.mjs`)
    writeFileSync(path, groupOf(group, ROOT))
    return path
  })
  return { files: [...modules, ...alone], concurrency: availableParallelism() + Math.max(1, waiting) }
}

/** Starts what is not given. @returns the addresses; no database: the embedded one is used, and the reason was printed */
async function startServers(opened: AsyncDisposableStack): Promise<Servers> {
  const { TEST_DATABASE_URL = await startPostgres(opened), TEST_REDIS_URL = await startRedis(opened) } = process.env
  return { TEST_DATABASE_URL, TEST_REDIS_URL }
}

async function startPostgres(opened: AsyncDisposableStack): Promise<string | undefined> {
  if (needsPostgresPackage === false) process.env['TEST_POSTGRES_BIN'] = unpackPostgres(tmpdir())
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
  const [tier = 'everyday'] = words
  const directory = makeTemporaryDirectory()
  opened.defer(() => rmSync(directory, { recursive: true, force: true }))
  process.env['TMPDIR'] = directory
  const servers: Servers =
    tier === 'embedded' ? { TEST_DATABASE_URL: undefined, TEST_REDIS_URL: undefined } : await startServers(opened)
  const named = filesOf(tier)
  // Each world on the embedded database has an engine of its own.
  const isGrouped = servers.TEST_DATABASE_URL !== undefined
  const plan = named !== undefined && isGrouped ? planInGroups(named, directory) : planOf(named ?? words)
  const flags = tier === 'embedded' ? EMBEDDED_FLAGS : []
  const child = spawn(
    process.execPath,
    [...flags, '--test', `--test-concurrency=${plan.concurrency}`, `--test-timeout=${TIMEOUT_MS}`, ...plan.files],
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
