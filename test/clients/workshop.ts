import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import type { Budget } from './budget.ts'
import { execute, type Command } from './commands.ts'
import type { Generator } from './generators.ts'

const DOCUMENT = fileURLToPath(new URL('../../openapi.json', import.meta.url))
/** One command, with the download of what it needs, on a slow machine. */
const COMMAND_LIMIT_MS = 600_000
/** The whole program, which takes a second or two. */
const RUN_LIMIT_MS = 60_000

/** Outside of node_modules, which `npm ci` removes. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'todo-backend', 'clients')

/** Its text is why a generator is skipped. */
export class Skipped extends Error {}

/**
 * Waits until no other run uses the cache, and keeps others out until the result is closed or the process has ended.
 *
 * @throws Error when the limit is reached
 */
export function lockCache(limitMs: number): DatabaseSync {
  mkdirSync(CACHE, { recursive: true })
  const lock = new DatabaseSync(join(CACHE, 'lock'), { timeout: Math.floor(Math.min(limitMs, COMMAND_LIMIT_MS)) })
  try {
    lock.exec('begin exclusive')
  } catch (cause) {
    lock.close()
    throw new Error(`another run of the clients' tests uses ${CACHE}`, { cause })
  }
  return lock
}

function findProgram(program: string): string | undefined {
  const files = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program))
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export const findMissing = ({ needs }: Generator): string | undefined =>
  needs.find((program) => findProgram(program) === undefined)

const hashOf = (...parts: readonly string[]): string => createHash('sha256').update(parts.join('\0')).digest('hex')

const isStamped = (file: string, hash: string): boolean => existsSync(file) && readFileSync(file, 'utf8') === hash

/** Differs when the programs of the machine are others, as after an upgrade. */
function hashInstallation({ install, needs }: Generator): string {
  const programs = needs.map((program) => {
    const file = realpathSync(findProgram(program) ?? program)
    return [file, statSync(file).mtimeMs]
  })
  return hashOf(JSON.stringify([install, programs]))
}

/**
 * Installs the generator, generates the client and compiles the program with it, as far as the cache does not have it.
 *
 * @returns the directory in which the program runs
 * @throws Skipped when a registry cannot be reached, or no time is left
 */
export async function build(generator: Generator, budget: Budget): Promise<string> {
  const directory = join(CACHE, generator.folder)
  const installed = { file: join(directory, 'installed'), hash: hashInstallation(generator) }
  if (!isStamped(installed.file, installed.hash)) {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    for (const command of generator.install) await runToEnd(generator, command, directory, budget)
    writeFileSync(installed.file, installed.hash)
  }
  const sources = fileURLToPath(new URL(generator.folder, import.meta.url))
  const files = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const texts = [DOCUMENT, ...files].map((file) => readFileSync(file, 'utf8'))
  const built = {
    file: join(directory, 'built'),
    hash: hashOf(installed.hash, JSON.stringify(generator.build), ...texts),
  }
  if (!isStamped(built.file, built.hash)) {
    rmSync(built.file, { force: true })
    // Generators leave the files of schemas that are gone.
    for (const output of ['generated', 'classes', 'todo']) {
      rmSync(join(directory, output), { recursive: true, force: true })
    }
    cpSync(sources, directory, { recursive: true })
    cpSync(DOCUMENT, join(directory, 'openapi.json'))
    for (const command of generator.build) await runToEnd(generator, command, directory, budget)
    writeFileSync(built.file, built.hash)
  }
  return directory
}

/** From where each command that downloads does so, by its first two words. The other commands, compilers above all, run without. */
const REGISTRIES: Readonly<Record<string, string>> = {
  'mvn -B': 'Maven Central',
  'go get': 'the Go module proxy',
  'go mod': 'the Go module proxy',
  'cargo fetch': 'crates.io',
  'venv/bin/pip install': 'PyPI',
}

/** What these commands print when the registry does not answer. */
const UNREACHABLE = new RegExp(
  [
    "could not resolve host|couldn't resolve host|name resolution|no such host|unknown host|network is unreachable",
    'connection refused|connection reset|timed out|i/o timeout|handshake timeout|failed to establish a new connection',
    'bad gateway|service unavailable|too many requests',
  ].join('|'),
  'i',
)

/**
 * Runs a command of a generator to its end.
 *
 * @throws Skipped when its registry cannot be reached, or no time is left
 * @throws Error which names the generator, its language and the command
 */
export async function runToEnd(
  { name }: Generator,
  command: Command,
  cwd: string,
  budget: Budget,
  limitMs = COMMAND_LIMIT_MS,
): Promise<void> {
  const boundMs = Math.min(limitMs, budget.leftMs)
  if (boundMs === 0) throw new Skipped(`not run: ${budget.reason}`)
  const { status, output, isLate } = await execute(command, cwd, boundMs)
  if (status === 0) return
  const line = command.join(' ')
  if (isLate && boundMs < limitMs) throw new Skipped(`not run: ${budget.reason}, and then by ${line} for ${name}`)
  const ending = isLate ? `took longer than ${boundMs / 1000} s and was stopped` : `ended with status ${status}`
  const registry = REGISTRIES[command.slice(0, 2).join(' ')]
  const reason = output.split('\n').find((each) => UNREACHABLE.test(each))
  if (registry !== undefined && reason !== undefined) {
    throw new Skipped(`${registry} cannot be reached: ${line} ${ending}: ${reason.trim().slice(0, 300)}`)
  }
  throw new Error(`${name}: ${line} ${ending}:\n${output.slice(-4000)}`)
}

/**
 * Runs the program, which prints each step that has succeeded.
 *
 * @throws Error which names the generator, its language and the step that failed or took too long
 */
export async function runProgram(
  { name, run }: Generator,
  directory: string,
  url: string,
  steps: readonly string[],
  limitMs = RUN_LIMIT_MS,
): Promise<void> {
  const env = { TODO_URL: url, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' }
  const { status, stdout, output, isLate } = await execute(run, directory, limitMs, env)
  const done = stdout.split('\n').filter((line) => line !== '')
  const failed = steps.findIndex((step, index) => step !== done[index])
  if (status === 0 && failed === -1 && done.length === steps.length) return
  const ending = isLate ? `took longer than ${limitMs / 1000} s and was stopped` : `ended with status ${status}`
  const step = failed === -1 ? 'after its last step' : `in the step "${steps[failed]}"`
  throw new Error(`${name}: the program ${ending} ${step}:\n${output.slice(-4000)}`)
}
