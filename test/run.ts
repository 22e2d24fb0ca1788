import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { groupOf } from './group.ts'
import { needsPostgresPackage, unpackPostgres } from './postgres-package.ts'
import { filesOf, sharesProcess } from './tiers.ts'

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
/**
 * How many files share a process. Loading the service takes a second of CPU time, as long as the tests of most files. With more of
 * them, one process would run alone at the end.
 */
const FILES_PER_PROCESS = 8
/** One more than cores, because the tests of time limits mostly wait. */
const CONCURRENCY = availableParallelism() + 1
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

/**
 * The files that node:test starts a process for: modules that execute several test files, and the other files. Neighbours, which are
 * alike and take equally long, are in different modules.
 *
 * @param directory where the modules are written
 */
function inGroups(files: readonly string[], directory: string): readonly string[] {
  const { grouped = [], alone = [] } = Object.groupBy(files, (file) => (sharesProcess(file) ? 'grouped' : 'alone'))
  const count = Math.ceil(grouped.length / FILES_PER_PROCESS)
  const groups = Array.from({ length: count }, (_, group) => {
    const path = join(directory, `group-${group}.test.mjs`)
    const members = grouped.filter((_file, index) => index % count === group)
    writeFileSync(path, groupOf(members, ROOT))
    return path
  })
  return [...groups, ...alone]
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
  const directory = mkdtempSync(join(tmpdir(), 'todo-tests-'))
  opened.defer(() => rmSync(directory, { recursive: true, force: true }))
  const [tier = 'everyday'] = words
  const named = filesOf(tier)
  // Each world on the embedded database has an engine of its own.
  const isGrouped = servers.TEST_DATABASE_URL !== undefined
  const files = named !== undefined && isGrouped ? inGroups(named, directory) : (named ?? words)
  const child = spawn(
    process.execPath,
    ['--test', `--test-concurrency=${CONCURRENCY}`, `--test-timeout=${TIMEOUT_MS}`, ...files],
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
