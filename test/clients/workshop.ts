import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Generator } from './generators.ts'

const DOCUMENT = fileURLToPath(new URL('../../openapi.json', import.meta.url))
/** One command, with the download of what it needs, on a slow machine. */
const COMMAND_LIMIT_MS = 900_000

/** Outside of node_modules, which `npm ci` removes. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'todo-backend', 'clients')

/** Its text is why a generator is skipped. */
export class Missing extends Error {}

export function findMissing({ needs }: Generator): string | undefined {
  const isExecutable = (program: string) => (directory: string) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  }
  return needs.find((program) => !(process.env['PATH'] ?? '').split(delimiter).some(isExecutable(program)))
}

const hashOf = (...parts: readonly string[]): string => createHash('sha256').update(parts.join('\0')).digest('hex')

const stamped = (file: string, hash: string): boolean => existsSync(file) && readFileSync(file, 'utf8') === hash

const installHash = ({ install }: Generator): string => hashOf(JSON.stringify(install))

/** Whether everything that takes a registry is in the cache. */
export const isInstalled = (generator: Generator): boolean =>
  stamped(join(CACHE, generator.folder, 'installed'), installHash(generator))

/**
 * Installs the generator, generates the client and compiles the program with it, as far as the cache does not have it.
 *
 * @returns the directory in which the program runs
 * @throws Missing when a registry cannot be reached
 */
export async function build(generator: Generator): Promise<string> {
  const directory = join(CACHE, generator.folder)
  const installed = join(directory, 'installed')
  const built = join(directory, 'built')
  if (!isInstalled(generator)) {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    for (const command of generator.install) await runToEnd(command, directory)
    writeFileSync(installed, installHash(generator))
  }
  const sources = fileURLToPath(new URL(generator.folder, import.meta.url))
  const files = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const hash = hashOf(JSON.stringify(generator), ...[DOCUMENT, ...files].map((file) => readFileSync(file, 'utf8')))
  if (!stamped(built, hash)) {
    // Generators leave the files of schemas that are gone.
    for (const output of ['generated', 'classes', 'todo']) {
      rmSync(join(directory, output), { recursive: true, force: true })
    }
    cpSync(sources, directory, { recursive: true })
    cpSync(DOCUMENT, join(directory, 'openapi.json'))
    for (const command of generator.build) await runToEnd(command, directory)
    writeFileSync(built, hash)
  }
  return directory
}

/** What programs print when the registry does not answer. */
const UNREACHABLE =
  /could not resolve|couldn't resolve|name resolution|no such host|unknown host|network is unreachable|connection refused|connect timed out|connection timed out|i\/o timeout|failed to establish a new connection/i

async function runToEnd(command: Generator['run'], cwd: string): Promise<string> {
  const { status, output } = await execute(command, cwd, {}, COMMAND_LIMIT_MS)
  if (status === 0) return output
  const reason = output.split('\n').find((line) => UNREACHABLE.test(line))
  if (reason !== undefined) throw new Missing(`its registry does not answer: ${reason.trim()}`)
  throw new Error(`${command.join(' ')} ended with ${status}:\n${output.slice(-4000)}`)
}

export interface Execution {
  /** Null where a signal ended it. */
  readonly status: number | null
  readonly output: string
}

export async function execute(
  [program, ...args]: Generator['run'],
  cwd: string,
  env: Readonly<Record<string, string>>,
  limitMs: number,
): Promise<Execution> {
  const child = spawn(program, args, {
    cwd,
    // openapi-python-client looks for its formatter in PATH.
    env: { ...process.env, PATH: `${join(cwd, 'venv', 'bin')}${delimiter}${process.env['PATH']}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { status, output }
}
