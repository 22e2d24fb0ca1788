import cluster from 'node:cluster'
import { writeFileSync } from 'node:fs'
import type { Config } from './config/config.ts'
import { existingSecrets } from './config/development-secrets.ts'
import { errorCode, fileErrorReason } from './lib/file-errors.ts'
import { loadConfig } from './configuration.ts'
import { StartError } from './errors.ts'
import type { FeatureCommand } from './feature.ts'
import { FEATURES } from './features.ts'

const COMMANDS = FEATURES.flatMap(({ command = [] }) => command)

/** Columns before the description of a command. */
const USAGE_INDENT = 34

const usageOf = ({ name, usage }: FeatureCommand): string =>
  usage.map(([words, does]) => `${`       todo-backend ${name} ${words}`.padEnd(USAGE_INDENT + 7)}${does}\n`).join('')

const USAGE = `usage: todo-backend [serve]
       todo-backend dev                  serve, and reload when the code changes
       todo-backend migrate init         apply all migrations to an empty database
       todo-backend migrate up [N]       apply all pending migrations, or the next N
       todo-backend migrate down [N]     revert the newest migration, or the newest N
       todo-backend migrate status       list applied and pending migrations
       todo-backend migrate history      list applied migrations with their times
       todo-backend migrate check        list differences between the code and the database
       todo-backend migrate reset        revert all migrations and apply them again: deletes every task
       todo-backend migrate renumber     convert a database of the earlier migrations 0001 to 0014
       todo-backend migrate import-python --from URL [--schema NAME] [--map FILE] [--dry-run]
                                         import the data of the Python service
       todo-backend migrate new NAME     create the next pair of migration files
${COMMANDS.map(usageOf).join('')}       todo-backend doctor [--json]      check the configuration and the running service
       todo-backend jobs list            list background jobs; jobs retry ID and jobs drop ID for dead ones
       todo-backend seed                 create users with tasks, and print tokens; see seed --help
       todo-backend token E-MAIL         print a new session token of a user
       todo-backend openapi [FILE]       write the OpenAPI document
       todo-backend llms [FILE]          write a short description of the API for language models
       todo-backend help
`

// Each command imports its modules after its arguments have been checked, so that mistakes are reported at once.

/** Runs one command. A StartError is printed as its message with exit status 1; a bug is printed with its stack. */
export async function main(args: readonly string[]): Promise<void> {
  ignoreClosedPipes()
  try {
    await run(args)
  } catch (error) {
    process.exitCode = 1
    if (!(error instanceof StartError)) throw error
    process.stderr.write(`todo-backend: ${error.message}\n`)
  }
}

/** Ignores EPIPE: a reader of the output may exit early (`| head`), which is not an error and no reason to stop serving. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (errorCode(error) !== 'EPIPE') throw error
    })
  }
}

async function run([command = 'serve', ...rest]: readonly string[]): Promise<void> {
  switch (command) {
    case 'serve':
      return serve(rest)
    case 'dev':
      return dev(rest)
    case 'migrate':
      return migrate(rest)
    case 'doctor':
      return doctor(rest)
    case 'jobs':
    case 'seed':
    case 'token':
      return operate(command, rest)
    case 'openapi':
    case 'llms':
      return description(command, rest)
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(USAGE)
      return
    default:
      return runFeature(command, rest)
  }
}

async function runFeature(name: string, rest: readonly string[]): Promise<void> {
  const command = COMMANDS.find((each) => each.name === name)
  if (command === undefined) {
    const names = [
      'serve',
      'dev',
      'doctor',
      'migrate',
      ...COMMANDS.map((each) => each.name),
      'jobs',
      'seed',
      'token',
      'openapi',
    ]
    throw unknown('command', name, `the commands are ${names.join(', ')}, llms and help`)
  }
  const { openLog } = await import('./log.ts')
  return command.run(rest, {
    load: loadConfig,
    print: (line) => void process.stdout.write(`${line}\n`),
    sealed: FEATURES.flatMap(({ sealed = [] }) => sealed),
    openLog: ({ log }: Config) => openLog(log.level, process.stderr),
  })
}

async function serve(rest: readonly string[]): Promise<void> {
  noMore(rest)
  const config = loadConfig()
  if (config.http.workers > 1 && cluster.isPrimary) {
    const { supervise } = await import('./supervisor.ts')
    process.exitCode = await supervise(config)
    return
  }
  const server = await import('./server.ts')
  await server.serve(config)
  // Everything is closed. After sockets had been reset, a natural end of the process was seen to loop for ever in Node's clean-up.
  process.exit()
}

async function dev(rest: readonly string[]): Promise<void> {
  noMore(rest)
  const { develop } = await import('./dev/reloader.ts')
  return develop(loadConfig)
}

async function migrate(rest: readonly string[]): Promise<void> {
  const command = await import('./migrate.ts')
  return command.migrate(rest, loadConfig)
}

async function doctor(rest: readonly string[]): Promise<void> {
  const command = await import('./operator/doctor.ts')
  return command.doctor(rest, () => loadConfig({ secrets: existingSecrets }))
}

async function operate(command: 'jobs' | 'seed' | 'token', rest: readonly string[]): Promise<void> {
  const commands = await import('./operator/commands.ts')
  return commands.operate(command, rest, loadConfig)
}

async function description(command: 'openapi' | 'llms', [file, ...rest]: readonly string[]): Promise<void> {
  noMore(rest)
  const { describe, describeToPrograms } = await import('./describe.ts')
  const text = await (command === 'openapi' ? describe() : describeToPrograms())
  if (file === undefined) {
    process.stdout.write(text)
    return
  }
  try {
    writeFileSync(file, text)
  } catch (cause) {
    throw new StartError(`cannot write ${file}: ${fileErrorReason(cause)}`, { cause })
  }
}

function noMore([surplus]: readonly string[]): void {
  if (surplus !== undefined) throw unknown('argument', surplus, 'see help')
}

/** Quotes a plain word only: anything else could be a URL with a password. */
function unknown(what: string, given: string, possible: string): StartError {
  const shown = /^[\w-]{1,30}$/.test(given) ? ` ${given}` : ''
  return new StartError(`unknown ${what}${shown}: ${possible}`)
}
