import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { makeDirectory } from '../../lib/directory.ts'
import { StartError } from '../../errors.ts'

/** An empty SQLite database. Its exclusive lock is the lock of the directory. */
const LOCK_FILE = 'owner.lock'
/** The process id of the owner, for the message of a process that is refused. Not part of the lock. */
const PID_FILE = 'owner.pid'

const PID_READ_ATTEMPTS = 10
const PID_READ_INTERVAL_MS = 20

/** SQLITE_BUSY: another connection, of this process or another one, holds the lock. */
const SQLITE_BUSY = 5

/**
 * Locks `directory` for this process. Creates the directory if it is missing, and restricts it to this user (0700). The lock is
 * held until it is disposed or the process ends in any way: SQLite uses the kernel's locks (fcntl), which belong to the process.
 * It does not keep the process alive. It holds for all paths of the directory, also across containers.
 *
 * @throws StartError if the directory is locked (also by this process) or cannot be used
 */
export async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  const home = path.resolve(directory)
  try {
    makeDirectory(home)
    fs.chmodSync(home, 0o700)
    return await lock(home)
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(
      `DATA_DIR (${home}) cannot be used because ${inWords(error)}: set it to a directory that this user may write to.`,
      { cause: error },
    )
  }
}

async function lock(home: string): Promise<AsyncDisposable> {
  // Fails with the code of the file system, whereas SQLite only reports that it cannot open a file. The lock file itself is
  // never opened here: closing a descriptor of it would release the lock that this process holds (fcntl(2), advisory locks).
  fs.accessSync(home, fs.constants.W_OK)
  const database = new DatabaseSync(path.join(home, LOCK_FILE), { timeout: 0 })
  const pidFile = path.join(home, PID_FILE)
  try {
    // Nothing is written, so it also works on a full disk.
    database.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) throw await inUse(home, pidFile)
    throw error
  }
  attempt(() => fs.writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 }))
  return {
    async [Symbol.asyncDispose]() {
      if (!database.isOpen) return
      attempt(() => fs.rmSync(pidFile, { force: true }))
      database.close()
    },
  }
}

function attempt(work: () => void): void {
  try {
    work()
  } catch {
    // The pid is only used in a message.
  }
}

async function inUse(home: string, pidFile: string): Promise<StartError> {
  const pid = await livingPid(pidFile)
  return new StartError(
    `The data directory ${home} is in use by another process${pid === undefined ? '' : ` (pid ${pid})`}: ` +
      'stop that one, set DATA_DIR to another directory, or set DATABASE_URL to share one PostgreSQL server.',
  )
}

/** The owner writes its pid just after it gets the lock, so this retries. Undefined if the owner runs in another container. */
async function livingPid(pidFile: string): Promise<number | undefined> {
  for (let attempts = 0; attempts < PID_READ_ATTEMPTS; attempts += 1) {
    let pid = 0
    attempt(() => (pid = Number(fs.readFileSync(pidFile, 'utf8'))))
    if (Number.isInteger(pid) && pid > 0 && isAlive(pid)) return pid
    await setTimeout(PID_READ_INTERVAL_MS)
  }
  return undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
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
}

function inWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error))
}
