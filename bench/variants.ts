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
  /** Serves until SIGTERM. Gets HOST, PORT, DATABASE_URL, REDIS_URL and the secrets. */
  readonly command: readonly [string, ...string[]]
  /** Run once, before the first start: what the framework's own tool generates or compiles. */
  readonly setup?: readonly [string, ...string[]]
  /** Prints versions, a line each. Without it they are those of package.json. */
  readonly versions?: readonly [string, ...string[]]
  /** In the folder of the variant. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Programs without which it is left out. */
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

/** Nothing of the caller's own configuration reaches a variant that is measured. */
const environment = (): Record<string, string> => ({
  PATH,
  HOME: process.env['HOME'] ?? '/',
  LANG: 'C.UTF-8',
  NODE_ENV: 'production',
})

/** Fetches and makes what it needs. @returns why it has to be left out, if so */
export function prepare({ requires = [], directory, setup }: Variant): string | undefined {
  const missing = requires.filter((name) => findBinary(name) === undefined)
  if (missing.length > 0) return `takes ${missing.join(' and ')}, which is not installed`
  try {
    if (existsSync(join(directory, 'package-lock.json')) && !existsSync(join(directory, 'node_modules'))) {
      // What it is built with is a devDependency, which production would leave out.
      execute(['npm', 'ci', '--include=dev', '--no-audit', '--no-fund'], directory)
    }
    if (setup !== undefined) execute(setup, directory)
    return undefined
  } catch (error) {
    return `could not be made ready: ${lastLineOf(error)}`
  }
}

/**
 * Runs a command of the set-up with everything that the caller's environment holds: what a package manager needs to reach its
 * registry, such as a proxy, a certificate authority or a token, is set there under many names.
 */
function execute([program, ...args]: readonly [string, ...string[]], cwd: string): string {
  const env = { ...process.env, PATH }
  return execFileSync(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
}

function lastLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr === undefined || stderr === '' ? message : stderr).trim().split('\n').at(-1) ?? ''
}

/** @returns for instance `express 5.1.0, prisma 7.0.0` */
export function versionsOf({ versions, directory }: Variant): string {
  if (versions !== undefined) return execute(versions, directory).trim().replaceAll('\n', ', ')
  const manifest = join(directory, 'package.json')
  if (!existsSync(manifest)) return ''
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies?: Record<string, string> }
  return Object.entries(dependencies)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
}

/** @throws when it does not answer at /health */
export async function start(
  { title, command: [program, ...args], directory, cwd = '.', env = {} }: Variant,
  given: Readonly<Record<string, string>>,
): Promise<Running> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(program, args, {
    cwd: join(directory, cwd),
    env: { ...environment(), ...SECRETS, ...env, ...given, HOST: '127.0.0.1', PORT: String(port) },
    // The log is made and goes nowhere.
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  endWithProcess(child)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
  // A program that is not there.
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
