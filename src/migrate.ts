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
  down: (command, count) => takeBack(command, count === undefined ? { steps: 1 } : steps(count)),
  status: async ({ client, print }) => {
    const state = await migrationState(client)
    report(print, 'applied', state.applied)
    report(print, 'pending', state.pending)
    if (state.unknown.length > 0) report(print, 'unknown to this version', state.unknown)
    if (state.edited.length > 0) report(print, 'changed since it was applied', state.edited)
  },
  history: async ({ client, print }) => {
    const { applied } = await migrationState(client)
    print(applied.length === 0 ? ['nothing was applied'] : applied.map((each) => `${each.appliedAt}  ${label(each)}`))
  },
  reset,
  check,
  renumber: async ({ client, variables, print }) => {
    const recorded = await renumber(client, variables)
    if (recorded.length === 0) return print(['this database has the numbering of today already'])
    report(print, 'recorded', recorded)
  },
}

/** These work also where the tables of another auth server are not found. */
const READS_STATE_ONLY = new Set(['status', 'history'])

const TAKES_ARGUMENT = new Set(['up', 'down', 'reset', 'new'])

/**
 * The migration command. `load` reads the configuration, once the words are known to be right.
 *
 * @throws StartError for a word it does not know, and for all that keeps a migration from running
 */
export async function migrate(
  [action = 'status', ...rest]: readonly string[],
  load: () => Config,
  print: Print = (lines) => void process.stdout.write(lines.map((line) => `${line}\n`).join('')),
): Promise<void> {
  if (action === 'import-python') return importFrom(rest, load, print)
  const [argument, ...surplus] = rest
  if (surplus.length > 0 || (argument !== undefined && !TAKES_ARGUMENT.has(action))) {
    throw new StartError(`too many words behind migrate ${action}: see help`)
  }
  if (action === 'new') return print(begin(argument))
  const command = Object.hasOwn(COMMANDS, action) ? COMMANDS[action] : undefined
  if (command === undefined)
    throw new StartError(`unknown command: there are migrate ${Object.keys(COMMANDS).join(', ')} new and import-python`)
  if (action !== 'reset') steps(argument)
  else if (argument !== undefined && argument !== '--yes') throw new StartError('migrate reset takes nothing but --yes')
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

async function takeBack(command: Command, limit: { steps?: number }): Promise<void> {
  const { client, variables, print } = command
  const done = await migrateDown(client, variables, { ...limit, ...progress(command, 'taken back') })
  if (done.length === 0) report(print, 'taken back', done)
}

const BATCH_REPORT_INTERVAL_MS = 5_000

/** Prints each migration when it is done, and how far a backfill is every few seconds: one may take minutes. */
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
      `this database has ${applied.length} of the ${applied.length + pending.length} migrations already, so there is nothing to begin: apply the rest with migrate up`,
    )
  }
  if (applied.length > 0) return print([`this database has all ${applied.length} migrations already`])
  if (variables.auth_mode === 'external') {
    const { users_schema, users_table, sessions_schema, sessions_table } = variables
    print([
      `users and sessions are kept by another auth server, in ${users_schema}.${users_table} and ${sessions_schema}.${sessions_table}: these tables stay as they are`,
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

/** Leaves the database as it was before `init`, so that `init` can be run again when the cause is removed. */
async function undoInit(command: Command, keepsTable: boolean, cause: unknown): Promise<void> {
  const { client, print } = command
  try {
    const { applied } = await migrationState(client)
    if (applied.length > 0) await takeBack(command, { steps: applied.length })
    if (!keepsTable && (await hasMigrationsTable(client))) await client.query('drop table public.schema_migrations')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    print([`what init had applied could not be taken back (${reason}): see migrate status, and run migrate down`])
    throw cause
  }
}

async function reset(command: Command, argument: string | undefined): Promise<void> {
  const { config } = command
  if (config.environment === 'production')
    throw new StartError('migrate reset is not possible in production: it loses every task')
  if (argument !== '--yes' && !(await agreed(config))) {
    throw new StartError('nothing was reset: agree with yes, or with migrate reset --yes')
  }
  await takeBack(command, { steps: Infinity })
  await apply(command)
}

async function agreed({ database, dataDir }: Config): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const where = database.address === undefined ? dataDir : `${database.address.host}/${database.address.database}`
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const question = terminal.question(`This deletes every task in ${where}. Type yes to go on: `)
  // The end of the input, as of Ctrl-D, leaves a question open.
  const answer = await Promise.race([question, once(terminal, 'close').then(() => '')])
  terminal.close()
  return answer.trim() === 'yes'
}

/** Exit status 1 when anything differs, so that a deployment can ask. */
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

/** What the applied migrations make of an empty database, found by applying them to one. */
async function expectedCatalogue({ applied }: MigrationState, variables: MigrationVariables): Promise<Catalogue> {
  const known = readMigrations().filter((each) => applied.some(({ version }) => version === each.version))
  const directory = mkdtempSync(join(tmpdir(), 'todo-backend-check-'))
  try {
    await using embedded = await openEmbedded(join(directory, 'postgres'))
    const client = new Client({ ...clientDefaults, pipeline: false, user: 'postgres', stream: () => embedded.stream() })
    await client.connect()
    if (variables.auth_mode === 'external') await imitateAuthTables(client, variables)
    await migrateUp(client, { ...variables, serving_login: 'postgres' }, { migrations: known })
    const catalogue = await readCatalogue(client, variables)
    await client.end()
    return catalogue
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Tables of the names that another auth server's have here, with what the migrations use of them. */
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

/** Begins the next pair of files. `directory` ends with a slash. */
export function begin(name: string | undefined, directory: URL = DIRECTORY): readonly string[] {
  if (name === undefined || !/^[a-z][a-z0-9_]{0,60}$/.test(name)) {
    throw new StartError(
      'a migration needs a name of lower-case letters, digits and underscores: migrate new add_projects',
    )
  }
  const version = readMigrations(directory).length + 1
  const files = [
    [
      `${label({ version, name })}.up.sql`,
      '-- What this adds, and why. See README.md here: a table with a user column forces row-level security.\n',
    ],
    [`${label({ version, name })}.down.sql`, '-- Takes back what the .up.sql did, and nothing else.\n'],
  ] as const
  for (const [file, text] of files) writeFileSync(new URL(file, directory), text, { flag: 'wx' })
  return files.map(([file]) => `made  migrations/${file}`)
}
