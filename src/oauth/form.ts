import type { FastifyReply, FastifyRequest } from 'fastify'
import { TextDecoder } from 'node:util'
import type { App } from '../http/app.ts'
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

/** @throws OAuthError invalid_request for another body, and for a parameter that is there twice (RFC 6749 §3.2) */
export function formOf({ body }: FastifyRequest): Form {
  if (typeof body !== 'string') throw new OAuthError('invalid_request', `The body must be ${FORM_TYPE}, in UTF-8`)
  const fields = new URLSearchParams(body)
  const repeated = [...new Set(fields.keys())].find((name) => name !== 'resource' && fields.getAll(name).length > 1)
  if (repeated !== undefined) throw new OAuthError('invalid_request', 'A parameter is there twice')
  const get = (name: string): string | undefined => fields.get(name) ?? undefined
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

function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return undefined
  }
}

/** Answers what a handler refuses in the form of OAuth; other errors are problems, as everywhere. */
export const refusing =
  (handle: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // Also of an answer without a token, so that no cache keeps either.
    void reply.header('cache-control', 'no-store')
    try {
      return await handle(request, reply)
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      return reply.code(error.status).send(error.body)
    }
  }
