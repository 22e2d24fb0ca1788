/**
 * The maximum size of each value in the OpenAPI document, for client generators and code that allocates memory. If a schema checks
 * input, its limit is in the schema. The limits here are enforced by other means (a format, a column, the size of the headers or
 * of a page), so validators do not check them.
 */

const INT32_MAX = 2_147_483_647
/** All headers together have at most this size, so each of them does. */
const HEADER_LENGTH_MAX = 16 * 1024

const LENGTH_OF_FORMAT: Readonly<Record<string, number>> = { uuid: 36, 'date-time': 64 }

/** Maximum length in characters, by the name of the member, parameter or header. */
const LENGTH_OF: Readonly<Record<string, number>> = {
  // User ids come from the auth server; a longer one is refused in X-User-ID.
  id: 255,
  userId: 255,
  title: 200,
  description: 10_000,
  tags: 50,
  name: 200,
  image: 2048,
  url: 2048,
  token: 512,
  ipAddress: 45,
  userAgent: HEADER_LENGTH_MAX,
  requestId: 128,
  type: 512,
  code: 64,
  detail: 16_384,
  meaning: 512,
  action: 512,
  instance: 1024,
  pointer: 1024,
  pendingMigrations: 128,
  timezone: 64,
  cursor: 2048,
  'x-timezone': 64,
  'if-match': HEADER_LENGTH_MAX,
  'if-none-match': HEADER_LENGTH_MAX,
  'idempotency-key': 257,
  'Idempotency-Replayed': 4,
  'X-Request-Id': 128,
  'X-Next-Cursor': 2048,
  'Set-Auth-Token': 512,
  'WWW-Authenticate': 6,
  'Access-Control-Allow-Origin': 255,
  Link: HEADER_LENGTH_MAX,
  Location: 512,
  ETag: 12,
  RateLimit: 64,
  'RateLimit-Policy': 64,
}

const RANGE_OF: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = {
  status: [100, 599],
  failedOperation: [0, 99],
  retryAfter: [0, 86_400],
  'Retry-After': [0, 86_400],
}

/** Maximum number of items of an array, by the name of the member or of the item's schema. */
const ITEMS_OF: Readonly<Record<string, number>> = {
  tags: 50,
  deleted: 1000,
  notFound: 1000,
  results: 100,
  errors: 20,
  pendingMigrations: 9999,
  Task: 1000,
  TagCount: 1000,
  // better-auth's own limit for a query.
  AuthSession: 100,
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
    schema['format'] ??= 'int32'
    schema['minimum'] ??= minimum
    schema['maximum'] ??= maximum
  }
  if (types.has('array')) schema['maxItems'] ??= itemsMax(schema, name)
}

function itemsMax({ uniqueItems, items }: Node, name: string): number | undefined {
  if (!isNode(items)) return undefined
  if (uniqueItems === true && Array.isArray(items['enum'])) return items['enum'].length
  const [inIt] = Array.isArray(items['anyOf']) ? items['anyOf'] : [items]
  const [, reference = ''] = /([^/]+)$/.exec(String(inIt.$ref)) ?? []
  return ITEMS_OF[name] ?? ITEMS_OF[reference]
}
