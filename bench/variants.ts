import { execFileSync, spawn } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SECRETS } from './seed.ts'
import { ended, endWithProcess, findBinary, freePort, until } from './servers.ts'

/** The `variant.json` of a folder. */
interface Manifest {
  readonly name: string
  readonly title: string
  /** The command that serves until SIGTERM. Gets HOST, PORT, DATABASE_URL, REDIS_URL and the secrets. */
  readonly command: readonly [string, ...string[]]
  /** Commands of the framework that generate or compile code, run once before the first start. */
  readonly setup?: readonly [string, ...string[]]
  /** A command that prints versions, one per line. Without it they are read from package.json. */
  readonly versions?: readonly [string, ...string[]]
  /** The lock file in the folder of the variant. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Programs without which the variant is omitted. */
  readonly requires?: readonly string[]
}

export interface Variant extends Manifest {
  readonly directory: string
}

export interface Running extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = join(HERE, '..')

/** Every folder with a `variant.json`, by name. */
export function findVariants(): ReadonlyMap<string, Variant> {
  const files = globSync(['*/variant.json', 'peers/*/variant.json'], { cwd: HERE }).sort()
  const variants = files.map((file): Variant => {
    const path = join(HERE, file)
    return { ...(JSON.parse(readFileSync(path, 'utf8')) as Manifest), directory: dirname(path) }
  })
  return new Map(variants.map((variant) => [variant.name, variant]))
}

const PATH = [join(ROOT, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter)

/** The environment of a measured variant, without the caller's own configuration. */
const environment = (): Record<string, string> => ({
  PATH,
  HOME: process.env['HOME'] ?? '/',
  LANG: 'C.UTF-8',
  NODE_ENV: 'production',
})

/** Installs and builds the variant. @returns the reason if it must be omitted */
export function prepare({ requires = [], directory, setup }: Variant): string | undefined {
  const missing = requires.filter((name) => findBinary(name) === undefined)
  if (missing.length > 0) return `needs ${missing.join(' and ')}, which is not installed`
  try {
    if (existsSync(join(directory, 'package-lock.json')) && !existsSync(join(directory, 'node_modules'))) {
      // Build tools are devDependencies, which NODE_ENV=production would omit.
      execute(['npm', 'ci', '--include=dev', '--no-audit', '--no-fund'], directory)
    }
    if (setup !== undefined) execute(setup, directory)
    return undefined
  } catch (error) {
    return `its set-up failed: ${lastLineOf(error)}`
  }
}

/**
 * Runs a command of the set-up with the caller's whole environment, because the settings that a package manager needs to reach its
 * registry, such as a proxy, a certificate authority or a token, have many names.
 */
function execute([program, ...args]: readonly [string, ...string[]], cwd: string): string {
  const env = { ...process.env, PATH }
  return execFileSync(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
}

function lastLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr === undefined || stderr === '' ? message : stderr).trim().split('\n').at(-1) ?? ''
}

/** @returns names and versions, such as `express 5.1.0, prisma 7.0.0` */
export function versionsOf({ versions, directory }: Variant): string {
  if (versions !== undefined) return execute(versions, directory).trim().replaceAll('\n', ', ')
  const manifest = join(directory, 'package.json')
  if (!existsSync(manifest)) return ''
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies?: Record<string, string> }
  return Object.entries(dependencies)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
}

/** @throws Error if it does not answer at /health */
export async function start(
  { title, command: [program, ...args], directory, cwd = '.', env = {} }: Variant,
  given: Readonly<Record<string, string>>,
): Promise<Running> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(program, args, {
    cwd: join(directory, cwd),
    env: { ...environment(), ...SECRETS, ...env, ...given, HOST: '127.0.0.1', PORT: String(port) },
    // The log is written and discarded.
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  endWithProcess(child)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
  // The program does not exist.
  child.on('error', (error) => (said += error.message))
  try {
    await until(title, child, async () => {
      if (child.pid === undefined) throw new Error('not started')
      const response = await fetch(`${url}/health`)
      if (!response.ok) throw new Error(`/health answered ${response.status}`)
    })
  } catch (error) {
    await ended(child, 'SIGKILL')
    throw new Error(`${(error as Error).message}${said === '' ? '' : `: ${lastLineOf({ message: said })}`}`, {
      cause: error,
    })
  }
  return { url, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => ended(child, 'SIGTERM') }
}
