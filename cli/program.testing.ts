import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { World } from '../test/world.ts'

const PROGRAM = fileURLToPath(new URL('../bin/todo.mjs', import.meta.url))

export interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ran>
  /** Resolves when the output, or the messages, match; at once if they already do. @throws if it ends before */
  until(pattern: RegExp): Promise<void>
}

export interface Ways {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

/** The program with a home of its own, for a user of the service. */
export interface Program extends Disposable {
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  start(words: readonly string[], ways?: Ways): Running
  run(...words: readonly string[]): Promise<Ran>
  runWith(ways: Ways, ...words: readonly string[]): Promise<Ran>
  /** In a terminal of that many columns. What is shown has CRLF, and what is written to its input is typed. */
  onTerminal(columns: number, ways: Ways, ...words: readonly string[]): Running
}

/** @param account `TODO_URL` and `TODO_TOKEN`; without them it is to log in */
export function openProgram(account: Readonly<Record<string, string>> = {}): Program {
  const home = mkdtempSync(join(tmpdir(), 'todo-home-'))
  const env = { PATH: '/usr/bin:/bin', HOME: home, TZ: 'Europe/Berlin', TERM: 'xterm-256color', ...account }
  const start: Program['start'] = (words, ways) => running(process.execPath, [PROGRAM, ...words], env, ways)
  const runWith: Program['runWith'] = (ways, ...words) => start(words, ways).ended
  return {
    home,
    env,
    start,
    runWith,
    run: (...words) => runWith({ input: '' }, ...words),
    onTerminal: (columns, ways, ...words) => {
      const quoted = [process.execPath, PROGRAM, ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
      const inside = `stty cols ${columns}; exec ${quoted}`
      return running('script', ['-qefc', inside, '/dev/null'], env, ways)
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  }
}

function running(command: string, args: readonly string[], env: Program['env'], ways: Ways = {}): Running {
  const child = spawn(command, args, { env: { ...env, ...ways.env }, stdio: 'pipe' })
  const said = { out: '', err: '' }
  for (const name of ['out', 'err'] as const) {
    child[`std${name}`].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  }
  // A program that does not read its input may have ended.
  child.stdin.on('error', () => undefined)
  if (ways.input !== undefined) child.stdin.end(ways.input)
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, ...said })) // the type of node:child_process
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(said.out) && !pattern.test(said.err)) {
      const next = Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended.then(() => undefined)])
      if ((await next) === undefined && !pattern.test(said.out + said.err)) {
        throw new Error(`it ended before ${pattern}:\n${said.out}${said.err}`)
      }
    }
  }
  return { child, ended, until }
}

/** A new personal token of a user. */
export async function newToken(world: World, session: string, scopes = ['tasks:read', 'tasks:write']): Promise<string> {
  const { json } = await world.ask('POST', '/api/tokens', { token: session, body: { name: 'laptop', scopes } })
  return json.token
}
