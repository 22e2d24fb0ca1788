import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { Problem } from '../errors.ts'
import { DETAILS, type ProblemCode } from '../problems.ts'
import { withoutPort } from '../http/admission.ts'
import { refuseContradiction, refusePersonalToken } from '../http/identify.ts'
import type { App } from '../http/app.ts'
import { refusals } from '../http/wire.ts'
import type { Auth } from './better-auth.ts'
import { CLIENT_ADDRESS_HEADER } from './options.ts'
import * as shape from './schema.ts'

interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** Whether it requires a session. With 'optional' the answer depends on it, and its absence is not refused. */
  readonly signedIn: boolean | 'optional'
  /** The route checks a password: after success the request no longer counts against the address. */
  readonly authenticates?: true
  readonly headers?: TSchema
  readonly body?: TSchema
  readonly querystring?: TSchema
  readonly answer: TSchema
}

/** The endpoints of better-auth that are reachable. All others are not. */
const ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'POST',
    path: 'sign-up/email',
    operationId: 'signUp',
    summary: 'Sign up',
    description: 'Creates a user and a session. The `token` of the answer is the bearer token.',
    signedIn: false,
    authenticates: true,
    headers: shape.SignUpHeaders,
    body: shape.SignUp,
    answer: shape.SignedUp,
  },
  {
    method: 'POST',
    path: 'sign-in/email',
    operationId: 'signIn',
    summary: 'Sign in',
    description: 'Creates a session. The `token` of the answer is the bearer token.',
    signedIn: false,
    authenticates: true,
    body: shape.SignIn,
    answer: shape.SignedIn,
  },
  {
    method: 'POST',
    path: 'sign-out',
    operationId: 'signOut',
    summary: 'Sign out; the token is invalid immediately',
    description: 'Ends the session of the bearer token or cookie. Without a session the answer is the same.',
    signedIn: 'optional',
    body: shape.Nothing,
    answer: shape.Done,
  },
  {
    method: 'GET',
    path: 'get-session',
    operationId: 'getSession',
    summary: 'Get the current session',
    description: 'Null if the request has no valid session.',
    signedIn: 'optional',
    querystring: shape.SessionQuery,
    answer: shape.CurrentSession,
  },
  {
    method: 'GET',
    path: 'list-sessions',
    operationId: 'listSessions',
    summary: 'List your sessions',
    description: 'The active sessions. A token is shown only if this request presented it.',
    signedIn: true,
    answer: shape.Sessions,
  },
  {
    method: 'POST',
    path: 'revoke-session',
    operationId: 'revokeSession',
    summary: 'End one of your sessions',
    description: 'Identified by the `token` in the list of sessions.',
    signedIn: true,
    body: shape.RevokeSession,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'revoke-sessions',
    operationId: 'revokeSessions',
    summary: 'End all your sessions',
    description: 'Includes the session of this request.',
    signedIn: true,
    body: shape.Nothing,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'revoke-other-sessions',
    operationId: 'revokeOtherSessions',
    summary: 'End all your other sessions',
    description: 'The session of this request remains.',
    signedIn: true,
    body: shape.Nothing,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'change-password',
    operationId: 'changePassword',
    summary: 'Change your password',
    description:
      'Requires the current password. With `revokeOtherSessions` all other sessions end, and this one gets a new token.',
    signedIn: true,
    body: shape.ChangePassword,
    answer: shape.PasswordChanged,
  },
  {
    method: 'POST',
    path: 'update-user',
    operationId: 'updateUser',
    summary: 'Change your name or picture',
    description: 'Absent members do not change; an `image` of null removes the picture.',
    signedIn: true,
    body: shape.UpdateUser,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'delete-user',
    operationId: 'deleteUser',
    summary: 'Delete your user and all your tasks',
    description: 'Requires the password. Tasks, keys and sessions are deleted with the user, and cannot be restored.',
    signedIn: true,
    body: shape.DeleteUser,
    answer: shape.Done,
  },
]

