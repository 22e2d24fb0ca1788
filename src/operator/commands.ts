import type { Config } from '../config/config.ts'
import { openDatabase } from '../db/database.ts'
import { embeddedAuth } from '../deps.ts'
import { Problem, StartError } from '../errors.ts'
import { openLog } from '../log.ts'
import { ask } from './channel.ts'
import type { CommandDeps } from './command-deps.ts'
import { jobs, JOBS_USAGE, parseJobs } from './jobs.ts'
import { openOutput, type Output } from './output.ts'
import { seed, SEED_USAGE, parseSeed } from './seed.ts'
import { token, TOKEN_USAGE, parseToken } from './token.ts'

type Deps = Omit<CommandDeps, 'auth'>

interface Command {
  readonly usage: string
  /** @throws StartError for arguments that are invalid, or not allowed in this environment */
  prepare(args: readonly string[]): (deps: Deps, output: Output) => Promise<void>
}

const COMMANDS: Readonly<Record<'token' | 'seed' | 'jobs', Command>> = {
  jobs: {
    usage: JOBS_USAGE,
    prepare: (args) => {
      const options = parseJobs(args)
      return (deps, output) => jobs(deps, options, output)
    },
  },
  token: {
    usage: TOKEN_USAGE,
    prepare: (args) => {
      const options = parseToken(args)
      return (deps, output) => token(withAuth('token', deps), options, output)
    },
  },
  seed: {
    usage: SEED_USAGE,
    prepare: (args) => {
      const options = parseSeed(args)
      return (deps, output) => seed(withAuth('seed', deps), options, output)
    },
  },
}

/**
 * Runs a command: in the running service if that owns the embedded database, else in this process.
 *
 * @throws StartError if the command is invalid or cannot run
 */
export async function operate(
  name: keyof typeof COMMANDS,
  args: readonly string[],
  load: () => Config,
  output: Output & Partial<Disposable> = openOutput(),
): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) return output.line(COMMANDS[name].usage)
  COMMANDS[name].prepare(args)
  const config = load()
  try {
    if (config.database.address === undefined && (await ask(config.dataDir, [name, ...args], output))) return
    // Standard output is for the result, so the log goes to standard error.
    const log = openLog(config.log.level, process.stderr)
    await using db = await openDatabase(config, log, { migrate: config.environment === 'development' })
    await perform([name, ...args], { config, log, db }, output)
  } finally {
    output[Symbol.dispose]?.()
  }
}

/** @throws StartError if another server has the users */
function withAuth(name: string, deps: Deps): CommandDeps {
  const auth = embeddedAuth(deps.config, deps.db)
  if (auth === undefined) {
    throw new StartError(
      `${name} is for AUTH_MODE=embedded: users and sessions belong to another auth server, so sign up and sign in there`,
    )
  }
  return { ...deps, auth }
}

const isCommand = (name: string | undefined): name is keyof typeof COMMANDS =>
  name !== undefined && Object.hasOwn(COMMANDS, name)

/** @throws StartError for errors that the operator can correct */
export async function perform([name, ...args]: readonly string[], deps: Deps, output: Output): Promise<void> {
  if (!isCommand(name)) throw new StartError('the running service does not know this command')
  const run = COMMANDS[name].prepare(args)
  try {
    await run(deps, output)
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'unavailable') throw error
    throw new StartError('the database cannot be reached or is busy: run the command again', { cause: error })
  }
}
