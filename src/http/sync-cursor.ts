import { hash } from 'node:crypto'
import type { LogPosition } from '../db/change-log.ts'
import { Problem } from '../errors.ts'
import { isLowerCaseUuid } from '../lib/uuid.ts'
import { DETAILS } from '../problems.ts'

/** How far a client has followed the changes of its user. */
export interface SyncPosition {
  /** The client has all changes up to this seq; during an initial load, those it will have when it has ended. */
  readonly seq: number
  /** The newest entry that the log had at that time. The states that the client has are at most as new. */
  readonly head: LogPosition
  /** During an initial load: the id of the last entity that was read. */
  readonly loadedTo?: string | undefined
}

/** Of a client that has everything up to now. */
export const positionAt = (head: LogPosition): SyncPosition => ({ seq: head.seq, head })

/** More than clients' int32 can hold: a generated client needs an int64. */
export const SEQ_MAX = Number.MAX_SAFE_INTEGER
/** Nine bytes of the hash. */
const TAG_CHARS = 12
/** Of a sync cursor, in a body. */
export const CURSOR_CHARS_MAX = 300
/** seq, the rest and its tag, each in characters that need no quoting in a URL or header. */
const FORM = /^(\d{1,16})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/

/**
 * The cursor of a position. It begins with the seq up to which the client has all changes (0 during an initial load) and a dot; the
 * rest is opaque. It contains a hash and no secret: a client that makes a cursor up only reads its own changes from elsewhere, so
 * cursors need not end when a secret is replaced. The hash, over the user too, refuses a cursor that was altered or is another user's.
 */
export function syncCursor(userId: string, { seq, head, loadedTo }: SyncPosition): string {
  const parts = loadedTo === undefined ? [head.seq, head.changeId] : [head.seq, head.changeId, seq, loadedTo]
  const text = `${loadedTo === undefined ? seq : 0}.${Buffer.from(JSON.stringify(parts)).toString('base64url')}`
  return `${text}.${tagOf(userId, text)}`
}

const tagOf = (userId: string, text: string): string =>
  hash('sha256', JSON.stringify(['todo-backend sync v1', userId, text]), 'base64url').slice(0, TAG_CHARS)

/** @throws Problem invalid_cursor (400) */
export function readSyncCursor(userId: string, cursor: string): SyncPosition {
  const [, seq = '', payload = '', tag = ''] = (cursor.length <= CURSOR_CHARS_MAX && FORM.exec(cursor)) || []
  if (tag === '' || tag !== tagOf(userId, `${seq}.${payload}`)) {
    throw new Problem('invalid_cursor', DETAILS.invalid_cursor)
  }
  const [headSeq, changeId, followFrom = Number(seq), loadedTo] = partsOf(payload)
  return { seq: followFrom, head: { seq: headSeq, changeId }, loadedTo }
}

type Parts = readonly [headSeq: number, changeId: string, followFrom?: number, loadedTo?: string]

/** The tag contains no secret, so what it was computed over is checked like any input. */
function partsOf(payload: string): Parts {
  const isSeq = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
  const isId = (value: unknown): boolean => typeof value === 'string' && isLowerCaseUuid(value)
  try {
    const parts: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (Array.isArray(parts) && isSeq(parts[0]) && isId(parts[1])) {
      const isLoad = parts.length === 4 && isSeq(parts[2]) && isId(parts[3])
      // Its members were checked one by one.
      if (parts.length === 2 || isLoad) return parts as unknown as Parts
    }
  } catch {
    // Refused below.
  }
  throw new Problem('invalid_cursor', DETAILS.invalid_cursor)
}
