import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * Each test file is in one tier: the second, if it is listed here, else the first. Two kinds of files have commands of their own:
 * test/faults and test/clients. Those of the first tier that query a database for its own sake are repeated on the oldest supported
 * PostgreSQL and on the embedded database; no other file is executed twice.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The files of both tiers. */
const TESTS = ['src/**/*.test.ts', 'test/*.test.ts', 'client/*.test.ts', 'client/sync/*.test.ts', 'cli/*.test.ts']

/**
 * The second tier, each file with the reason why it is slow. `npm test` leaves these out and still checks every guarantee of the API;
 * `npm run test:all` runs them too.
 */
export const SECOND_TIER: Readonly<Record<string, string>> = {
  // Processes of the service: each start takes a second or more of CPU time.
  'test/process.test.ts': 'starts the service many times',
  'test/service.test.ts': 'starts processes that start the service',
  'test/workers.test.ts': 'starts the service with several workers',
  'test/dev.test.ts': 'starts the development loop',
  'test/operator.test.ts': 'starts the service and the commands of an operator',
  'test/readme.test.ts': 'starts the service and runs the tour',
  'test/tracing.test.ts': 'starts the service with OpenTelemetry',
  'src/auth/loaded-later.test.ts': 'starts the service',
  'src/vault/command.test.ts': 'starts commands',
  'test/bench.test.ts': 'starts the benchmark',
  'src/webhooks/kill.test.ts': 'kills the service many times',
  'src/notifications/kill.test.ts': 'kills processes of the service ten times',
  'client/sync/restart.test.ts': 'starts the service several times',
  'cli/command-line.test.ts': 'starts the command line many times',
  'cli/login.test.ts': 'starts the command line many times',
  // Copies of the project, compiled or packed.
  'test/package.test.ts': 'packs and installs the package',
  'test/deploy.test.ts': 'checks the deployment files with their own tools',
  'test/contributing.test.ts': 'follows CONTRIBUTING on copies of the project',
  'test/delete-feature.test.ts': 'deletes a feature from a copy of the project',
  'client/package.test.ts': 'compiles programs against the package',
  'test/adapters.test.ts': 'installs RxDB and TanStack DB, and compiles and runs programs',
  'test/agents.test.ts': 'installs and starts the official programs for agents',
  // A browser
  'test/agents-oauth.test.ts': 'starts Chromium, and the official programs for agents',
  'src/auth/link-pages.test.ts': 'starts Chromium, and the service',
  'test/pages.test.ts': 'starts Chromium',
  'src/pages/people.test.ts': 'starts Chromium',
  'src/pages/apps.test.ts': 'starts Chromium',
  'src/pages/consent.test.ts': 'starts Chromium',
  'src/pages/account.test.ts': 'starts Chromium',
  'src/pages/layout.test.ts': 'starts Chromium',
  'src/pages/refusals.test.ts': 'starts Chromium',
  'src/pages/tokens.test.ts': 'starts Chromium',
  'src/pages/webhooks.test.ts': 'starts Chromium',
  'src/pages/notifications.test.ts': 'starts Chromium',
  'src/pages/settings.test.ts': 'starts Chromium',
  'src/pages/xss.test.ts': 'starts Chromium',
  'src/pages/restart.test.ts': 'starts Chromium, and the service twice',
  'test/cors.test.ts': 'starts Chromium',
  'test/prefix.test.ts': 'starts Chromium',
  // The embedded engine
  'src/db/embedded/embedded.test.ts': 'starts the embedded engine many times',
  'src/db/embedded/embedded-restart.test.ts': 'crashes the embedded engine',
  'src/db/embedded/lent-embedded.test.ts': 'starts the embedded engine',
  'src/db/embedded/directory-lock.test.ts': 'starts processes that compete for a directory',
  // Migrations, and moving data
  'src/db/schema/migrator.test.ts': 'migrates up and down',
  'src/db/schema/renumber.test.ts': 'migrates databases of the old numbering',
  'src/db/schema/roles.test.ts': 'migrates as other logins',
  'test/migrate.test.ts': 'starts the migration command',
  'test/migrating.test.ts': 'runs the commands of the migration guide',
  'test/python-import.test.ts': 'imports from another database',
  'test/external-auth.test.ts': 'migrates beside the tables of another auth server',
  'test/database-settings.test.ts': 'migrates databases with other defaults',
  'src/tasks/list/search-locales.test.ts': 'creates a database for each locale',
  'test/plans.test.ts': 'dumps, restores and reindexes databases with many rows',
  // Properties with thousands of cases
  'src/tasks/recurrence/recurrence.property.test.ts': 'compares hundreds of rules with python3-dateutil',
  'src/tasks/list/query.property.test.ts': 'compares thousands of queries with a model',
  'client/sync/offline.property.test.ts': 'lets two devices edit over a network that fails',
  // Password hashing takes 0.1 s of CPU time for each sign-up and sign-in.
  'src/auth/better-auth.test.ts': 'hashes passwords',
}

/** What depends on the database: statements, policies, triggers, locks and races, and what is built on them. */
export const DATABASE: readonly string[] = [
  'src/auth/mail.test.ts',
  'src/changes/*.test.ts',
  'src/db/**/*.test.ts',
  'src/events/*.test.ts',
  'src/jobs/*.test.ts',
  'src/mail/*.test.ts',
  'src/tasks/**/*.test.ts',
  'src/vault/vault.test.ts',
  'test/dry-run.test.ts',
  'test/isolation.test.ts',
  'test/once.test.ts',
  'test/round-trips.test.ts',
]

/** A file that opens no database has the same result on each. */
const OPENS_DATABASE = /\/(?:world|databases|auth-database)\.ts'/

export type Tier = 'everyday' | 'rest' | 'all' | 'database' | 'embedded'

/** @returns the paths from the folder of the project, in order; undefined if there is no such tier */
export function filesOf(tier: string): readonly string[] | undefined {
  return Object.hasOwn(FILES, tier) ? FILES[tier as Tier]() : undefined // has this tier
}

const FILES: Readonly<Record<Tier, () => readonly string[]>> = {
  everyday: () => found(TESTS).filter(isInFirstTier),
  rest: () => found(TESTS).filter((file) => !isInFirstTier(file)),
  all: () => found(TESTS),
  database: () => found(DATABASE).filter(isInFirstTier).filter(opensDatabase),
  embedded: () => found(DATABASE).filter(isInFirstTier).filter(opensDatabase),
}

const found = (patterns: readonly string[]): readonly string[] => globSync([...patterns], { cwd: ROOT }).sort()
export const isInFirstTier = (file: string): boolean => !Object.hasOwn(SECOND_TIER, file)
export const opensDatabase = (file: string): boolean => OPENS_DATABASE.test(readFileSync(join(ROOT, file), 'utf8'))
