import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import type { Readable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The official programs of the Model Context Protocol, for tests: installed in test/agents and in the cache of the user. */

export const FOLDER = fileURLToPath(new URL('agents', import.meta.url))
export const ERAS = ['2026-07-28', '2025-11-25'] as const
export type Era = (typeof ERAS)[number]

const RUN_LIMIT_MS = 120_000
/** Installing the Python client takes a few seconds, and the first time. Where it takes longer its test is skipped. */
const INSTALL_LIMIT_MS = 60_000
const PYTHON_CLIENT = 'mcp==2.3.0'
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'todo-backend', 'agents')

export interface Ended {
  /** A text if it could not be started. */
  readonly status: number | string | null
  readonly said: string
}

/** Runs a command in test/agents to its end. */
export async function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  limitMs = RUN_LIMIT_MS,
): Promise<Ended> {
  const child = spawn(command, args, {
    cwd: FOLDER,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
  }
  // A program that does not exist ends with an error.
  const [status] = (await once(child, 'close').catch((error: Error) => [error.message])) as [number | string | null]
  return { status, said }
}

/** The lines of a program that fit the pattern, one after the other: its first group, or all of it. */
export function linesOf(stream: Readable, pattern: RegExp, limitMs: number): () => Promise<string> {
  const lines: string[] = []
  let said = ''
  const arrivals = new EventEmitter()
  createInterface({ input: stream }).on('line', (line) => {
    said += `${line}\n`
    const match = pattern.exec(line)
    if (match === null) return
    lines.push(match[1] ?? match[0])
    arrivals.emit('line')
  })
  return async () => {
    if (lines.length === 0) {
      await once(arrivals, 'line', { signal: AbortSignal.timeout(limitMs) }).catch((cause: unknown) => {
        throw new Error(`The program has printed no other line like ${pattern}, only:\n${said}`, { cause })
      })
    }
    return lines.shift() ?? ''
  }
}

/** What a test uses of the packages in the folder, which the type check of the project does not see. */
export const load = async <Module>(file: string): Promise<Module> =>
  (await import(pathToFileURL(join(FOLDER, 'node_modules', file)).href)) as Module

/** Installs what test/agents/package.json names. */
export async function installPrograms(): Promise<void> {
  if (isInstalled()) return
  using _lock = lock()
  if (isInstalled()) return
  // Not `npm ci`, which fails where a registry lacks an optional package of another system.
  const { status, said } = await run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'])
  assert.equal(status, 0, said)
}

function isInstalled(): boolean {
  const read = (file: string): Record<string, unknown> => JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))
  // The file has this member.
  const wanted = read('package.json')['devDependencies'] as Readonly<Record<string, string>>
  return Object.entries(wanted).every(([name, version]) => {
    const file = join('node_modules', name, 'package.json')
    return existsSync(join(FOLDER, file)) && read(file)['version'] === version
  })
}

/** Waits until no other run installs anything. The end of the process releases it too. */
function lock(): Disposable {
  mkdirSync(CACHE, { recursive: true })
  const file = new DatabaseSync(join(CACHE, 'lock'), { timeout: RUN_LIMIT_MS })
  file.exec('begin exclusive')
  return { [Symbol.dispose]: () => file.close() }
}

/** @returns the program, in an environment that is kept for the next run, or why there is none */
export async function preparePython(): Promise<string | Error> {
  const environment = join(CACHE, PYTHON_CLIENT)
  const python = join(environment, 'bin/python')
  const isReady = async (): Promise<boolean> =>
    existsSync(python) && (await run(python, ['-c', 'import mcp'])).status === 0
  if (await isReady()) return python
  using _lock = lock()
  if (await isReady()) return python
  const version = await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))'])
  if (version.status !== 0) return new Error('needs Python 3.10 or newer')
  const made = await run('python3', ['-m', 'venv', '--clear', environment])
  if (made.status !== 0) return new Error(`python3 cannot make an environment: ${made.said.trim()}`)
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PYTHON_CLIENT]
  const installed = await run(python, pip, {}, INSTALL_LIMIT_MS)
  const why = installed.status === null ? 'it takes too long' : installed.said.trim()
  if (installed.status !== 0) return new Error(`pip cannot install ${PYTHON_CLIENT}: ${why}`)
  return python
}