/** Mounts the embedded auth server at /api/auth. */
export function authRoutes(app: App, auth: Auth): void {
  app.addSchema(shape.AuthUser)
  app.addSchema(shape.AuthSession)
  for (const { method, path, signedIn, authenticates, answer, headers, body, querystring, ...described } of ENDPOINTS) {
    const [action = path] = path.split('/')
    app.route({
      method,
      url: `/api/auth/${path}`,
      config: { ...(authenticates && { authenticates }), ...(signedIn === true && { takesCredential: true }) },
      schema: {
        ...described,
        tags: ['auth'],
        security: signedIn === false ? [] : [{ session: [] }],
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
        ...(querystring === undefined ? {} : { querystring }),
        response: {
          200: { ...answer, headers: shape.bearer },
          ...refusals(
            'invalid_json',
            'unauthenticated',
            'forbidden',
            'body_too_large',
            'unsupported_media_type',
            'invalid_input',
            ...(method === 'POST' ? (['outcome_unknown'] as const) : []),
          ),
        },
      },
      onRequest: async (request) => {
        refuseContradiction(request)
        refusePersonalToken(request)
      },
      onSend: (_request, { statusCode }, _payload, done) => {
        app.observer.authenticated(action, outcomeOf(statusCode))
        done()
      },
      // better-auth has already serialised its answer.
      serializerCompiler: () => (data) => data,
      handler: async (request, reply) => answerWith(reply, await auth.handle(toFetchRequest(request)), request.body),
    })
  }
}

const outcomeOf = (status: number) => (status < 400 ? 'ok' : status < 500 ? 'refused' : 'failed')

function toFetchRequest(request: FastifyRequest): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each)
  }
  // The body is serialised again below.
  headers.delete('content-length')
  headers.delete('transfer-encoding')
  headers.set(CLIENT_ADDRESS_HEADER, withoutPort(request.ip))
  if (request.method === 'POST') {
    headers.set('content-type', 'application/json')
    dropAmbientCredentials(headers)
  }
  const { body } = request
  const url = URL.parse(`${request.protocol}://${request.host || 'localhost'}${request.raw.url ?? ''}`)
  if (url === null) throw new Problem('invalid_header', 'The header host is malformed')
  return new Request(url, {
    // better-auth has no HEAD; Node omits the body of the answer.
    method: request.method === 'HEAD' ? 'GET' : request.method,
    headers,
    ...(request.method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
  })
}

/**
 * A browser sends the origin of the page with a POST, in Origin or Sec-Fetch-Site. A client that sends neither is not a browser, so
 * it cannot be a page's cross-site request. better-auth would refuse it for the Sec-Fetch-Mode of Node's fetch, or for a cookie.
 * So these headers are removed: such a client authenticates with its token.
 */
function dropAmbientCredentials(headers: Headers): void {
  if (headers.has('origin') || headers.has('sec-fetch-site')) return
  for (const name of ['cookie', 'sec-fetch-mode', 'sec-fetch-dest']) headers.delete(name)
}

async function answerWith(reply: FastifyReply, response: Response, sent: unknown): Promise<FastifyReply> {
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) void reply.header('set-cookie', cookies)
  if (!response.ok) throw await toProblem(response, sent)
  const bearer = response.headers.get('set-auth-token')
  if (bearer !== null) void reply.header('set-auth-token', bearer)
  return reply
    .code(response.status)
    .type('application/json; charset=utf-8')
    .send(await response.text())
}

const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  422: 'invalid_input',
  429: 'too_many_requests',
}

/** Refusals of better-auth about a field, regardless of its status: 422 here, naming the field. */
const FIELDS_OF_CODE: Readonly<Record<string, readonly string[]>> = {
  USER_ALREADY_EXISTS: ['email'],
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: ['email'],
  FAILED_TO_CREATE_USER: ['email'],
  INVALID_EMAIL: ['email'],
  INVALID_PASSWORD: ['currentPassword', 'password'],
  PASSWORD_TOO_SHORT: ['newPassword', 'password'],
  PASSWORD_TOO_LONG: ['newPassword', 'password'],
}

/**
 * A refusal of better-auth as a problem. It keeps better-auth's `code`, and has `message` in addition to `detail`, because better-auth's client
 * shows these two.
 */
async function toProblem(response: Response, sent: unknown): Promise<Problem> {
  const json: unknown = await response.json().catch(() => undefined)
  const body: { readonly code?: unknown; readonly message?: unknown } =
    typeof json === 'object' && json !== null ? json : {}
  const message = typeof body.message === 'string' ? body.message : response.statusText || 'The request was refused'
  const code = typeof body.code === 'string' ? body.code : undefined
  const field = FIELDS_OF_CODE[code ?? '']?.find((each) => typeof sent === 'object' && sent !== null && each in sent)
  const kind = field === undefined ? CODE_OF_STATUS[response.status] : 'invalid_input'
  if (kind === undefined && response.status >= 500) {
    return new Problem('internal', DETAILS.internal, { cause: body })
  }
  return new Problem(kind ?? 'malformed_request', message, {
    body: {
      message,
      ...(code === undefined ? {} : { code }),
      ...(field === undefined ? {} : { errors: [{ in: 'body', pointer: `/${field}`, detail: message }] }),
    },
  })
}
