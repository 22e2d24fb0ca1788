import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

export type Command = readonly [program: string, ...args: string[]]

export interface Execution {
  /** Null where a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  /** What it printed to stdout and stderr, in the order of arrival. */
  readonly output: string
  /** Whether it was killed because its time was over. */
  readonly isLate: boolean
}

/**
 * Runs a command to its end. When the limit is reached, and when this process ends, the command and all processes that it started are killed.
 *
 * @throws Error when there is no such program
 */
export async function execute(
  [program, ...args]: Command,
  cwd: string,
  limitMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Execution> {
  const child = spawn(program, args, {
    cwd,
    // openapi-python-client looks for its formatter in PATH.
    env: { ...process.env, PATH: `${join(cwd, 'venv', 'bin')}${delimiter}${process.env['PATH']}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: compilers start further processes, which would survive it and hold its pipes open.
    detached: true,
  })
  const killGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    killGroup()
  }, limitMs)
  process.once('exit', killGroup)
  let stdout = ''
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { status, stdout, output, isLate }
  } finally {
    clearTimeout(late)
    process.off('exit', killGroup)
  }
}
