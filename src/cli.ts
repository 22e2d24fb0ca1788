import { writeFileSync } from 'node:fs'
import { loadConfig } from './config.ts'
import { errorCode, reasonInWords } from './development-secrets.ts'
import { StartError } from './errors.ts'

const USAGE = `usage: todo-backend [serve]
       todo-backend migrate up [N] | down [N] | status
       todo-backend openapi [FILE]
       todo-backend help
`

// Each command loads what it takes, once it is known to be right: a mistake is told at once.

/** Runs one command. A mistake of the operator ends it with its message and status 1; a bug shows its stack. */
export async function main(args: readonly string[]): Promise<void> {
  outliveReaders()
  try {
    await run(args)
  } catch (error) {
    process.exitCode = 1
    if (!(error instanceof StartError)) throw error
    process.stderr.write(`todo-backend: ${error.message}\n`)
  }
}

/** Whoever reads the output may leave before it ends (`| head`). That is no mistake, nor a reason to stop serving. */
function outliveReaders(): void {
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
    case 'migrate':
      return migrate(rest)
    case 'openapi':
      return openapi(rest)
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(USAGE)
      return
    default:
      throw unknown('command', command, 'there are serve, migrate, openapi and help')
  }
}

async function serve(rest: readonly string[]): Promise<void> {
  noMore(rest)
  const config = loadConfig()
  const server = await import('./server.ts')
  return server.serve(config)
}

async function migrate([action = 'status', ...rest]: readonly string[]): Promise<void> {
  if (!isMigration(action)) throw unknown('command', action, 'there are migrate up, down and status')
  noMore(rest.slice(action === 'status' ? 0 : 1))
  const steps = rest[0] === undefined ? undefined : wholeNumber(rest[0])
  const config = loadConfig()
  const [{ withMigrations }, migrator] = await Promise.all([import('./db/database.ts'), import('./db/migrator.ts')])
  const report = (what: string, migrations: readonly { readonly version: number; readonly name: string }[]): void => {
    const lines = migrations.length === 0 ? ['nothing'] : migrations.map(migrator.label)
    process.stdout.write(lines.map((line) => `${what}  ${line}\n`).join(''))
  }
  await withMigrations(config, async (client, variables) => {
    switch (action) {
      case 'up':
        return report('applied', await migrator.migrateUp(client, variables, steps === undefined ? {} : { steps }))
      case 'down':
        return report('taken back', await migrator.migrateDown(client, variables, { steps: steps ?? 1 }))
      case 'status': {
        const state = await migrator.migrationState(client)
        report('applied', state.applied)
        report('pending', state.pending)
        if (state.unknown.length > 0) report('unknown to this version', state.unknown)
        if (state.edited.length > 0) report('changed since it was applied', state.edited)
      }
    }
  })
}

const isMigration = (action: string): action is 'up' | 'down' | 'status' => ['up', 'down', 'status'].includes(action)

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new StartError('the number of migrations must be a whole number from 1')
  return Number(text)
}

async function openapi([file, ...rest]: readonly string[]): Promise<void> {
  noMore(rest)
  const { describe } = await import('./describe.ts')
  const text = await describe()
  if (file === undefined) {
    process.stdout.write(text)
    return
  }
  try {
    writeFileSync(file, text)
  } catch (cause) {
    throw new StartError(`cannot write ${file}: ${reasonInWords(cause)}`, { cause })
  }
}

function noMore([surplus]: readonly string[]): void {
  if (surplus !== undefined) throw unknown('argument', surplus, 'see help')
}

/** Shows a word, and nothing that could be a URL with a password in it. */
function unknown(what: string, given: string, possible: string): StartError {
  const shown = /^[\w-]{1,30}$/.test(given) ? ` ${given}` : ''
  return new StartError(`unknown ${what}${shown}: ${possible}`)
}
