import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import type { Config } from '../config/config.ts'
import { FEATURES } from '../features.ts'
import type { Connection } from '../db/wire/connection.ts'
import { cannotActAs, ENTER_ROLE, isPooled, isRoleError, refuseForeignUsers } from '../db/database.ts'
import { refuseUnboundRoles } from '../db/schema/guard.ts'
import { label } from '../db/schema/migration-files.ts'
import { migrationState } from '../db/schema/migrator.ts'
import { refuseOtherSearchPath } from '../db/schema/preflight.ts'
import { BEGIN } from '../db/wire/settings.ts'
import { SERVER_VERSION_MIN } from '../db/schema/server-version.ts'
import { embeddedDirectory, openSource, withConnection, systemRole, type Source } from '../db/source.ts'
import { STATE, type QueueState } from '../jobs/queue.ts'
import { isThisMachine } from '../lib/host.ts'
import { within } from '../lib/within.ts'
import { clockFinding, fail, messageOf, ok, skipped, warn, type Finding } from '../lib/finding.ts'

/** Longer than any timeout of a connection. Recovery of the embedded database takes longest. */
const OPEN_TIMEOUT_MS = 60_000
const ASK_TIMEOUT_MS = 15_000
const CONNECTION_MANUAL = 'docs/operations/troubleshooting.md#connection tells what each message means'

type Check = (config: Config, client: Connection) => Promise<Finding | readonly Finding[]>

const CHECKS: Readonly<Record<string, Check>> = {
  database: checkServer,
  'database TLS': checkTls,
  'database clock': checkClock,
  migrations: checkMigrations,
  'database roles': checkRoles,
  jobs: checkJobs,
  pooler: checkPooler,
  connections: checkConnections,
}

/** Checks of the configured database. Changes nothing. */
export async function checkDatabase(config: Config): Promise<readonly Finding[]> {
  if (config.database.address === undefined && !existsSync(join(embeddedDirectory(config.dataDir), 'PG_VERSION'))) {
    return [skipped('database', `does not exist yet: the first start creates it in ${config.dataDir}`)]
  }
  const findings: Finding[] = []
  try {
    await using source = await within(OPEN_TIMEOUT_MS, openSource(config))
    await withConnection(source.serving, async (client) => {
      for (const [name, check] of Object.entries(CHECKS)) findings.push(...(await outcome(name, check(config, client))))
    })
    if (source.migrating !== source.serving) findings.push(...(await outcome('migration login', checkOwner(source))))
  } catch (error) {
    return [...findings, ...unopened(error)]
  }
  const isUsable = ['migrations', 'policies'].every((name) =>
    findings.some(({ check, state }) => check === name && state === 'ok'),
  )
  const sealed = FEATURES.flatMap((feature) => feature.sealed ?? [])
  for (const { name, run } of FEATURES.flatMap(({ checks = [] }) => checks)) {
    findings.push(
      ...(isUsable
        ? await outcome(name, run(config, sealed))
        : [skipped(name, 'the database cannot be used in its present state')]),
    )
  }
  return findings
}

/** The finding of a check, or the error that it met. */
async function outcome(name: string, work: Promise<Finding | readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return [await within(ASK_TIMEOUT_MS, work)].flat()
  } catch (error) {
    return [fail(name, messageOf(error))]
  }
}

function unopened(error: unknown): readonly Finding[] {
  const message = messageOf(error)
  const [, pid] = /is in use by another process(?: \(pid (\d+)\))?/.exec(message) ?? []
  if (/is in use by another process/.test(message)) {
    const who = pid === undefined ? 'another process' : `process ${pid}`
    return [skipped('database', `${who} has it open, and looked at roles, policies and migrations when it started`)]
  }
  const next = message.startsWith('cannot connect') ? CONNECTION_MANUAL : undefined
  return [fail('database', message, next), skipped('roles, migrations, rows', 'the database cannot be reached')]
}

async function checkServer({ database: { address } }: Config, client: Connection): Promise<Finding> {
  const startedAtMs = performance.now()
  const { rows } = await client.query<{ version: string; standby: boolean }>(
    `select current_setting('server_version') as version, pg_is_in_recovery() as standby`,
  )
  const tookMs = Math.round(performance.now() - startedAtMs)
  const { version = 'unknown', standby = false } = rows[0] ?? {}
  const where = address === undefined ? 'embedded' : `at ${address.host}:${address.port}`
  const found = `PostgreSQL ${version} ${where}, answers in ${tookMs} ms`
  if (standby) return fail('database', `${found}, but is a read-only standby`, 'set DATABASE_URL to the primary')
  return Number.parseInt(version, 10) >= SERVER_VERSION_MIN
    ? ok('database', found)
    : fail('database', found, `use PostgreSQL ${SERVER_VERSION_MIN} or newer`)
}

async function checkTls({ environment, database: { address } }: Config, client: Connection): Promise<Finding> {
  if (address === undefined) return skipped('database TLS', 'the embedded database is in this process')
  const { stream } = client.connection
  const verified = address.tls === 'verify-full' || address.tls === 'verify-ca'
  if (stream instanceof TLSSocket) {
    const found = `${stream.getProtocol() ?? 'TLS'}, ${verified ? 'certificate verified' : 'certificate not verified'}`
    return verified
      ? ok('database TLS', found)
      : warn('database TLS', found, 'add sslmode=verify-full to DATABASE_URL: now any server that answers is trusted')
  }
  if (isThisMachine(address.host)) return ok('database TLS', 'none, on this machine')
  const judge = environment === 'production' ? fail : warn
  return judge(
    'database TLS',
    'none: passwords and tasks are sent in plain text',
    'add sslmode=verify-full to DATABASE_URL',
  )
}

