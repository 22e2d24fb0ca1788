import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import type { Deps } from '../deps.ts'
import { errorCode } from '../config/development-secrets.ts'
import { StartError } from '../errors.ts'
import { withSocketPath } from '../lib/socket-path.ts'
import type { Output } from './output.ts'

/*
 * The embedded database has one process. So that `token` and `seed` work while the service runs, it does them for whoever can
 * reach a socket in its data directory. Both are closed to other users; root, who is not kept out, can as well read the files.
 */

const SOCKET = 'operator.sock'
const WORDS_BYTES_MAX = 10_000
const WORDS_TIMEOUT_MS = 5_000

/** One line of JSON each: first the command's words, then what comes of it. */
type Answer =
  | { readonly kind: 'line' | 'progress' | 'refused'; readonly text: string }
  /** What went wrong is in the log of the service. */
  | { readonly kind: 'done' | 'failed' }

type ChannelDeps = Pick<Deps, 'config' | 'log' | 'db'>

/** Runs a command of the operator in this process. @throws StartError with a message for the operator */
type Perform = (words: readonly string[], deps: ChannelDeps, output: Output) => Promise<void>

/** Takes commands until disposed, in the process that owns the data directory. */
export async function openChannel(deps: ChannelDeps, perform: Perform): Promise<AsyncDisposable> {
  const { config } = deps
  const visitors = new Set<net.Socket>()
  const server = net.createServer((visitor) => {
    visitors.add(visitor)
    visitor.once('close', () => visitors.delete(visitor))
    // Whoever asked may leave; what was begun is done.
    visitor.on('error', () => undefined)
    void answer(visitor, deps, perform)
  })
  await withSocketPath(config.dataDir, SOCKET, async (path) => {
    // A process that was killed leaves its socket behind.
    rmSync(path, { force: true })
    server.listen({ path, exclusive: true })
    await once(server, 'listening')
    // Until now only the directory's mode kept other users out.
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

/** Undefined of one who leaves, or takes too long, before it has said anything. */
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
  // From `ask` below, on this machine and of this version.
  return said.includes('\n') ? (JSON.parse(said.toString()) as string[]) : undefined
}

/**
 * Has the service do the command that keeps the embedded database of this directory open.
 *
 * @returns false where there is none
 * @throws StartError what it refuses, and what keeps it from being asked
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
        throw new StartError('the running service could not do it: its log says why')
      case 'done':
        return true
    }
  }
  throw new StartError('the running service stopped before it was done: run it again')
}

/** Until the last one, or until the service has gone, however it went. */
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
