import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeDirectory } from '../development-secrets.ts'
import { StartError } from '../errors.ts'

/*
 * The owner of a directory is the process that answers on the one socket in `<directory>/owner/`. The kernel closes the
 * socket with the process, however that ends, so a lock cannot outlive its owner and nobody guesses about process ids.
 *
 * Why there are never two owners, with any number of contenders stopped and resumed at any point:
 *
 * 1. A contender first listens, in a directory of its own, and then renames that directory to `owner`. rename(2) of a
 *    directory is one atomic step that succeeds only onto nothing or onto an *empty* directory: the kernel lets one in.
 * 2. A socket in `owner` was therefore listening before it could be seen there, and its name is never used again. If it
 *    refuses a connection it is dead for good, and removing *that name* cannot hit a lock taken meanwhile.
 *    (With one fixed name it could: two find the old socket dead, one replaces it, the other removes the new one.)
 * 3. The socket of a living owner answers, even if its process is busy or suspended, because the kernel accepts for it.
 *    So nobody removes it, so `owner` is not empty, so nobody else gets in.
 *
 * Killed before its rename, a contender leaves its `own-…` directory behind, which means nothing to anybody.
 *
 * The socket lives in the directory itself and not in a temporary one: processes with another TMPDIR, user or container
 * that share the directory share the lock. A file system that holds no sockets is refused in words. Not for Windows.
 */

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, terminator included. */
const MAX_SOCKET_PATH_BYTES = 103

/** Every failed attempt means that another contender got in and died; this many in a row are no accident. */
const MAX_ATTEMPTS = 100

/**
 * Makes this process the single owner of `directory`, which is created if need be and closed to other users (0700).
 * Held until disposed or until the process ends; it does not keep the process alive. Throws `StartError` where the
 * directory has an owner (this very process counts) or cannot be used.
 */
export async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  const home = path.resolve(directory)
  try {
    makeDirectory(home)
    fs.chmodSync(home, 0o700)
    return await withShortPath(home, (short) => contend(home, short))
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(
      `DATA_DIR (${home}) cannot be used because ${inWords(error)}: set it to a directory that this user may write to.`,
      { cause: error },
    )
  }
}

async function contend(home: string, short: string): Promise<AsyncDisposable> {
  const id = `${process.pid}-${randomBytes(6).toString('base64url')}`
  const candidate = path.join(short, `own-${id}`)
  const owner = path.join(short, 'owner')
  fs.mkdirSync(candidate, { mode: 0o700 })
  let server: net.Server | undefined
  try {
    server = await listen(path.join(candidate, id))
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (renamedOnto(candidate, owner)) return held(server, path.join(home, 'owner', id))
      for (const socket of namesIn(owner)) {
        if (await answers(path.join(owner, socket))) throw inUse(home, socket)
        fs.rmSync(path.join(owner, socket), { force: true })
      }
    }
    throw inUse(home)
  } catch (error) {
    server?.close()
    fs.rmSync(candidate, { recursive: true, force: true })
    throw error
  }
}

function held(server: net.Server, socketPath: string): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      if (!server.listening) return
      fs.rmSync(socketPath, { force: true })
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listen(socketPath: string): Promise<net.Server> {
  const server = net.createServer((visitor) => visitor.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // exclusive: in a cluster the socket would otherwise belong to the primary and outlive this worker.
    server.listen({ path: socketPath, exclusive: true }, () => {
      server.off('error', reject)
      // A visitor that could not be accepted (no file descriptors left) has its answer already; nothing is wrong here.
      server.on('error', () => {})
      resolve(server.unref())
    })
  })
}

/** False where `target` is held by somebody: alive or dead, there is a socket in it. */
function renamedOnto(candidate: string, target: string): boolean {
  try {
    fs.renameSync(candidate, target)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Whether a living process holds the socket. Only a clear refusal counts as dead; anything unclear is an error. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = net.connect(socketPath, () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', (error) => {
      const code = codeOf(error)
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false)
      // The queue of an owner that is busy or suspended is full.
      else if (code === 'EAGAIN') resolve(true)
      // It lived, and ended before it took the call: now it is gone.
      else if (code === 'ECONNRESET') resolve(answers(socketPath))
      else reject(error)
    })
  })
}

/** Runs `use` with a path to `directory` under which a socket path fits, if need be through a symbolic link. */
export async function withShortPath<T>(directory: string, use: (short: string) => Promise<T>): Promise<T> {
  const longest = path.join(directory, `own-4194304-12345678`, `4194304-12345678`)
  if (Buffer.byteLength(longest) <= MAX_SOCKET_PATH_BYTES) return use(directory)
  const link = path.join(tmpdir(), `td-${randomBytes(6).toString('base64url')}`)
  fs.symlinkSync(directory, link)
  try {
    return await use(link)
  } finally {
    fs.unlinkSync(link)
  }
}

function inUse(home: string, socket = ''): StartError {
  const pid = /^\d+/.exec(socket)?.[0]
  return new StartError(
    `The data directory ${home} is in use by another process${pid === undefined ? '' : ` (pid ${pid})`}: ` +
      'stop that one, set DATA_DIR to another directory, or set DATABASE_URL to share one PostgreSQL server.',
  )
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'it belongs to another user',
  EROFS: 'its file system is read-only',
  EEXIST: 'it is a file',
  ENOTDIR: 'a part of its path is a file',
  ENOENT: 'it cannot be created there',
  ENOSPC: 'no space is left on its file system',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'its path is too long',
  ENOTSUP: 'its file system cannot hold a Unix socket',
  EOPNOTSUPP: 'its file system cannot hold a Unix socket',
}

function inWords(error: unknown): string {
  return REASONS[codeOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error))
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
