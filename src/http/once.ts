import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OnceOnly } from '../db/idempotency.ts'
import { Problem } from '../errors.ts'
import { canonicalJson } from '../lib/json.ts'

/** A string of RFC 8941 (§3.3.3), as the draft has it, and what most clients send: the same without quotes. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/
const BARE = /^[!#-~][ -~]*$/
const KEY_LENGTH_MAX = 255

/**
 * What `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) makes of the request, for `asUser`; undefined without
 * the header. Path and body count as what they say and not as how they are written: ids in paths have no case.
 *
 * @throws Problem invalid_header (400) when the header is no key
 */
export function once(request: FastifyRequest, reply: FastifyReply): OnceOnly | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  return {
    key: keyOf(header),
    fingerprint: fingerprintOf(request),
    onReplay: () => {
      void reply.header('idempotency-replayed', 'true')
      request.server.observer.replayed()
    },
  }
}

function keyOf(header: string | string[]): string {
  const text = String(header)
  const key = QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1') ?? (BARE.test(text) ? text : '')
  if (key === '' || key.length > KEY_LENGTH_MAX) {
    throw new Problem(
      'invalid_header',
      `idempotency-key must be 1 to ${KEY_LENGTH_MAX} printable ASCII characters, bare or as a string in double quotes`,
    )
  }
  return key
}

function fingerprintOf({ method, routeOptions, params, headers, body }: FastifyRequest): Buffer {
  const named = Object.values(params ?? {}).map((value) => String(value).toLowerCase())
  // No route that writes has a query, and of the headers only this one changes what it means.
  return createHash('sha256')
    .update(canonicalJson([method, routeOptions.url, named, headers['if-match'], body]))
    .digest()
}
