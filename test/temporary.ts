import { chmodSync, mkdtempSync, readFileSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * The directory for the temporary files of tests: in memory, where there is room for them, else that of the system. Tests create and
 * delete hundreds of databases, of some hundred files each. ext4 does not use an inode again for minutes after its file was deleted,
 * and passes over all of these when it looks for a free one: that took a sixth of the CPU time of the first tier.
 *
 * As a command, for the scripts of CI, it creates a directory and prints its path.
 */

const MEMORY = '/dev/shm'
/** The second tier, which packs and installs the project, uses 0.7 GB. */
const REQUIRED_BYTES = 2 * 2 ** 30

/** Creates a directory below the one that TMPDIR names or, if it names none, in memory. */
export function makeTemporaryDirectory(): string {
  const parent = process.env['TMPDIR'] === undefined && isMemoryUsable() ? MEMORY : tmpdir()
  const directory = mkdtempSync(join(parent, 'todo-tests-'))
  // The account of a server has its data there.
  chmodSync(directory, 0o755)
  return directory
}

/** In containers it is small, and no program may be executed there. */
function isMemoryUsable(): boolean {
  if (process.platform !== 'linux') return false
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, path]) => path === MEMORY)
  const options = mount?.[3]?.split(',')
  if (options?.includes('rw') !== true || options.includes('noexec')) return false
  const { bavail, bsize } = statfsSync(MEMORY)
  return Math.min(bavail * bsize, process.availableMemory()) >= REQUIRED_BYTES
}

if (import.meta.main) process.stdout.write(`${makeTemporaryDirectory()}\n`)
