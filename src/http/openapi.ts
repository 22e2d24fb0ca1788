import swagger from '@fastify/swagger'
import type { OpenAPIV3_1 } from 'openapi-types'
import type { Config } from '../config/config.ts'
import { VERSION } from '../lib/version.ts'
import { tidied } from './document.ts'
import type { App } from './app.ts'
import { ProblemBody, problemCodes } from './wire.ts'
import { SCOPES } from '../principal.ts'
import type { ProblemKind } from '../problems.ts'

type AuthMode = Config['auth']['mode']

/** How a client gets a session token, and the description of the security scheme. */
const SESSIONS = {
  embedded: {
    howTo:
      'Sign up at `POST /api/auth/sign-up/email`, take the `token` from the answer and send it as `Authorization: Bearer <token>`.',
    token: 'A session token, from sign-up or sign-in',
  },
  external: {
    howTo:
      'Another server signs users up and in: send a session token of that server as `Authorization: Bearer <token>`.',
    token: 'A session token, from the server that signs users in',
  },
} as const

const scopes = Object.entries(SCOPES)
  .map(([name, does]) => `\`${name}\` (${does})`)
  .join(', ')

const describing = (
  mode: AuthMode,
): string => `Task lists for many users, isolated from one another by PostgreSQL's row-level security.

${SESSIONS[mode].howTo}
A program gets a personal token, created with \`POST /api/tokens\`, which is limited to scopes, or is connected by its user with OAuth 2.1. It
sends the token in the same header. Without the
scope of an operation the answer is 403, \`insufficient_scope\`, and \`required\` names it.
A trusted service acts for one user with \`X-Service-Auth\` and \`X-User-ID\`.

All errors are \`application/problem+json\` (RFC 9457): \`detail\` says what is wrong and what to do, \`code\` is for programs, \`errors\`
lists each invalid field. A known path with a wrong method is 405 with \`Allow\`. Lists are plain arrays; pagination uses the headers
\`Link\` and \`X-Next-Cursor\`, and \`X-Total-Count\` is added with \`count=true\`.

Each user has a limit of reads (\`GET\`, \`HEAD\`) and a limit of writes (all other methods) per minute, over all sessions, personal tokens, connected apps and services.
Requests without a valid credential count for their address, with the same limits. \`RateLimit\` has the remaining number of requests; a
429 has \`Retry-After\`.

A write with an \`Idempotency-Key\` may be repeated if its answer was lost: it is executed once, and for 24 hours the same request with the
same key gets the first answer, with \`Idempotency-Replayed: true\`. A different request with that key is 422, and a repetition while the
first request is still running is 409 with \`Retry-After\`. Errors are not stored: they changed nothing, and the key can be used again. Keys
are separate for each user. The header is ignored under \`/api/auth\`.

A write never ignores a condition: one whose operation does not have \`If-Match\` refuses it with 400, unless it is \`*\`, and all refuse
\`If-None-Match\`.

A write with \`dryRun=true\` is executed with all its checks and then rolled back: the answer is the one that the write would get now, with
\`Dry-Run: true\`, and nothing is kept. A write whose result depends on another server refuses it with 422.`

/** What the features say of themselves. */
interface Described {
  /** In the order of the document. */
  readonly tags: readonly Tag[]
  /** Every kind of refusal that the service can send. */
  readonly problems: readonly ProblemKind[]
}

/** A group of operations in the OpenAPI document. */
export interface Tag {
  readonly name: string
  readonly description: string
}

/** Describes every route that is registered after it, from the schemas that validate. Call it before the first feature is registered. */
export async function describeApi(app: App, mode: AuthMode, { tags, problems }: Described): Promise<void> {
  const at = app.links.to('')
  for (const schema of [problemCodes(problems), ProblemBody]) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'todo-backend',
        version: VERSION,
        description: describing(mode),
        contact: { name: 'The operator of this service', ...(at !== '' && { url: `${at}/docs` }) },
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: at || '/', description: 'Local, staging or production', 'x-internal': false } as Server],
      tags: [
        ...tags,
        ...(mode === 'embedded'
          ? [{ name: 'auth', description: 'Sign-up, sign-in and sessions, by better-auth' }]
          : []),
        { name: 'documents', description: 'The service itself' },
        { name: 'health', description: 'For load balancers and monitoring' },
      ],
      components: {
        securitySchemes: {
          session: {
            type: 'http',
            scheme: 'bearer',
            description: `${SESSIONS[mode].token}. Or, where an operation names the scope that is needed, a personal token of \`POST /api/tokens\`, \`todo_pat_…\`, or the access token of a connected app, \`todo_at_…\`: ${scopes}`,
          },
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

/** With the extension `x-internal`. */
type Server = OpenAPIV3_1.ServerObject
