import type { FastifyReply, FastifyRequest } from 'fastify'
import { TextDecoder } from 'node:util'
import type { App } from '../http/app.ts'
import type { OAuthMetrics } from './metrics.ts'
import { OAuthError } from './oauth-error.ts'

/** The body of a request to the token endpoint: a form, as OAuth demands. */
export interface Form {
  get(this: void, name: string): string | undefined
  /** @throws OAuthError invalid_request */
  required(this: void, name: string): string
  all(this: void, name: string): readonly string[]
}

const FORM_BYTES_MAX = 16 * 1024
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** Lets the routes of `app` take forms, and nothing else. */
export function openForms(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>(
    FORM_TYPE,
    { parseAs: 'buffer', bodyLimit: FORM_BYTES_MAX },
    async (_request: FastifyRequest, body: Buffer) => textOf(body),
  )
  // Read, so that `formOf` refuses it as OAuth does.
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: FORM_BYTES_MAX }, async () => undefined)
}

/**
 * @throws OAuthError invalid_request for another body, and for a parameter that is there twice (RFC 6749 §3.2); invalid_client for an app
 *   that authenticates: if that was ignored, the app would be taken for the one that `client_id` names
 */
export function formOf({ headers, body }: FastifyRequest): Form {
  if (/^basic\b/i.test(headers.authorization ?? '')) throw refusedSecret('the header Authorization')
  if (typeof body !== 'string') throw new OAuthError('invalid_request', `The body must be ${FORM_TYPE}, in UTF-8`)
  const fields = new URLSearchParams(body)
  const repeated = [...new Set(fields.keys())].find((name) => name !== 'resource' && fields.getAll(name).length > 1)
  if (repeated !== undefined) throw new OAuthError('invalid_request', 'A parameter is there twice')
  const get = (name: string): string | undefined => fields.get(name) ?? undefined
  const secret = ['client_secret', 'client_assertion'].find((name) => fields.has(name))
  if (secret !== undefined) throw refusedSecret(secret)
  return {
    get,
    required: (name) => {
      const value = get(name)
      if (value === undefined || value === '') throw new OAuthError('invalid_request', `${name} is required`)
      return value
    },
    all: (name) => fields.getAll(name),
  }
}

const refusedSecret = (what: string): OAuthError =>
  new OAuthError('invalid_client', `Apps have neither secrets nor keys here: leave ${what} out`, { status: 401 })

function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return undefined
  }
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Makes handlers that answer what they refuse in the form of OAuth, and count it; other errors are problems, as everywhere. */
export const openRefusing =
  (metrics: OAuthMetrics) =>
  (handle: Handler): Handler =>
  async (request, reply) => {
    // Also of an answer without a token, so that no cache keeps either.
    void reply.header('cache-control', 'no-store')
    try {
      return await handle(request, reply)
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      report(error, request, metrics)
      // RFC 6749 §5.2: the scheme that the app used.
      if (error.status === 401) void reply.header('www-authenticate', 'Basic realm="todo-backend"')
      return reply.code(error.status).send(error.body)
    }
  }

/** The description is left out of the log: it may name what the app sent, in any parameter of which there may be a token. */
function report({ error, replay }: OAuthError, { log }: FastifyRequest, metrics: OAuthMetrics): void {
  metrics.refused(error)
  if (replay === undefined) return log.info({ error }, 'an app was refused')
  const { what, userId, clientId } = replay
  metrics.replayed(what)
  log.warn({ error, what, userId, clientId }, 'a code or refresh token of an app was used again: its access has ended')
}
