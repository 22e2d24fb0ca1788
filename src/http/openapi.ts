import swagger from '@fastify/swagger'
import type { OpenAPIV3_1 } from 'openapi-types'
import type { Config } from '../config/config.ts'
import { tidied } from './document.ts'
import type { App } from './app.ts'
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
faulty field. A known path with a wrong method is 405 with \`Allow\`. Lists are bare arrays; paging travels in the headers
\`Link\` and \`X-Next-Cursor\`, and \`X-Total-Count\` comes with \`count=true\`.

Each user has so many reads (\`GET\`, \`HEAD\`) and so many writes (all others) a minute, over all sessions and services; each
address has as many until somebody has proven to be a user. \`RateLimit\` says what is left; 429 says in \`Retry-After\` how long to
wait.

A write whose answer did not come may be repeated when it has an \`Idempotency-Key\`: it is done once, and for 24 hours the same
request with the same key is answered as the first time, with \`Idempotency-Replayed: true\`. Another request with that key is 422,
and while the first one still runs it is 409 with \`Retry-After\`. What was refused is not kept: it changed nothing, and the key is
free again. Keys are each user's own. Under \`/api/auth\` the header is ignored.`

/** Describes every route registered after it, from the very schemas that validate. Must come before the first feature. */
export async function describeApi(app: App, mode: AuthMode): Promise<void> {
  const at = app.links.to('')
  for (const schema of [ProblemCodes, ProblemBody]) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'todo-backend',
        version: '0.1.0',
        description: describing(mode),
        contact: { name: 'The operator of this service', ...(at !== '' && { url: `${at}/docs` }) },
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: at || '/', description: 'Local, staging or production', 'x-internal': false } as Server],
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

/** With the extension that says whom it is for. */
type Server = OpenAPIV3_1.ServerObject
