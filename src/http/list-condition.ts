import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ListCondition, ListState } from '../db/list-tag.ts'
import { VERSION } from '../lib/version.ts'
import { knownTags } from './conditional.ts'
import type { Cursors } from './cursor.ts'
import { loggedHeaders } from './logged.ts'

/**
 * Hashes everything in a request for a list, and in the service, that its answer depends on.
 *
 * @param url of the route
 * @param query every parameter on which the answer depends, in a canonical form
 */
export type AnswerHash = (url: string, query: readonly unknown[]) => string

export function openAnswerHash(cursors: Cursors): AnswerHash {
  // Another version may answer in another format. Another secret makes other cursors: a client that kept an earlier answer would keep a
  // cursor that is refused.
  const ofService = [VERSION, cursors.seal('', 'list tags', [])]
  return (url, query) => hash('sha256', JSON.stringify([...ofService, url, ...query]), 'base64url')
}

/**
 * The condition of a request for a list.
 *
 * @throws Problem invalid_header (400)
 */
export const conditionOf = (request: FastifyRequest, answerHash: string): ListCondition => ({
  request: answerHash,
  known: knownTags(request),
})

/** Sets the headers of a list's answer, and its status 304 where the client has the list. @returns whether it has */
export function answersUnchanged(reply: FastifyReply, list: ListState & { readonly userId: string }): boolean {
  void reply.headers({ etag: list.etag, ...loggedHeaders(list) })
  if (list.isKnown) void reply.code(304)
  return list.isKnown
}

/** For the `headers` of a list's route. */
export const KNOWN_LIST = {
  'if-none-match': Type.Optional(
    Type.String({
      description:
        'ETags of earlier answers: if nothing has changed since one of them, the answer is 304 without a body',
    }),
  ),
}

/** For the `headers` of a list's answer in the OpenAPI document. */
export const LIST_ETAG = {
  ETag: {
    type: 'string',
    maxLength: 64,
    description:
      'Names this answer, for If-None-Match. It changes with every change of anything that you have, with another query, and when time passes a bound of the query',
  },
}
