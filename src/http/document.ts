import { isDeepStrictEqual } from 'node:util'
import type { OpenAPIV3, OpenAPIV3_1 } from 'openapi-types'
import { stateBounds } from './bounds.ts'

/**
 * Adapts the generated OpenAPI document for client generators. Each step removes a construct from which some generator makes code
 * that does not compile or misbehaves; `test/openapi.test.ts` names the constructs.
 */

type Described = Partial<OpenAPIV3.Document | OpenAPIV3_1.Document>
type Operation = OpenAPIV3_1.OperationObject
type Response = OpenAPIV3_1.ResponseObject
type Parameter = OpenAPIV3_1.ParameterObject
type Headers = Record<string, OpenAPIV3_1.HeaderObject>
type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

export function tidied(document: Described): Described {
  const shared: Record<string, Response> = {}
  const paths = (document as Partial<OpenAPIV3_1.Document>).paths ?? {}
  const operations = Object.values(paths).flatMap((path) => Object.values(path ?? {}) as Operation[])
  const parameters: Record<string, Parameter> = {}
  for (const operation of operations) {
    allowNoBody(operation)
    shareRefusals(operation, shared)
    shareParameters(operation, parameters)
  }
  for (const operation of operations) describeHeaders(operation, shared)
  Object.assign(document.components ?? {}, {
    responses: shared,
    parameters,
    headers: { ...REQUEST_ID, ...LIMIT_HEADERS },
  })
  stateBounds(document)
  const schemas: Node = document.components?.schemas ?? {}
  for (const [name, schema] of Object.entries(schemas)) schemas[name] = withComponents(schema, schemas)
  Object.assign(document, { paths: withComponents(paths, schemas) })
  Object.assign(document.components ?? {}, { responses: withComponents(shared, schemas) })
  for (const operation of Object.values(document.paths ?? {}).flatMap(
    (path) => Object.values(path ?? {}) as Operation[],
  )) {
    leaveOptionalEmpty(operation)
    exemplifyBody(operation, schemas)
  }
  return document
}

/** The validator sees a missing body as null. In the document the body is optional instead. */
function allowNoBody({ requestBody }: Operation): void {
  if (requestBody === undefined || '$ref' in requestBody) return
  for (const { schema } of Object.values(requestBody.content)) {
    if (schema === undefined || '$ref' in schema || !Array.isArray(schema.type)) continue
    requestBody.required = false
    Object.assign(schema, { type: 'object' })
  }
}

/** Each kind of refusal is described once, under the names of its codes. */
function shareRefusals({ responses = {} }: Operation, shared: Record<string, Response>): void {
  for (const [status, response] of Object.entries(responses)) {
    if ('$ref' in response) continue
    const examples = response.content?.['application/problem+json']?.examples
    if (examples === undefined) continue
    const name = Object.keys(examples).map(pascalCase).join('Or')
    shared[name] ??= response
    if (!isDeepStrictEqual(shared[name], response)) throw new Error(`two refusals are called ${name}`)
    responses[status] = { $ref: `#/components/responses/${name}` }
  }
}

/** A parameter with `x-parameter` is described once, under that name. */
function shareParameters({ parameters = [] }: Operation, shared: Record<string, Parameter>): void {
  for (const [at, parameter] of parameters.entries()) {
    if ('$ref' in parameter || parameter.schema === undefined) continue
    const { 'x-parameter': name, ...schema } = parameter.schema as Node
    if (typeof name !== 'string') continue
    shared[name] = { ...parameter, schema }
    parameters[at] = { $ref: `#/components/parameters/${name}` }
  }
}

const REQUEST_ID: Headers = {
  'X-Request-Id': { schema: { type: 'string' }, description: 'Identifies the request in the log' },
}

/** Without `RateLimit` and `RateLimit-Policy`, which have the same numbers as text that clients would have to parse. */
const LIMIT_HEADERS: Headers = {
  'X-RateLimit-Limit': {
    schema: { type: 'integer' },
    description:
      'Requests of this kind allowed per window. `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) are sent too',
  },
  'X-RateLimit-Remaining': { schema: { type: 'integer' }, description: 'Remaining requests of this kind' },
  'X-RateLimit-Reset': { schema: { type: 'integer' }, description: 'Seconds until the next window' },
}

