import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem, retryAfter } from '../errors.ts'
import { DETAILS, PROBLEMS, type ProblemCode } from '../problems.ts'
import { withoutPort } from '../http/admission.ts'
import { refuseContradiction, refuseLimited } from '../http/identify.ts'
import type { App } from '../http/app.ts'
import { refusals } from '../http/wire.ts'
import type { Auth } from './better-auth.ts'
import { CLIENT_ADDRESS_HEADER } from './client-address.ts'
import { endpointsOf } from './endpoints.ts'
import * as shape from './schema.ts'

interface AuthRoutes {
  readonly auth: Auth
  readonly mail: { readonly isAvailable: boolean }
  /** Whether users can sign in only with a verified address. */
  readonly requireEmailVerification: boolean
}

/** Mounts the embedded auth server at /api/auth. */
export function authRoutes(app: App, { auth, mail, requireEmailVerification }: AuthRoutes): void {
  app.addSchema(shape.AuthUser)
  app.addSchema(shape.AuthSession)
  for (const endpoint of endpointsOf(requireEmailVerification)) {
    const { method, path, signedIn, authenticates, mails, answer, headers, body, querystring, ...described } = endpoint
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
            ...(mails === true ? (['mail_unavailable'] as const) : []),
          ),
        },
      },
      onRequest: async (request) => {
        refuseContradiction(request)
        refuseLimited(request)
        if (mails === true && !mail.isAvailable) throw mailUnavailable()
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

const mailUnavailable = (): Problem =>
  new Problem('mail_unavailable', DETAILS.mail_unavailable, retryAfter(PROBLEMS.mail_unavailable.retryAfterS ?? 0))

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
  INVALID_TOKEN: ['token'],
  EMAIL_IS_THE_SAME: ['newEmail'],
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