async function checkClock(_: Config, client: Connection): Promise<Finding> {
  const askedAtMs = Date.now()
  const { rows } = await client.query<{ ms: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as ms',
  )
  return clockFinding('database clock', rows[0]?.ms ?? 0, askedAtMs, Date.now())
}

async function checkMigrations({ environment }: Config, client: Connection): Promise<Finding> {
  const { applied, pending, unknown, incompatible, edited } = await migrationState(client)
  const names = (migrations: readonly { version: number; name: string }[]): string => migrations.map(label).join(', ')
  if (incompatible.length > 0) {
    return fail(
      'migrations',
      `${names(incompatible)} unknown to this version: the schema is newer and lacks what this version needs`,
      'run a newer version of the service',
    )
  }
  if (edited.length > 0) {
    return fail(
      'migrations',
      `${names(edited)} changed after it was applied`,
      'restore the file: git checkout migrations/',
    )
  }
  if (pending.length === 0) {
    const ahead = unknown.length === 0 ? '' : `; ${names(unknown)} unknown here, which only add to the schema`
    return ok('migrations', `${applied.length} applied, none pending${ahead}`)
  }
  const found = `${pending.length} pending: ${names(pending)}`
  return environment === 'development'
    ? warn('migrations', found, 'the next start applies them, or now: npm run migrate -- up')
    : fail('migrations', found, 'npm run migrate -- up')
}

/** The same checks as at a start, in a transaction, since there may be a pooler. */
async function checkRoles(
  { auth, database: { role, address } }: Config,
  client: Connection,
): Promise<readonly Finding[]> {
  const { pending, applied } = await migrationState(client)
  if (applied.length === 0) return [skipped('database roles', `the first of ${pending.length} migrations creates them`)]
  let acting = role
  await refuseOtherSearchPath(client)
  await client.query(BEGIN)
  try {
    await client.query(ENTER_ROLE, [role])
    await refuseUnboundRoles(client, systemRole(role))
    const { rows } = await client.query<{ tables: number }>(
      `select count(distinct polrelid)::int as tables from pg_policy p join pg_class c on c.oid = p.polrelid
       where c.relnamespace = 'public'::regnamespace and c.relforcerowsecurity`,
    )
    acting = systemRole(role)
    await client.query(ENTER_ROLE, [acting])
    if (auth.mode === 'embedded') await refuseForeignUsers(client)
    return [
      ok('database roles', `${role} owns nothing and cannot bypass policies`),
      ok('policies', `row-level security is forced on ${rows[0]?.tables ?? 0} tables`),
    ]
  } catch (error) {
    throw isRoleError(error) ? cannotActAs(acting, address?.user ?? 'postgres', error) : error
  } finally {
    await client.query('rollback').catch(() => undefined)
  }
}

/** How late a job may be before it seems that no process runs background work. */
const JOB_LATE_WARN_S = 600

async function checkJobs({ database: { role } }: Config, client: Connection): Promise<Finding> {
  const { rows: found } = await client.query<{ exists: boolean }>(
    `select to_regclass('public.jobs') is not null as exists`,
  )
  if (found[0]?.exists !== true) return skipped('jobs', 'a pending migration creates their table')
  await client.query('begin')
  try {
    await client.query(ENTER_ROLE, [systemRole(role)])
    const { rows } = await client.query<QueueState & { names: string | null }>(
      `select s.*, (select string_agg(distinct name, ', ') from jobs where dead_at is not null) as names
       from (${STATE.text}) s`,
    )
    const { dead = 0, oldestDueS = 0, names = null } = rows[0] ?? {}
    if (dead > 0) {
      return warn(
        'jobs',
        `${dead} failed for the last time: ${names}`,
        'npm run jobs -- list shows them: see docs/operations/jobs.md on dead jobs',
      )
    }
    const lateS = Math.round(oldestDueS)
    return lateS > JOB_LATE_WARN_S
      ? warn('jobs', `one has been due for ${lateS} s`, 'start the service, or look in its log for errors of jobs')
      : ok('jobs', 'none is dead, none is late')
  } finally {
    await client.query('rollback').catch(() => undefined)
  }
}

async function checkPooler({ database: { pooler, address } }: Config, client: Connection): Promise<Finding> {
  if (address === undefined) return skipped('pooler', 'the embedded database has none')
  if (pooler === 'transaction') return ok('pooler', 'expected, in transaction mode')
  return (await isPooled(client))
    ? warn(
        'pooler',
        'there seems to be one, but DATABASE_POOLER is none',
        'set DATABASE_POOLER=transaction if it pools transactions',
      )
    : ok('pooler', 'none')
}

async function checkConnections({ http: { workers }, database }: Config, client: Connection): Promise<Finding> {
  const { address, poolSize, poolOverflow, pooler } = database
  if (address === undefined) return skipped('connections', 'the embedded database has one')
  if (pooler === 'transaction') return skipped('connections', 'they are shared by the pooler')
  const { rows } = await client.query<{ max: number }>(
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as max`,
  )
  const max = rows[0]?.max ?? 0
  const needed = workers * (poolSize + poolOverflow)
  const found = `this configuration opens up to ${needed} (WORKERS ${workers} × ${poolSize + poolOverflow}) of ${max}`
  return needed <= max
    ? ok('connections', found)
    : fail(
        'connections',
        found,
        'lower DATABASE_POOL_SIZE, DATABASE_POOL_OVERFLOW or WORKERS, or raise max_connections',
      )
}

const checkOwner = ({ migrating }: Source): Promise<Finding> =>
  withConnection(migrating, async (client) => {
    await client.query('select 1')
    return ok('migration login', 'MIGRATION_DATABASE_URL can be reached')
  })
