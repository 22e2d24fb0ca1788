import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What runs: no tests, documents or benchmarks. */
const PROGRAM = ['bin', 'src', 'migrations', 'package.json']

/**
 * The commit that stands for the version before this one. Set it to the newest release when one is made. If a migration that it
 * has is edited, which is possible until the first release, it must be a commit that has the edited one.
 */
const VERSION_BEFORE = '1579993ab7493e5b1e3f2a5d0db417a727fa950c'

const git = (...words: readonly string[]): { readonly status: number | null; readonly stderr: string } =>
  spawnSync('git', ['-C', ROOT, ...words], { encoding: 'utf8' })

/** Why there is no earlier version here, for node:test's `skip`: a shallow clone and a tarball have no history. */
export const needsHistory: string | false = ((): string | false => {
  const { status, stderr } = git('cat-file', '-e', `${VERSION_BEFORE}^{commit}`)
  return status === 0
    ? false
    : `takes commit ${VERSION_BEFORE.slice(0, 7)} of the git history: ${stderr?.trim() ?? 'git is not installed'}`
})()

/** A directory with the program, which uses the packages of this one. The caller removes it. */
export function earlierVersion(): string {
  const directory = mkdtempSync(join(tmpdir(), 'todo-earlier-'))
  const tar = join(directory, 'program.tar')
  const archived = git('archive', '--output', tar, VERSION_BEFORE, '--', ...PROGRAM)
  if (archived.status !== 0) throw new Error(`git archive failed: ${archived.stderr}`)
  const { status, stderr } = spawnSync('tar', ['-xf', tar, '-C', directory], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tar failed: ${stderr}`)
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  refuseEditedMigrations(directory)
  return directory
}

function refuseEditedMigrations(earlier: string): void {
  for (const file of readdirSync(join(earlier, 'migrations')).filter((name) => name.endsWith('.up.sql'))) {
    const [before, now] = [earlier, ROOT].map((root) => readFileSync(join(root, 'migrations', file), 'utf8'))
    if (before !== now)
      throw new Error(`migrations/${file} was edited since ${VERSION_BEFORE}: set VERSION_BEFORE to a newer commit`)
  }
}

/** A version to come: a copy of this one, to which tests add migrations. The caller removes it. */
export function nextVersion(): string {
  const directory = mkdtempSync(join(tmpdir(), 'todo-next-'))
  const isProgram = (path: string): boolean => !path.endsWith('.test.ts')
  for (const name of PROGRAM) cpSync(join(ROOT, name), join(directory, name), { recursive: true, filter: isProgram })
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

/** Adds a migration with the next free number. @returns its name with the number */
export function addMigration(
  root: string,
  name: string,
  { up, down }: { readonly up: string; readonly down: string },
): string {
  const directory = join(root, 'migrations')
  const versions = readdirSync(directory).map((file) => Number(/^(\d{4})_.*\.up\.sql$/.exec(file)?.[1] ?? 0))
  const label = `${String(Math.max(...versions) + 1).padStart(4, '0')}_${name}`
  writeFileSync(join(directory, `${label}.up.sql`), up)
  writeFileSync(join(directory, `${label}.down.sql`), down)
  return label
}

/** Replaces a piece of source, which must be there exactly once. */
export function edit(path: string, before: string, after: string): void {
  const parts = readFileSync(path, 'utf8').split(before)
  if (parts.length !== 2) throw new Error(`${path} has ${parts.length - 1} times: ${before}`)
  writeFileSync(path, parts.join(after))
}
