import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Client, escapeIdentifier, type ClientBase } from 'pg'
import type { Config } from './config/config.ts'
import { withAuthTables } from './db/schema/auth-tables.ts'
import { compareCatalogues, readCatalogue, type Catalogue } from './db/schema/catalogue.ts'
import { clientDefaults } from './db/wire/connection.ts'
import { withMigrations } from './db/database.ts'
import { openEmbedded } from './db/embedded/embedded.ts'
import { label, readMigrations, type MigrationVariables } from './db/schema/migration-files.ts'
import {
  hasMigrationsTable,
  migrateDown,
  migrateUp,
  migrationState,
  type MigrateOptions,
  type MigrationState,
} from './db/schema/migrator.ts'
import { renumber } from './db/schema/renumber.ts'
import { StartError } from './errors.ts'
import { FEATURES } from './features.ts'

interface Command {
  readonly config: Config
  readonly client: ClientBase
  readonly variables: MigrationVariables
  readonly secondConnection: Pick<MigrateOptions, 'onSecondConnection'>
  readonly print: Print
}

type Print = (lines: readonly string[]) => void

const COMMANDS: Readonly<Record<string, (command: Command, argument: string | undefined) => Promise<void>>> = {
  init,
  up: (command, count) => apply(command, steps(count)),
  down: (command, count) => revert(command, count === undefined ? { steps: 1 } : steps(count)),
  status: async ({ client, print }) => {
    const state = await migrationState(client)
    report(print, 'applied', state.applied)
    report(print, 'pending', state.pending)
    if (state.unknown.length > 0) report(print, 'unknown to this version', state.unknown)
    if (state.edited.length > 0) report(print, 'changed since it was applied', state.edited)
  },
  history: async ({ client, print }) => {
    const { applied } = await migrationState(client)
    print(
      applied.length === 0 ? ['no migration is applied'] : applied.map((each) => `${each.appliedAt}  ${label(each)}`),
    )
  },
  reset,
  check,
  renumber: async ({ client, variables, print }) => {
    const recorded = await renumber(client, variables)
    if (recorded.length === 0) return print(['this database has the numbering of today already'])
    report(print, 'recorded', recorded)
  },
}

/** Commands that also work if the tables of another auth server cannot be found. */
const READS_STATE_ONLY = new Set(['status', 'history'])

const TAKES_ARGUMENT = new Set(['up', 'down', 'reset', 'new'])

/**
 * The migration command. `load` reads the configuration, after the arguments have been checked.
 *
 * @throws StartError for an unknown argument, and for every reason why a migration cannot run
 */
export async function migrate(
  [action = 'status', ...rest]: readonly string[],
  load: () => Config,
  print: Print = (lines) => void process.stdout.write(lines.map((line) => `${line}\n`).join('')),
): Promise<void> {
  if (action === 'import-python') return importFrom(rest, load, print)
  const [argument, ...surplus] = rest
  if (surplus.length > 0 || (argument !== undefined && !TAKES_ARGUMENT.has(action))) {
    throw new StartError(`too many arguments for migrate ${action}: see help`)
  }
  if (action === 'new') return print(begin(argument))
  const command = Object.hasOwn(COMMANDS, action) ? COMMANDS[action] : undefined
  if (command === undefined)
    throw new StartError(
      `unknown command. The commands are: migrate ${Object.keys(COMMANDS).join(', ')}, new, import-python`,
    )
  if (action !== 'reset') steps(argument)
  else if (argument !== undefined && argument !== '--yes')
    throw new StartError('the only option of migrate reset is --yes')
  const config = load()
  await withMigrations(config, async (client, base, secondConnection) => {
    const variables = READS_STATE_ONLY.has(action) ? base : await withAuthTables(client, base, config.auth)
    await command({ config, client, variables, secondConnection, print }, argument)
  })
}

