import { writeFileSync } from 'node:fs'
import { describe } from './describe.ts'
import { loadConfig } from './config.ts'
import { withMigrations } from './db/database.ts'
import { label, migrateDown, migrateUp, migrationState } from './db/migrator.ts'
import { StartError } from './errors.ts'
import { serve } from './server.ts'

const USAGE = `usage: todo-backend [serve]
       todo-backend migrate up [N] | down [N] | status
       todo-backend openapi [FILE]
`

/** Runs one command. A mistake of the operator ends it with one line and status 1; a bug shows its stack. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await run(args)
  } catch (error) {
    process.exitCode = 1
    if (!(error instanceof StartError)) throw error
    process.stderr.write(`todo-backend: ${error.message}\n`)
  }
}

async function run([command = 'serve', ...rest]: readonly string[]): Promise<void> {
  switch (command) {
    case 'serve':
      return serve(loadConfig())
    case 'migrate':
      return migrate(rest)
    case 'openapi':
      return openapi(rest[0])
    case 'help':
    case '--help':
      process.stdout.write(USAGE)
      return
    default:
      throw new StartError(`unknown command ${command}\n${USAGE}`)
  }
}

async function migrate([action = 'status', count]: readonly string[]): Promise<void> {
  const steps = count === undefined ? undefined : Number(count)
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0)) {
    throw new StartError(`${count} is no number of migrations`)
  }
  await withMigrations(loadConfig(), async (client, variables) => {
    switch (action) {
      case 'up':
        return report('applied', await migrateUp(client, variables, steps === undefined ? {} : { steps }))
      case 'down':
        return report('taken back', await migrateDown(client, variables, { steps: steps ?? 1 }))
      case 'status': {
        const { applied, pending } = await migrationState(client)
        report('applied', applied)
        return report('pending', pending)
      }
      default:
        throw new StartError(`unknown command migrate ${action}\n${USAGE}`)
    }
  })
}

function report(what: string, migrations: readonly { readonly version: number; readonly name: string }[]): void {
  const lines = migrations.length === 0 ? ['nothing'] : migrations.map(label)
  process.stdout.write(lines.map((line) => `${what}  ${line}\n`).join(''))
}

async function openapi(file: string | undefined): Promise<void> {
  const text = await describe()
  if (file === undefined) process.stdout.write(text)
  else writeFileSync(file, text)
}
