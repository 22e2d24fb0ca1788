import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** The reason to skip tests that need a separate file system, for node:test's `skip`. */
export const needsMount = reasonAgainstMounting()

export interface SmallDisk extends Disposable {
  readonly at: string
}

/** A file system of this size in memory, in a new directory below the given one. */
export function mountSmallDisk(below: string, mebibytes: number): SmallDisk {
  const at = fs.mkdtempSync(path.join(below, 'disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', at], { stdio: 'pipe' })
  return {
    at,
    // Lazily, because files that are still open are closed a moment later.
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--lazy', at], { stdio: 'pipe' })
      fs.rmdirSync(at)
    },
  }
}

/** @param leftBytes bytes that stay free. @returns the file to remove to free the space again */
export function fillDisk(at: string, leftBytes = 0): string {
  const file = path.join(at, 'filler')
  const descriptor = fs.openSync(file, 'w')
  try {
    for (const block = Buffer.alloc(64 * 1024); ;) fs.writeSync(descriptor, block)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  } finally {
    fs.closeSync(descriptor)
  }
  if (leftBytes > 0) fs.truncateSync(file, fs.statSync(file).size - leftBytes)
  return file
}

function reasonAgainstMounting(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, to mount a small disk'
  const at = fs.mkdtempSync('/tmp/todo-mount-')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'pipe' })
    execFileSync('umount', [at], { stdio: 'pipe' })
    return false
  } catch {
    return 'needs the right to mount a small disk'
  } finally {
    fs.rmdirSync(at)
  }
}
