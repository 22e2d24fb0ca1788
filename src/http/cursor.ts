import { createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '../errors.ts'
import type { Secret } from '../lib/secret.ts'

const TAG_BYTES = 16

/**
 * Positions in a list, opaque to the caller. The tag binds a cursor to its user and its list, so that a foreign, altered
 * or home-made one is told apart from one that merely points at nothing.
 */
export interface Cursors {
  seal(userId: string, list: string, position: readonly string[]): string
  /** @throws Problem invalid_cursor (400) */
  open(userId: string, list: string, cursor: string): readonly string[]
}

/**
 * Any process with the same secrets understands the cursors of the others, also after a restart. The first secret is the
 * one in use.
 */
export function openCursors([secret]: readonly Secret[]): Cursors {
  if (secret === undefined) throw new Error('cursors take a secret')
  const key = createHmac('sha256', secret.reveal()).update('todo-backend cursor v1').digest()
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
      // Compared as written: base64 decodes more than one text to the same bytes.
      const given = Buffer.from(tag)
      const expected = Buffer.from(tagOf(userId, list, payload))
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new Problem('invalid_cursor', 'The cursor is malformed or was not made for you')
      }
      // What carries our tag is what we wrote.
      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as string[]
    },
  }
}

/** How an answer leads to the next page. @param url of the list, with the parameters that it was asked with */
export const nextPageHeaders = (url: string, cursor: string): Readonly<Record<string, string>> => ({
  'x-next-cursor': cursor,
  link: `<${url}&cursor=${cursor}>; rel="next"`,
})
