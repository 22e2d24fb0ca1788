import { getSystemErrorMessage } from 'node:util'

/** The code of an error of Node or the operating system, such as `ENOENT`. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** The operating system's message, such as `permission denied`. */
export function fileErrorReason(error: unknown): string {
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') {
    return getSystemErrorMessage(error.errno) ?? error.message
  }
  return error instanceof Error ? error.message : String(error)
}
