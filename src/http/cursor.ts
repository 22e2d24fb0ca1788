import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Step, UserSql } from '../db/sql.ts'
import { Problem } from '../errors.ts'
import { DETAILS } from '../problems.ts'
import { derivedKey } from '../lib/derived-key.ts'
import type { Secret } from '../lib/secret.ts'
import type { Links } from './links.ts'

const TAG_BYTES = 16

/**
 * Positions in a list, opaque to the caller. An HMAC tag binds a cursor to its user and list, so that one of another user, or one
 * that was altered or made up, is refused.
 */
export interface Cursors {
  seal(userId: string, list: string, position: readonly string[]): string
  /** @throws Problem invalid_cursor (400) */
  open(userId: string, list: string, cursor: string): readonly string[]
}

/**
 * Processes with the same secrets accept one another's cursors, also after a restart. The first secret is used.
 */
export function openCursors([secret]: readonly Secret[]): Cursors {
  if (secret === undefined) throw new Error('cursors need a secret')
  const key = derivedKey(secret, 'todo-backend cursor v1')
  const tagOf = (userId: string, list: string, payload: string): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([userId, list, payload]))
      .digest()
      .subarray(0, TAG_BYTES)
      .toString('base64url')

  return {
    seal(userId, list, position) {
      const payload = Buffer.from(JSON.stringify(position)).toString('base64url')
      return `${payload}.${tagOf(userId, list, payload)}`
    },
    open(userId, list, cursor) {
      const [payload = '', tag = '', ...rest] = cursor.split('.')
      // Compared as text: different base64 texts decode to the same bytes.
      const given = Buffer.from(tag)
      const expected = Buffer.from(tagOf(userId, list, payload))
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new Problem('invalid_cursor', DETAILS.invalid_cursor)
      }
      // The tag is valid, so the payload is one that `seal` wrote.
      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as string[]
    },
  }
}

/**
 * The work that reads the page at a cursor, for `asUser`. The first page is one step. A later one is read once the user is known, to whom
 * its cursor belongs; the work then throws Problem invalid_cursor (400) for another's.
 *
 * @param page the step that reads the page after a position
 */
export const pageAt = <T>(
  { cursors, cursor, list }: PageCursor,
  page: (after: readonly string[] | undefined) => Step<T>,
): Step<T> | ((sql: UserSql) => Promise<T>) =>
  cursor === undefined ? page(undefined) : (sql) => sql.run(page(cursors.open(sql.userId, list(), cursor)))

export interface PageCursor {
  readonly cursors: Cursors
  /** As the client sent it; undefined for the first page. */
  readonly cursor: string | undefined
  /** The list to which the cursor must belong. Called for a later page alone. */
  list(this: void): string
}

/** Headers with the next page. @param path of the list, with the parameters of the request */
export const nextPageHeaders = (links: Links, path: string, cursor: string): Readonly<Record<string, string>> => ({
  'x-next-cursor': cursor,
  link: `<${links.to(path)}&cursor=${cursor}>; rel="next"`,
})
