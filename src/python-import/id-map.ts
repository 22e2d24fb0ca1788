import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { fileErrorReason } from '../lib/file-errors.ts'
import { StartError } from '../errors.ts'

const HEADER = 'user_id,old_id,new_id\n'

export interface IdPair {
  readonly userId: string
  readonly oldId: string
  readonly newId: string
}

/** A CSV file of old and new ids. Listed rows were committed, so a repeated run skips them. */
export interface IdMap extends Disposable {
  /** Whether an earlier run imported the row. It is not imported again, even if it was deleted since. */
  has(newId: string): boolean
  /** To be called after the commit. Returns when the line is on disk. */
  add(pairs: readonly IdPair[]): void
}

/**
 * @param readOnly for a dry run, which writes no file
 * @throws StartError if the file is not such a map or cannot be written
 */
export function openIdMap(path: string, readOnly: boolean): IdMap {
  try {
    const known = existsSync(path) ? readMap(path, readOnly) : undefined
    if (readOnly)
      return { has: (id) => known?.has(id) ?? false, add: () => undefined, [Symbol.dispose]: () => undefined }
    const file = openSync(path, known === undefined ? 'wx' : 'a', 0o600)
    if (known === undefined || known.size === 0) append(file, known === undefined ? HEADER : '')
    return {
      has: (id) => known?.has(id) ?? false,
      add: (pairs) =>
        append(file, pairs.map((each) => `${[each.userId, each.oldId, each.newId].map(field).join(',')}\n`).join('')),
      [Symbol.dispose]: () => closeSync(file),
    }
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(`cannot use ${path} for the map of ids: ${fileErrorReason(error)}`, { cause: error })
  }
}

/** The new ids. A line that a crash truncated is removed. */
function readMap(path: string, readOnly: boolean): ReadonlySet<string> {
  const text = readFileSync(path, 'utf8')
  if (!text.startsWith(HEADER)) {
    throw new StartError(`${path} exists and is not a map of ids: set another file with --map`)
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length && !readOnly) truncateSync(path, Buffer.byteLength(whole))
  return new Set(
    whole
      .split('\n')
      .slice(1, -1)
      .map((line) => line.slice(line.lastIndexOf(',') + 1)),
  )
}

function append(file: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
  fsyncSync(file)
}

/** RFC 4180. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
