import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { answerOf, listingOf, readQuery, repeated, type Query, type TaskQuery } from './query.ts'

/** A query, and what is made of it for each request. */
export interface Understood {
  readonly query: Query
  /** The hash of its {@link answerOf}. */
  readonly answerHash: string
  /** See {@link listingOf}. */
  readonly listing: string
  /** See {@link repeated}. */
  readonly repeated: string
}

/** The number of texts of queries whose meaning is remembered, and the length of the longest of them. */
const TEXTS_MAX = 1_000
const TEXT_LENGTH_MAX = 200

/**
 * Reads queries, and remembers what frequent ones mean: programs ask for the same lists repeatedly. A query without a cursor depends on
 * its text and on `X-Timezone` alone.
 */
export function openQueries(
  hashOf: (answer: string) => string,
): (request: Pick<FastifyRequest, 'url' | 'headers'>, given: TaskQuery) => Understood {
  const known = new LRUCache<string, Understood>({ max: TEXTS_MAX })
  return ({ url, headers }, given) => {
    const zone = headers['x-timezone']
    const text = `${url.slice(url.indexOf('?') + 1)} ${String(zone ?? '')}`
    const isKept = given.cursor === undefined && text.length <= TEXT_LENGTH_MAX
    const before = isKept ? known.get(text) : undefined
    if (before !== undefined) return before
    const query = readQuery(given, typeof zone === 'string' ? zone : undefined)
    const understood = {
      query,
      answerHash: hashOf(answerOf(query, given.cursor)),
      listing: listingOf(query),
      repeated: repeated(given, query),
    }
    if (isKept) known.set(text, understood)
    return understood
  }
}
