import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { answerOf, readQuery, type Query, type TaskQuery } from './query.ts'

/** A query, and its {@link answerOf} without a cursor. */
export interface Understood {
  readonly query: Query
  readonly answer: string
}

/** The number of texts of queries whose meaning is remembered, and the length of the longest of them. */
const TEXTS_MAX = 1_000
const TEXT_LENGTH_MAX = 200

/**
 * Reads queries, and remembers what frequent ones mean: programs ask for the same lists repeatedly. A query without a cursor depends on
 * its text and on `X-Timezone` alone.
 */
export function openQueries(): (request: Pick<FastifyRequest, 'url' | 'headers'>, given: TaskQuery) => Understood {
  const known = new LRUCache<string, Understood>({ max: TEXTS_MAX })
  return ({ url, headers }, given) => {
    const zone = headers['x-timezone']
    const text = `${url.slice(url.indexOf('?') + 1)} ${String(zone ?? '')}`
    const isKept = given.cursor === undefined && text.length <= TEXT_LENGTH_MAX
    const before = isKept ? known.get(text) : undefined
    if (before !== undefined) return before
    const query = readQuery(given, typeof zone === 'string' ? zone : undefined)
    const understood = { query, answer: answerOf(query, given.cursor) }
    if (isKept) known.set(text, understood)
    return understood
  }
}