async function importFrom(rest: readonly string[], load: () => Config, print: Print): Promise<void> {
  const { importOptions, importPython } = await import('./python-import/command.ts')
  const options = importOptions(rest)
  const config = load()
  await withMigrations(config, async (client, base) => {
    const variables = await withAuthTables(client, base, config.auth)
    const kinds = await Promise.all(FEATURES.map(async ({ imports }) => (await imports?.()) ?? []))
    await importPython({ config, client, variables, print }, options, kinds.flat())
  })
}

function steps(count: string | undefined): { steps?: number } {
  if (count === undefined) return {}
  if (!/^[1-9]\d{0,8}$/.test(count)) throw new StartError('the number of migrations must be a whole number from 1')
  return { steps: Number(count) }
}

function report(
  print: Print,
  what: string,
  migrations: readonly { readonly version: number; readonly name: string }[],
): void {
  print((migrations.length === 0 ? ['nothing'] : migrations.map(label)).map((line) => `${what}  ${line}`))
}

async function apply(command: Command, limit: { steps?: number } = {}): Promise<void> {
  const { client, variables, print } = command
  const done = await migrateUp(client, variables, { ...limit, ...progress(command, 'applied') })
  if (done.length === 0) report(print, 'applied', done)
}

async function revert(command: Command, limit: { steps?: number }): Promise<void> {
  const { client, variables, print } = command
  const done = await migrateDown(client, variables, { ...limit, ...progress(command, 'reverted') })
  if (done.length === 0) report(print, 'reverted', done)
}

const BATCH_REPORT_INTERVAL_MS = 5_000

/** Prints each migration when it is done, and the progress of a backfill every few seconds: it may take minutes. */
function progress({ print, secondConnection }: Command, what: string): MigrateOptions {
  let reportedAt = performance.now()
  return {
    ...secondConnection,
    onDone: (migration, tookMs) => print([`${what}  ${label(migration)}  in ${tookMs} ms`]),
    onBatch: (migration, rows) => {
      if (performance.now() - reportedAt < BATCH_REPORT_INTERVAL_MS) return
      reportedAt = performance.now()
      print([`running  ${label(migration)}  ${rows} rows so far`])
    },
  }
}

async function init(command: Command): Promise<void> {
  const { client, variables, print } = command
  const { applied, pending } = await migrationState(client)
  if (applied.length > 0 && pending.length > 0) {
    throw new StartError(
      `${applied.length} of the ${applied.length + pending.length} migrations are applied already: apply the rest with migrate up`,
    )
  }
  if (applied.length > 0) return print([`all ${applied.length} migrations are applied already`])
  if (variables.auth_mode === 'external') {
    const { users_schema, users_table, sessions_schema, sessions_table } = variables
    print([
      `users and sessions belong to another auth server, in ${users_schema}.${users_table} and ${sessions_schema}.${sessions_table}: these tables are not changed`,
    ])
  }
  const existed = await hasMigrationsTable(client)
  try {
    await apply(command)
  } catch (error) {
    await undoInit(command, existed, error)
    throw error
  }
}

/** Restores the state before `init`, so that `init` can be run again once the cause is removed. */
async function undoInit(command: Command, keepsTable: boolean, cause: unknown): Promise<void> {
  const { client, print } = command
  try {
    const { applied } = await migrationState(client)
    if (applied.length > 0) await revert(command, { steps: applied.length })
    if (!keepsTable && (await hasMigrationsTable(client))) await client.query('drop table public.schema_migrations')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    print([
      `the migrations that init had applied could not be reverted (${reason}): see migrate status, and run migrate down`,
    ])
    throw cause
  }
}

async function reset(command: Command, argument: string | undefined): Promise<void> {
  const { config } = command
  if (config.environment === 'production')
    throw new StartError('migrate reset is not possible in production: it deletes every task')
  if (argument !== '--yes' && !(await isConfirmed(config))) {
    throw new StartError('nothing was reset: answer yes, or run migrate reset --yes')
  }
  await revert(command, { steps: Infinity })
  await apply(command)
}

