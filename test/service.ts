import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { askAt, type Answer, type Asking } from './world.ts'

const COMMAND = fileURLToPath(new URL('../bin/todo-backend.mjs', import.meta.url))
const START_MS = 60_000
const PRELOADED = ['die-before-answering.ts', 'die-with-parent.ts'].map((file) => new URL(file, import.meta.url).href)

/** The service as a separate process, which a request with the header `x-die-before-answering` kills. */
export interface Service extends AsyncDisposable {
  readonly url: string
  /** The signal that ended the process, after its end. */
  readonly ended: Promise<NodeJS.Signals | null>
  /** The exit status after its end; null if a signal ended it. */
  readonly status: Promise<number | null>
  /** The end of its output so far. */
  output(): string
  /** Kills it with SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>
  ask(method: string, path: string, asking?: Asking): Promise<Answer>
  signUp(): Promise<{ readonly token: string }>
}

/**
 * @param env must contain DATA_DIR, where its secrets are
 * @param preloaded the URL of an additional module that the process loads first
 * @param command the program, by default that of this directory
 */
export async function startService(
  env: Readonly<Record<string, string>>,
  preloaded?: string,
  command = COMMAND,
): Promise<Service> {
  const imports = [...PRELOADED, ...(preloaded === undefined ? [] : [preloaded])].flatMap((url) => ['--import', url])
  const child = spawn(process.execPath, [...imports, command], {
    cwd: env['DATA_DIR'],
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      LOG_LEVEL: 'error',
      RATE_LIMIT_READ: '1000000',
      RATE_LIMIT_WRITE: '1000000',
      ...env,
    },
    // With a channel, which is closed when this process ends.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let said = ''
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> // the type of node:child_process
  const ended = closed.then(([, signal]) => signal)
  const listening = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-20_000)
        const [, url] = /todo-backend is at (\S+)/.exec(said) ?? []
        if (url !== undefined) resolve(url)
      })
    }
    void ended.then((signal) =>
      reject(
        new Error(`the service ended (${signal}) before it listened, for which it had ${START_MS / 1000} s:\n${said}`),
      ),
    )
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS)
  const url = await listening.finally(() => clearTimeout(late))
  const ask = (method: string, path: string, asking?: Asking): Promise<Answer> => askAt(url, method, path, asking)
  return {
    url,
    ended,
    status: closed.then(([status]) => status),
    output: () => said,
    kill,
    ask,
    signUp: async () => {
      const body = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' }
      return (await ask('POST', '/api/auth/sign-up/email', { body })).json
    },
    [Symbol.asyncDispose]: kill,
  }
}
