import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { createClient, type Client, type Task } from '../client/index.ts'
import { Failure } from './failure.ts'
import { Memory } from './memory.ts'
import type { Outcome } from './output.ts'
import type { Account, Environment } from './settings.ts'
import type { Moment } from './words.ts'

/** What a command works with. */
export interface Context {
  readonly env: Environment
  readonly moment: Moment
  /** Aborted by Ctrl+C and SIGTERM. */
  readonly signal: AbortSignal
  /** The account and what belongs to it, by default the one that is configured. @throws Failure (credential) if no token is known */
  open(this: void, account?: Account): Session
  /** A line for a person that is no result, on standard error. Not printed with `--json`. */
  tell(this: void, text: string): void
  /** Prints a result before the end of the command. */
  show(this: void, outcome: Outcome): void
}

export interface Session {
  readonly account: Account
  readonly api: Client
  readonly memory: Memory
}

/** A command of the program. */
export interface Command {
  readonly name: string
  /** Its words and options, and what it does; a line for each form. */
  readonly usage: readonly (readonly [words: string, does: string])[]
  /** @returns what is printed at its end, if anything. @throws Failure, or what the client throws */
  run(this: void, args: readonly string[], context: Context): Promise<Outcome | undefined>
}

export function openSession(env: Environment, account: Account): Session {
  const { url, token } = account
  return { account, api: createClient({ baseUrl: url, auth: { token } }), memory: new Memory(env, account) }
}

/** The options and words of a command. @throws Failure (usage) */
export function parse<const Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (cause) {
    // Its messages name the option and what to write.
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Failure('usage', message.endsWith('.') ? message : `${message}.`, { cause })
  }
}

/** The entry of a write in the history; null if it changed nothing. */
export const changeIdOf = ({ headers }: Response): string | null => headers.get('x-change-id')

/** A dry run is a parameter of the query. */
export const dryRun = (isDry: boolean | undefined): { readonly dryRun?: true } =>
  isDry === true ? { dryRun: true } : {}

/** `3  Buy milk`, for lines about a task. */
export function named(task: Pick<Task, 'id' | 'title'>, { memory }: Session): string {
  const number = memory.numberOf(task.id)
  return number === undefined ? task.title : `${number}  ${task.title}`
}