const references = (headers: Headers): object =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, { $ref: `#/components/headers/${name}` }]))

/**
 * Documents the headers that a client reads. Generators write a type and the code to parse it for each header of each answer, so those of
 * CORS, which are for browsers, are omitted, and those of the rate limit on refusals: with 429, `Retry-After` and the body say how long
 * to wait. `X-Request-Id` remains on refusals, although the body has it: ogen makes one type of a shared response that has a header,
 * and one for each operation and status of a shared response without.
 */
function describeHeaders({ responses = {} }: Operation, shared: Record<string, Response>): void {
  const isLimited = responses['429'] !== undefined
  for (const [status, given] of Object.entries(responses)) {
    const response = '$ref' in given ? shared[given.$ref.slice('#/components/responses/'.length)] : given
    if (response === undefined) continue
    response.headers = {
      ...response.headers,
      ...references(REQUEST_ID),
      ...(isLimited && /^[23]/.test(status) ? references(LIMIT_HEADERS) : {}),
    }
  }
}

/**
 * Moves each schema with a name (`x-component`) to the components, so that generators make one type of it, and removes keywords
 * next to `oneOf` and `anyOf`, such as discriminators, which are for the validator.
 */
function withComponents(node: unknown, schemas: Node): unknown {
  if (Array.isArray(node)) return node.map((each) => withComponents(each, schemas))
  if (!isNode(node)) return node
  const alternatives = ['oneOf', 'anyOf'].find((keyword) => Array.isArray(node[keyword]))
  const kept = alternatives === undefined ? Object.entries(node) : [[alternatives, node[alternatives]] as const]
  const { 'x-component': _, ...result } = Object.fromEntries(
    kept.map(([key, value]) => [key, VALUES.has(key) ? value : withComponents(value, schemas)]),
  )
  // A list without duplicates still has an order. Some clients make a set of it, which has none.
  delete result['uniqueItems']
  const values = result['enum']
  const name = node['x-component']
  // @fastify/swagger turns `const` into an enum of one value, for which some generators make a type at each place, unless it has a name.
  if (name === undefined && Array.isArray(values) && values.length === 1) {
    result['const'] = values[0]
    delete result['enum']
  }
  if (typeof name !== 'string') return result
  const existing = schemas[name]
  if (isNode(existing) && shapeOf(existing) !== shapeOf(result)) throw new Error(`two schemas are called ${name}`)
  // @fastify/swagger has moved the description of a parameter's schema to the parameter.
  schemas[name] = { ...result, ...(isNode(existing) ? existing : {}) }
  return { $ref: `#/components/schemas/${name}` }
}

const shapeOf = ({ description: _description, examples: _examples, ...shape }: Node): string => JSON.stringify(shape)

/** Keywords whose content is values, not schemas. */
const VALUES = new Set(['example', 'examples', 'enum', 'default', 'const'])

/**
 * Tools that try out operations send the example of each parameter: a list request would have all filters at once, and every write
 * the same `Idempotency-Key`.
 */
function leaveOptionalEmpty({ parameters = [] }: Operation): void {
  for (const parameter of parameters) {
    if ('$ref' in parameter) continue
    const schema = (parameter.schema ?? {}) as Node
    if (parameter.required === true) continue
    for (const each of [parameter as unknown as Node, schema])
      for (const key of ['example', 'examples']) delete each[key]
  }
}

/** Copies an example of the schema to the body, where tools that try out operations look for it. */
function exemplifyBody({ requestBody }: Operation, schemas: Node): void {
  if (requestBody === undefined || '$ref' in requestBody) return
  for (const media of Object.values(requestBody.content)) {
    const { schema } = media
    const named = schema !== undefined && '$ref' in schema ? schemas[schema.$ref?.split('/').at(-1) ?? ''] : schema
    const examples = isNode(named) ? named['examples'] : undefined
    if (Array.isArray(examples)) media.example = examples[0]
  }
}

const pascalCase = (code: string): string => code.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
