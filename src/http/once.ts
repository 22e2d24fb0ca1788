import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OnceOnly } from '../db/idempotency.ts'
import { Problem } from '../errors.ts'
import { canonicalJson } from '../lib/json.ts'
import { DRY_RUN } from './dry-run.ts'
import { routeOf } from './route.ts'

/** A string of RFC 8941 §3.3.3, as the draft requires, or the same without quotes, as most clients send it. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/
const BARE = /^[!#-~][ -~]*$/
const KEY_LENGTH_MAX = 255

/**
 * The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header), for `asUser`; undefined without the header.
 * Requests are compared by the parsed path, query and body, not by their text: ids in paths are case-insensitive.
 *
 * @throws Problem invalid_header (400) if the header is malformed
 */
export function once(request: FastifyRequest, reply: FastifyReply): OnceOnly | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  return {
    key: keyOf(header),
    fingerprints: fingerprintsOf(request),
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

/**
 * The fingerprint of a request in each version of its definition. When the definition changes, a new element is added at the end and
 * the others stay, or keys stored before an upgrade would count as used for other requests. An element may be removed 24 hours
 * after the upgrade, when no key of its version is left; its place stays empty.
 */
function fingerprintsOf(request: FastifyRequest): [Buffer, Buffer] {
  const { method, params, query, headers, body } = request
  const ids = Object.values(params ?? {}).map((value) => String(value).toLowerCase())
  const { url = '' } = routeOf(request)
  const ifMatch = headers['if-match']
  // A dry run with a key answers what the request without `dryRun` would get.
  const { [DRY_RUN]: _, ...parameters } = Object(query)
  // In that version no writing route had a query.
  const hadQuery = Object.keys(parameters).length > 0 ? [parameters] : []
  return [
    sha256([method, url, ids, ifMatch, body, ...hadQuery]),
    // Parameter names of a route are internal. A tag that a proxy made weak is the same tag.
    sha256([method, url.replace(/:\w+/g, ':'), ids, parameters, ifMatch?.replace(/W\//g, ''), body]),
  ]
}

const sha256 = (value: unknown): Buffer => createHash('sha256').update(canonicalJson(value)).digest()
