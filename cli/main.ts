import { env as environment, stderr, stdout } from 'node:process'
import { add } from './commands/add.ts'
import { done, remove } from './commands/done.ts'
import { edit } from './commands/edit.ts'
import { list } from './commands/list.ts'
import { login } from './commands/login.ts'
import { undo } from './commands/undo.ts'
import { watch } from './commands/watch.ts'
import { openSession, type Command, type Context } from './context.ts'
import { explain, Failure, STATUS } from './failure.ts'
import { reportLine, styled, type Outcome } from './output.ts'
import { accountOf, codeOf, type Environment } from './settings.ts'
import { VERSION } from '../src/lib/version.ts'

const COMMANDS: readonly Command[] = [add, list, done, edit, remove, undo, watch, login]
const USAGE_INDENT = 48

const usageOf = ({ name, usage }: Command): string =>
  usage.map(([words, does]) => `  ${`todo ${name} ${words}`.padEnd(USAGE_INDENT)}  ${does}\n`).join('')

const USAGE = `Your tasks on the command line.

${COMMANDS.map(usageOf).join('')}
A task is named by its number in the last list, or by the beginning of its id. --json prints for programs.
TODO_URL and TODO_TOKEN replace what login stores. In a shell, # and ! need single quotes.
`

const LIST: readonly string[] = ['list']
/** As shells do for Ctrl+C. */
const INTERRUPTED = 130

/** Runs one command. The exit status is 0, or says why it failed: docs/command-line.md. */
export async function main(args: readonly string[]): Promise<void> {
  process.exitCode = await run(args, environment)
}

async function run(args: readonly string[], env: Environment): Promise<number> {
  const end = args.indexOf('--')
  const isJson = (end === -1 ? args : args.slice(0, end)).includes('--json')
  const words = args.filter((each, at) => each !== '--json' || (end !== -1 && at > end))
  const stop = stopSignal()
  let url = ''
  const context: Context = {
    env,
    moment: { now: new Date(), zone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    signal: stop,
    open: (account = accountOf(env)) => {
      url = account.url
      return openSession(env, account)
    },
    tell: (text) => {
      if (!isJson) stderr.write(`${text}\n`)
    },
    show: (outcome) => print(outcome, isJson),
  }
  try {
    await dispatch(words, context)
    return STATUS.done
  } catch (error) {
    if (stop.aborted || (error instanceof Error && error.name === 'AbortError')) return INTERRUPTED
    const explanation = explain(error, url)
    if (explanation === undefined) throw error
    const { status, code, message } = explanation
    if (isJson) stdout.write(`${reportLine({ error: { code, message } })}\n`)
    else stderr.write(`${styled('red', 'todo:', stderr)} ${message}\n`)
    return status
  }
}

async function dispatch(words: readonly string[], context: Context): Promise<void> {
  const [name = '', ...rest] = words.length === 0 ? LIST : words
  if (name === '--version') return void stdout.write(`${VERSION}\n`)
  const wantsHelp = /^(?:help|--help|-h)$/
  if (wantsHelp.test(name)) return void stdout.write(rest[0] === undefined ? USAGE : usageOf(commandOf(rest[0])))
  const command = commandOf(name)
  if (rest.some((word) => word === '--help' || word === '-h')) return void stdout.write(usageOf(command))
  const outcome = await command.run(rest, context)
  if (outcome !== undefined) context.show(outcome)
}

/** @throws Failure (usage) */
function commandOf(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name)
  if (command !== undefined) return command
  const names = COMMANDS.map((each) => each.name).join(', ')
  throw new Failure('usage', `There is no command ${name}: the commands are ${names} and help.`)
}

function print(outcome: Outcome, isJson: boolean): void {
  const { lines, ...report } = outcome
  const text = isJson ? [reportLine(report)] : lines
  stdout.write(text.map((line) => `${line}\n`).join(''))
}

/** Aborted by Ctrl+C and SIGTERM, and when the reader of the output ends (`| head`). A second signal ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  stdout.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error
    stop.abort()
  })
  return stop.signal
}
