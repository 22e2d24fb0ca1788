import swagger from '@fastify/swagger'
import type { OpenAPIV3, OpenAPIV3_1 } from 'openapi-types'
import type { Config } from '../config.ts'
import { stateBounds } from './bounds.ts'
import type { App } from './server.ts'
import { ProblemBody, ProblemCodes } from './wire.ts'

type AuthMode = Config['auth']['mode']

/** How a client gets a session token, and what the security scheme says of it. */
const SESSIONS = {
  embedded: {
    howTo:
      'Sign up at `POST /api/auth/sign-up/email`, take the `token` from the answer and send it as `Authorization: Bearer <token>`.',
    token: 'The token of a session, from sign-up or sign-in',
  },
  external: {
    howTo:
      'Another server signs users up and in here: send the token of one of its sessions as `Authorization: Bearer <token>`.',
    token: 'The token of a session, from the server that signs users in',
  },
} as const

const describing = (mode: AuthMode): string => `Tasks of many users, each walled off by PostgreSQL's row-level security.

${SESSIONS[mode].howTo}
A trusted service acts for one user with \`X-Service-Auth\` and \`X-User-ID\`.

Every refusal is \`application/problem+json\` (RFC 9457): \`detail\` says what to do, \`code\` is for programs, \`errors\` names each
faulty field. A known path with a wrong method is 405 with \`Allow\`. Lists are bare arrays; paging travels in the headers \`Link\`, \`X-Next-Cursor\` and \`X-Total-Count\`.

Each user has so many reads (\`GET\`, \`HEAD\`) and so many writes (all others) a minute, over all sessions and services; each
address has as many until somebody has proven to be a user. \`RateLimit\` says what is left; 429 says in \`Retry-After\` how long to
wait.

A write whose answer did not come may be repeated when it has an \`Idempotency-Key\`: it is done once, and for 24 hours the same
request with the same key is answered as the first time, with \`Idempotency-Replayed: true\`. Another request with that key is 422,
and while the first one still runs it is 409 with \`Retry-After\`. What was refused is not kept: it changed nothing, and the key is
free again. Keys are each user's own. Under \`/api/auth\` the header is ignored.`

/** Describes every route registered after it, from the very schemas that validate. Must come before the first feature. */
export async function describeApi(app: App, mode: AuthMode): Promise<void> {
  for (const schema of [ProblemCodes, ProblemBody]) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'todo-backend',
        version: '0.1.0',
        description: describing(mode),
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: app.links.to('') || '/', description: 'This service', 'x-internal': false } as Server],
      tags: [
        { name: 'tasks', description: 'The tasks of the signed-in user' },
        { name: 'provider keys', description: 'Keys of the signed-in user for AI providers, encrypted at rest' },
        ...(mode === 'embedded'
          ? [{ name: 'auth', description: 'Sign-up, sign-in and sessions, by better-auth' }]
          : []),
        { name: 'documents', description: 'About the service itself' },
        { name: 'health', description: 'For load balancers and monitoring' },
      ],
      components: {
        securitySchemes: {
          session: { type: 'http', scheme: 'bearer', description: SESSIONS[mode].token },
          service: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Service-Auth',
            description: 'A trusted service, together with X-User-ID',
          },
          userId: { type: 'apiKey', in: 'header', name: 'X-User-ID', description: 'The user a service acts for' },
          metrics: { type: 'http', scheme: 'bearer', description: 'METRICS_TOKEN' },
        },
      },
    },
    transformObject: (described) => ('openapiObject' in described ? tidied(described.openapiObject) : {}),
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
    },
  })
}

type Described = Partial<OpenAPIV3.Document | OpenAPIV3_1.Document>

/** Says what the generator cannot: that some bodies may be left out, and that most routes refuse the same things. */
function tidied(document: Described): Described {
  const shared: Record<string, Response> = {}
  const paths = (document as Partial<OpenAPIV3_1.Document>).paths ?? {}
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path ?? {}) as Operation[])) {
    allowNoBody(operation)
    shareRefusals(operation, shared)
    describeHeaders(operation, shared)
  }
  Object.assign(document.components ?? {}, { responses: shared, headers: { ...LIMIT_HEADERS, ...CORS_HEADERS } })
  dropDiscriminators(document.components?.schemas)
  stateBounds(document)
  return document
}

/** Ours tell the validator which member to go by. In OpenAPI they are about schemas by name, and here each shape says it. */
function dropDiscriminators(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return
  if ('oneOf' in schema && 'discriminator' in schema) delete schema.discriminator
  for (const part of Object.values(schema)) dropDiscriminators(part)
}

type Operation = OpenAPIV3_1.OperationObject
type Response = OpenAPIV3_1.ResponseObject
type Headers = Record<string, OpenAPIV3_1.HeaderObject>
/** With the extension that says whom it is for. */
type Server = OpenAPIV3_1.ServerObject

/** To the validator no body is null; to the caller it is no body. */
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
    shared[name] = response
    responses[status] = { $ref: `#/components/responses/${name}` }
  }
}

const LIMIT_HEADERS: Headers = {
  'X-RateLimit-Limit': { schema: { type: 'integer' }, description: 'Requests of this kind in a window' },
  'X-RateLimit-Remaining': { schema: { type: 'integer' }, description: 'How many of them are left' },
  'X-RateLimit-Reset': { schema: { type: 'integer' }, description: 'Seconds until the next window' },
  'RateLimit-Policy': {
    schema: { type: 'string' },
    example: '"read";q=100;w=60',
    description: 'draft-ietf-httpapi-ratelimit-headers: q requests in w seconds',
  },
  RateLimit: {
    schema: { type: 'string' },
    example: '"read";r=99;t=60',
    description: 'draft-ietf-httpapi-ratelimit-headers: r requests are left for t seconds',
  },
}

const CORS_HEADERS: Headers = {
  'Access-Control-Allow-Origin': {
    schema: { type: 'string' },
    description: 'The origin of the page that asks, if it is one of CORS_ORIGINS; else absent',
  },
}

/** Refused by the parser of HTTP: it never became a request that could be counted, or an origin that could be read. */
const NO_REQUESTS = new Set(['RequestTimeout', 'HeadersTooLarge'])

const references = (headers: Headers): object =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, { $ref: `#/components/headers/${name}` }]))

/** What a limited route can refuse for its limit, it also announces; and any answer may be for a page of another origin. */
function describeHeaders({ responses = {} }: Operation, shared: Record<string, Response>): void {
  const isLimited = responses['429'] !== undefined
  for (const [status, given] of Object.entries(responses)) {
    const name = '$ref' in given ? given.$ref.slice('#/components/responses/'.length) : ''
    const response = '$ref' in given ? shared[name] : given
    if (response === undefined || NO_REQUESTS.has(name)) continue
    const announced = isLimited && !status.startsWith('5')
    response.headers = {
      ...response.headers,
      ...references(CORS_HEADERS),
      ...(announced ? references(LIMIT_HEADERS) : {}),
    }
  }
}

const pascalCase = (code: string): string => code.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
