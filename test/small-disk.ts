import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** Why a test that takes a file system of its own is skipped, for node:test's `skip`. */
export const needsMount = reasonAgainstMounting()

export interface SmallDisk extends Disposable {
  readonly at: string
}

/** A file system in memory with so much room, in a new directory below the given one. */
export function mountSmallDisk(below: string, mebibytes: number): SmallDisk {
  const at = fs.mkdtempSync(path.join(below, 'disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', at], { stdio: 'pipe' })
  return {
    at,
    // Lazily: what is still open there is closed a moment later.
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--lazy', at], { stdio: 'pipe' })
      fs.rmdirSync(at)
    },
  }
}

/** @param leftBytes what stays free. @returns the file to remove to make room again */
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
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'takes root on Linux, who may mount a small disk'
  const at = fs.mkdtempSync('/tmp/todo-mount-')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'pipe' })
    execFileSync('umount', [at], { stdio: 'pipe' })
    return false
  } catch {
    return 'takes a root who may mount a small disk; this one may not'
  } finally {
    fs.rmdirSync(at)
  }
}