async function isConfirmed({ database, dataDir }: Config): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const where = database.address === undefined ? dataDir : `${database.address.host}/${database.address.database}`
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const question = terminal.question(`This deletes every task in ${where}. Type yes to continue: `)
  // If the input ends (Ctrl-D), the question is never answered.
  const answer = await Promise.race([question, once(terminal, 'close').then(() => '')])
  terminal.close()
  return answer.trim() === 'yes'
}

/** Exit status 1 if anything differs, for use in deployments. */
async function check({ client, variables, print }: Command): Promise<void> {
  const state = await migrationState(client)
  const lines = [
    ...state.pending.map((each) => `pending     migration ${label(each)}: run migrate up`),
    ...state.unknown.map((each) => `unknown     migration ${label(each)} (${each.mode}): from a newer version`),
    ...state.edited.map((each) => `edited      migration ${label(each)}: its file was changed after it was applied`),
  ]
  const expected = await expectedCatalogue(state, variables)
  for (const difference of compareCatalogues(expected, await readCatalogue(client, variables))) {
    lines.push(`${difference.what.padEnd(11)} ${difference.name}`)
    if (difference.expected !== undefined) lines.push(`              code:     ${oneLine(difference.expected)}`)
    if (difference.found !== undefined) lines.push(`              database: ${oneLine(difference.found)}`)
  }
  print(lines.length === 0 ? ['the database is what the code expects'] : lines)
  if (lines.length > 0) process.exitCode = 1
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** The catalogue of an empty database to which the applied migrations have been applied. */
async function expectedCatalogue({ applied }: MigrationState, variables: MigrationVariables): Promise<Catalogue> {
  const known = readMigrations().filter((each) => applied.some(({ version }) => version === each.version))
  const directory = mkdtempSync(join(tmpdir(), 'todo-backend-check-'))
  try {
    await using embedded = await openEmbedded(join(directory, 'postgres'))
    const client = new Client({ ...clientDefaults, pipeline: false, user: 'postgres', stream: () => embedded.stream() })
    await client.connect()
    if (variables.auth_mode === 'external') await imitateAuthTables(client, variables)
    const options = { migrations: known, onSecondConnection: undefined }
    await migrateUp(client, { ...variables, serving_login: 'postgres' }, options)
    const catalogue = await readCatalogue(client, variables)
    await client.end()
    return catalogue
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Creates stand-ins for the other auth server's tables, with the columns that the migrations use. */
async function imitateAuthTables(client: ClientBase, variables: MigrationVariables): Promise<void> {
  const [usersSchema, users, sessionsSchema, sessions, user, expiry] = [
    variables.users_schema,
    variables.users_table,
    variables.sessions_schema,
    variables.sessions_table,
    variables.session_user_column,
    variables.session_expiry_column,
  ].map(escapeIdentifier)
  await client.query(`
    create schema if not exists ${usersSchema};
    create schema if not exists ${sessionsSchema};
    create table ${usersSchema}.${users} (id text primary key);
    create table ${sessionsSchema}.${sessions} (token text, ${user} text, ${expiry} timestamptz)`)
}

const DIRECTORY = new URL('../migrations/', import.meta.url)

/** Creates the next pair of files. `directory` ends with a slash. */
export function begin(name: string | undefined, directory: URL = DIRECTORY): readonly string[] {
  if (name === undefined || !/^[a-z][a-z0-9_]{0,60}$/.test(name)) {
    throw new StartError(
      'a migration needs a name of lower-case letters, digits and underscores, such as: migrate new add_projects',
    )
  }
  const version = readMigrations(directory).length + 1
  const files = [
    [
      `${label({ version, name })}.up.sql`,
      '-- What this adds, and why. See README.md here: a table with a user column forces row-level security.\n',
    ],
    [`${label({ version, name })}.down.sql`, '-- Reverts what the .up.sql did, and nothing else.\n'],
  ] as const
  for (const [file, text] of files) writeFileSync(new URL(file, directory), text, { flag: 'wx' })
  return files.map(([file]) => `created  migrations/${file}`)
}
