import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from './file-errors.ts'

/**
 * Creates a directory for its owner only. An existing one is not changed: it may be shared, such as /tmp. Creates parents one by
 * one, because Node's `recursive` option never ends if a parent exists that allows no children, as in /proc.
 */
export function makeDirectory(directory: string): void {
  if (existsSync(directory) && statSync(directory).isDirectory()) return
  const parent = dirname(directory)
  if (parent !== directory && !existsSync(parent)) makeDirectory(parent)
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    // Another process may have created it meanwhile.
    if (errorCode(error) !== 'EEXIST' || !statSync(directory).isDirectory()) throw error
  }
}
