import type { FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'

const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/
/** The elements between commas, except commas in quotes. */
const ELEMENTS = /(?:"[^"]*"|[^,])+/g

/** The entity tag of a version: strong, because a version names one exact state. */
export const etag = (resource: { readonly version: number }): string => `"${resource.version}"`

/** Any version, one of these, or no condition. */
type EntityTags = 'any' | readonly string[] | undefined

/** Compressing proxies change `"1"`: nginx to `W/"1"`; Apache, Caddy and Jetty to `"1-gzip"`, `"1--gzip"` and `"1;gzip"`. */
const WEAK = /^W\//
const CODING_SUFFIX = /(?:--?|;)(?:gzip|br|zstd|deflate)"$/

export interface Expectation {
  /** The versions that satisfy it; null if any does. */
  readonly versions: readonly number[] | null
  /** @throws Problem precondition_failed (412) */
  check(this: void, current: { readonly version: number }): void
}

const VERSION = /^"([1-9]\d{0,9})"$/
/** The maximum of PostgreSQL's integer. */
const VERSION_MAX = 2 ** 31 - 1

/**
 * The condition of `If-Match`. An entity tag names a version of the resource and not the bytes of an answer, so a tag that a
 * compressing proxy has changed counts as the original. RFC 9110 §13.1.1 requires strong comparison, with which no conditional
 * write would succeed behind such a proxy.
 *
 * @param what the resource is called in the refusal
 * @throws Problem invalid_header (400) if the header is not a list of entity tags
 */
export function expectedVersion(request: FastifyRequest, what = 'task'): Expectation {
  return matching(entityTags('if-match', request.headers['if-match']), what)
}

/**
 * The condition of `If-Match` for a resource without versions, whose tag is a hash. The function that is returned compares it with the
 * current tag.
 *
 * @throws Problem invalid_header (400); from the function precondition_failed (412)
 */
export function expectedTag(request: FastifyRequest): (current: string) => void {
  const wanted = entityTags('if-match', request.headers['if-match'])
  return (current) => {
    if (wanted === undefined || wanted === 'any' || wanted.includes(current)) return
    throw new Problem(
      'precondition_failed',
      'The ETag that you named is not the current one: read again, then repeat',
      {
        headers: { etag: current },
      },
    )
  }
}

/** The same for the optional `ifVersion` of a body. */
export const ifVersion = (version: number | undefined): Expectation =>
  matching(version === undefined ? undefined : [etag({ version })])

function matching(wanted: EntityTags, what = 'task'): Expectation {
  const isAny = wanted === undefined || wanted === 'any'
  return {
    versions: isAny ? null : wanted.map(versionOf).filter((version) => version <= VERSION_MAX),
    check: (current) => {
      if (isAny || wanted.includes(etag(current))) return
      throw new Problem(
        'precondition_failed',
        `The ${what} is at version ${current.version}, which is not the one you named`,
        {
          headers: { etag: etag(current) },
          body: { currentVersion: current.version },
        },
      )
    },
  }
}

/** Infinity for a tag that is not a version of ours. */
const versionOf = (tag: string): number => Number(VERSION.exec(tag)?.[1] ?? Infinity)

/** Whether the client already has the current version (If-None-Match, RFC 9110 §13.1.2). */
export function isFresh(request: FastifyRequest, current: string): boolean {
  const known = entityTags('if-none-match', request.headers['if-none-match'])
  return known === 'any' || (known?.includes(current) ?? false)
}

/** The tags of `If-None-Match`, for a statement that compares them itself; `*` stands for any. */
export function knownTags(request: FastifyRequest): readonly string[] | null {
  const known = entityTags('if-none-match', request.headers['if-none-match'])
  return known === 'any' ? ['*'] : (known ?? null)
}

function entityTags(name: string, header: string | undefined): EntityTags {
  if (header === undefined) return undefined
  if (header.trim() === '*') return 'any'
  // Empty elements are ignored (RFC 9110 §5.6.1.2).
  const tags = (header.match(ELEMENTS) ?? []).map((element) => element.trim()).filter((element) => element !== '')
  if (tags.length === 0 || !tags.every((tag) => ENTITY_TAG.test(tag))) {
    throw new Problem('invalid_header', `${name} must be * or entity tags in double quotes, such as "3"`)
  }
  return tags.map(asSent)
}

/** The tag as this service sent it, before a compressing proxy changed it. */
const asSent = (tag: string): string => tag.replace(WEAK, '').replace(CODING_SUFFIX, '"')
