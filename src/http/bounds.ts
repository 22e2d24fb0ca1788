import { REQUEST_ID_LENGTH_MAX } from './wire.ts'

/**
 * Limits that the OpenAPI document states of values that belong to HTTP and to no feature, for client generators and code that allocates
 * memory. They are enforced by other means (a format, the size of the headers), so validators do not check them. The schemas of
 * features state their own limits.
 */

const INT32_MAX = 2_147_483_647
/** All headers together have at most this size, so each of them does. */
const HEADER_LENGTH_MAX = 16 * 1024

const LENGTH_OF_FORMAT: Readonly<Record<string, number>> = {
  uuid: 36,
  date: 10,
  'date-time': 64,
  due: 64,
  'time-zone': 64,
}

/** Maximum length in characters, by the name of the parameter or header. */
const LENGTH_OF: Readonly<Record<string, number>> = {
  cursor: 2048,
  code: 64,
  timezone: 64,
  'x-timezone': 64,
  'if-match': HEADER_LENGTH_MAX,
  'if-none-match': HEADER_LENGTH_MAX,
  'idempotency-key': 257,
  'last-event-id': 2048,
  'Dry-Run': 4,
  'Idempotency-Replayed': 4,
  'X-Request-Id': REQUEST_ID_LENGTH_MAX,
  'X-Next-Cursor': 2048,
  'X-Sync-Cursor': 300,
  'Set-Auth-Token': 512,
  'WWW-Authenticate': 6,
  Link: HEADER_LENGTH_MAX,
  Location: 512,
  ETag: 12,
}

const RANGE_OF: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = {
  'Retry-After': [0, 86_400],
}

type Node = Record<string, unknown>
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

/** Keywords whose content is values, not schemas. */
const VALUES = new Set(['example', 'examples', 'enum', 'default', 'const'])
/** Keywords between a name and its schema. */
const BETWEEN = new Set(['schema', 'items', 'oneOf', 'anyOf', 'properties', 'headers', 'parameters'])

/** Adds the limits above to every schema of `document` that does not state its own. */
export function stateBounds(document: unknown, name = ''): void {
  if (Array.isArray(document)) {
    for (const each of document) stateBounds(each, name)
  } else if (isNode(document)) {
    bound(document, name)
    const own = typeof document['name'] === 'string' && 'in' in document ? document['name'] : name
    for (const [key, value] of Object.entries(document)) {
      if (!VALUES.has(key)) stateBounds(value, BETWEEN.has(key) ? own : key)
    }
  }
}

function bound(schema: Node, name: string): void {
  const types = new Set([schema['type']].flat())
  if (types.has('string') && schema['enum'] === undefined && schema['const'] === undefined) {
    schema['maxLength'] ??= LENGTH_OF_FORMAT[String(schema['format'])] ?? LENGTH_OF[name]
  }
  if (types.has('integer')) {
    const [minimum, maximum] = RANGE_OF[name] ?? [0, INT32_MAX]
    schema['format'] ??= Number(schema['maximum'] ?? maximum) > INT32_MAX ? 'int64' : 'int32'
    schema['minimum'] ??= minimum
    schema['maximum'] ??= maximum
  }
  if (types.has('array') && isNode(schema['items']) && Array.isArray(schema['items']['enum'])) {
    // Each value at most once.
    if (schema['uniqueItems'] === true) schema['maxItems'] ??= schema['items']['enum'].length
  }
}
