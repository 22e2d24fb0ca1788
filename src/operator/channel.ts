import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import type { Deps } from '../deps.ts'
import { errorCode } from '../lib/file-errors.ts'
import { StartError } from '../errors.ts'
import { withSocketPath } from '../lib/socket-path.ts'
import type { Output } from './output.ts'

/*
 * Only one process can use the embedded database. So that `token` and `seed` work while the service runs, it executes them for clients
 * of a Unix socket in its data directory. Other users can access neither; root could read the files anyway.
 */

const SOCKET = 'operator.sock'
const WORDS_BYTES_MAX = 10_000
const WORDS_TIMEOUT_MS = 5_000

/** Messages are lines of JSON: first the command and its arguments, then its output. */
type Answer =
  | { readonly kind: 'line' | 'progress' | 'refused'; readonly text: string }
  /** The error is in the log of the service. */
  | { readonly kind: 'done' | 'failed' }

type ChannelDeps = Pick<Deps, 'config' | 'log' | 'db'>

/** Runs an operator's command in this process. @throws StartError with a message for the operator */
type Perform = (words: readonly string[], deps: ChannelDeps, output: Output) => Promise<void>

/** Accepts commands until disposed, in the process that owns the data directory. */
export async function openChannel(deps: ChannelDeps, perform: Perform): Promise<AsyncDisposable> {
  const { config } = deps
  const visitors = new Set<net.Socket>()
  const server = net.createServer((visitor) => {
    visitors.add(visitor)
    visitor.once('close', () => visitors.delete(visitor))
    // The client may disconnect; a command that was started is completed.
    visitor.on('error', () => undefined)
    void answer(visitor, deps, perform)
  })
  await withSocketPath(config.dataDir, SOCKET, async (path) => {
    // A killed process does not remove its socket.
    rmSync(path, { force: true })
    server.listen({ path, exclusive: true })
    await once(server, 'listening')
    // Until here only the mode of the directory kept other users out.
    chmodSync(path, 0o600)
  })
  server.unref()
  return {
    [Symbol.asyncDispose]: async () => {
      for (const visitor of visitors) visitor.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(join(config.dataDir, SOCKET), { force: true })
    },
  }
}

async function answer(visitor: net.Socket, deps: ChannelDeps, perform: Perform): Promise<void> {
  const say = (answer: Answer): void => void visitor.write(`${JSON.stringify(answer)}\n`)
  try {
    const words = await firstLine(visitor)
    if (words === undefined) return void visitor.destroy()
    await perform(words, deps, {
      line: (text) => say({ kind: 'line', text }),
      progress: (text) => say({ kind: 'progress', text }),
    })
    say({ kind: 'done' })
  } catch (error) {
    if (error instanceof StartError) say({ kind: 'refused', text: error.message })
    else {
      deps.log.error({ err: error }, 'a command of the operator failed')
      say({ kind: 'failed' })
    }
  }
  visitor.end()
}

/** Undefined if the client disconnects or times out before it has sent a command. */
async function firstLine(visitor: net.Socket): Promise<readonly string[] | undefined> {
  const timer = setTimeout(() => visitor.destroy(), WORDS_TIMEOUT_MS)
  let said = Buffer.alloc(0)
  try {
    for await (const chunk of visitor.iterator({ destroyOnReturn: false })) {
      said = Buffer.concat([said, chunk as Buffer])
      if (said.includes('\n') || said.length > WORDS_BYTES_MAX) break
    }
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
  if (said.length > WORDS_BYTES_MAX) throw new StartError(`a command has at most ${WORDS_BYTES_MAX} bytes`)
  // Sent by `ask` below, on this machine and in this version.
  return said.includes('\n') ? (JSON.parse(said.toString()) as string[]) : undefined
}

/**
 * Executes the command in the running service that owns the embedded database of this directory.
 *
 * @returns false if no such service is running
 * @throws StartError if the service refuses the command or cannot be reached
 */
export async function ask(dataDir: string, words: readonly string[], output: Output): Promise<boolean> {
  const service = await withSocketPath(dataDir, SOCKET, (path) => connected(path, dataDir))
  if (service === undefined) return false
  service.write(`${JSON.stringify(words)}\n`)
  for await (const answer of answersOf(service)) {
    switch (answer.kind) {
      case 'line':
        output.line(answer.text)
        break
      case 'progress':
        output.progress(answer.text)
        break
      case 'refused':
        throw new StartError(answer.text)
      case 'failed':
        throw new StartError('the command failed in the running service: see its log')
      case 'done':
        return true
    }
  }
  throw new StartError('the running service stopped before the command was done: run it again')
}

/** Messages until the last one, or until the service has ended in any way. */
async function* answersOf(service: net.Socket): AsyncGenerator<Answer, void> {
  let text = ''
  try {
    for await (const chunk of service.setEncoding('utf8')) {
      const lines = `${text}${chunk}`.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as Answer
    }
  } catch (error) {
    if (!['ECONNRESET', 'EPIPE'].includes(String(errorCode(error)))) throw error
  }
}

async function connected(path: string, dataDir: string): Promise<net.Socket | undefined> {
  const socket = net.connect(path)
  try {
    await once(socket, 'connect')
    return socket
  } catch (error) {
    const code = String(errorCode(error))
    if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(code)) return undefined
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    throw new StartError(
      `DATA_DIR (${dataDir}) belongs to another user: run this as the user that the service runs as, or as root`,
      { cause: error },
    )
  }
}
