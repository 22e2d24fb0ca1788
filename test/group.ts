import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isInFirstTier, opensDatabase } from './tiers.ts'

/*
 * Test files that are executed in one process. Loading the service takes a second of CPU time, as long as the tests of most files. Files
 * of the second tier start programs, and are alone.
 */

/** Files that mostly wait, for time limits above all. Each list takes about a minute, beside all others, and begins first. */
export const WAITING: readonly (readonly string[])[] = [
  [
    'test/attacks.test.ts',
    'src/http/slow.test.ts',
    'src/http/drain.test.ts',
    'src/http/message-bytes.test.ts',
    'src/http/streams.test.ts',
    'src/limits/limits.test.ts',
    'src/events/listener.test.ts',
    'test/clients-workshop.test.ts',
  ],
  [
    'src/auth/mail.test.ts',
    'src/vault/vault.test.ts',
    'src/jobs/jobs.test.ts',
    'src/health/routes.test.ts',
    'src/db/scopes.test.ts',
    'src/notifications/planner.test.ts',
    'src/metrics/counting.test.ts',
    'src/events/events.test.ts',
  ],
]
/** The longest files of the second tier. They begin first, each in its own process, so that none runs alone at the end. */
export const LONG: readonly string[] = [
  'test/contributing.test.ts',
  'test/delete-feature.test.ts',
  'test/process.test.ts',
  'test/workers.test.ts',
  'test/plans.test.ts',
  'test/agents.test.ts',
]
/** With more of them, one process would run alone at the end. */
const WITH_DATABASE = 8
const WITHOUT_DATABASE = 24

export interface Groups {
  /** In the order in which they should begin. */
  readonly groups: readonly (readonly string[])[]
  /** How many of the groups, the first, mostly wait. */
  readonly waiting: number
  /** The files that have a process of their own. */
  readonly alone: readonly string[]
}

/** @param files paths from the folder of the project */
export function groupsOf(files: readonly string[]): Groups {
  const shared = new Set(files.filter(isInFirstTier))
  const waiting = WAITING.map((group) => group.filter((file) => shared.has(file))).filter((group) => group.length > 0)
  const { withDatabase = [], without = [] } = Object.groupBy(shared.difference(new Set(waiting.flat())), (file) =>
    opensDatabase(file) ? 'withDatabase' : 'without',
  )
  const long = LONG.filter((file) => files.includes(file))
  return {
    groups: [
      ...waiting,
      ...long.map((file) => [file]),
      ...divided(withDatabase, WITH_DATABASE),
      ...divided(without, WITHOUT_DATABASE),
    ],
    waiting: waiting.length,
    alone: files.filter((file) => !shared.has(file) && !long.includes(file)),
  }
}

/** Neighbours, which are alike and take equally long, are in different groups. */
function divided(files: readonly string[], size: number): readonly (readonly string[])[] {
  const count = Math.ceil(files.length / size)
  return Array.from({ length: count }, (_, group) => files.filter((_file, index) => index % count === group))
}

/**
 * A test file that executes several others in its process, each as a suite, so that the hooks of a file are for its own tests only. With
 * `--test-isolation=none` they would be for the tests of all files.
 *
 * The files are loaded one after the other. If two waited at the same time for a module that both import, and which awaits, the tests of
 * the second would belong to no suite.
 *
 * @param files paths from `root`, the folder of the project
 * @returns the text of a module
 */
export function groupOf(files: readonly string[], root: string): string {
  const suites = files.map((file) => {
    const url = pathToFileURL(join(root, file)).href
    return `suite(${JSON.stringify(file)}, () => (loaded = loaded.then(() => import(${JSON.stringify(url)}))))\n`
  })
  return `import { suite } from 'node:test'\nlet loaded = Promise.resolve()\n${suites.join('')}`
}
