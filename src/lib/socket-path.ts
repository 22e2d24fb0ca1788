import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** `sun_path` has 108 bytes on Linux and 104 on macOS, including the terminator. */
const MAX_SOCKET_PATH_BYTES = 103

/** Calls `use` with a path of the Unix socket that is short enough, if necessary through a temporary symbolic link to `directory`. */
export async function withSocketPath<T>(
  directory: string,
  name: string,
  use: (socketPath: string) => Promise<T>,
): Promise<T> {
  const direct = path.join(directory, name)
  if (Buffer.byteLength(direct) <= MAX_SOCKET_PATH_BYTES) return use(direct)
  const link = path.join(tmpdir(), `td-${randomBytes(6).toString('base64url')}`)
  fs.symlinkSync(directory, link)
  try {
    return await use(path.join(link, name))
  } finally {
    fs.unlinkSync(link)
  }
}
