import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../../errors.ts'
import { requestWithin, type InnerRequest } from '../../http/inner-request.ts'
import { lacksScope, type Need } from '../../principal.ts'
import type { Clock } from './clock.ts'

/** One call of a tool. */
export interface Call {
  /** @param zone the one that the call names; by default that of the caller */
  clock(this: void, zone?: string): Promise<Clock>
  /** Executes an operation of this service as the caller. @throws Refusal when it is refused */
  ask(this: void, asked: Asking): Promise<Answer>
  /** How the user can be asked before something is done. */
  readonly confirming: Confirming
  /** Whether the credential has the scope. */
  has(this: void, scope: Need): Promise<boolean>
  /** Who acts, as far as the process knows: the database has the names of personal tokens. */
  readonly principal: { readonly kind: string; readonly name: string | null }
}

export interface Confirming {
  /** Whether the client can ask its user. */
  readonly canAsk: boolean
  /** The question whether these tasks may be deleted, as they are now. @throws RpcError for an answer to another question */
  question(this: void, tool: string, ids: readonly string[]): Promise<Question>
}

export interface Question {
  /** The answer of the user, if this call has it. */
  readonly answer: 'confirmed' | 'declined' | undefined
  /** For the client, which asks the user. */
  readonly state: string
  /** For a model that asks the user itself. */
  readonly code: string
  isCode(this: void, code: string): boolean
}

/** Parameters that are undefined are left out. */
export type Query = Readonly<Record<string, Parameter | readonly Parameter[] | undefined>>
type Parameter = string | number | boolean

/** An operation of the OpenAPI document. */
export interface Operation {
  readonly method: InnerRequest['method']
  /** With `:id` for a parameter. */
  readonly path: string
  readonly needs: Need | undefined
}

export interface Asking {
  readonly operation: Operation
  readonly id?: string
  readonly query?: Query
  readonly body?: unknown
  /** A dry run that comes before the request itself, which alone has the `Idempotency-Key` of the client. */
  readonly isRehearsal?: true
}

export interface Answer {
  readonly status: number
  /** The parsed body; undefined without one. */
  readonly body: unknown
  header(this: void, name: string): string | undefined
}

/** An operation was refused, in a way that the caller can correct or has to know. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string

  constructor(detail: string, code: string) {
    super(detail)
    this.code = code
  }
}

/** Headers of the client that operations understand. */
const PASSED_ON = ['idempotency-key', 'x-timezone'] as const

/** @throws Problem unauthenticated (401), insufficient_scope or forbidden (403), which are answers to the whole request */
export async function askWithin(
  request: FastifyRequest,
  reply: FastifyReply,
  { operation, id, query = {}, body, isRehearsal }: Asking,
): Promise<Answer> {
  const { method, path, needs } = operation
  const headers = Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = request.headers[name]
      // The zone that the call names takes precedence over the one that the client is configured with.
      const isReplaced = name === 'x-timezone' && query['timezone'] !== undefined
      const isKept = name === 'idempotency-key' && isRehearsal === true
      return typeof value === 'string' && !isReplaced && !isKept ? [[name, value]] : []
    }),
  )
  const url = `${id === undefined ? path : path.replace(':id', encodeURIComponent(id))}${queryText(query)}`
  const answer = await requestWithin(request, reply, { method, url, headers, ...(body !== undefined && { body }) })
  const parsed: unknown = answer.text === '' ? undefined : JSON.parse(answer.text)
  if (answer.status >= 400) throw refusalOf(request, answer.status, parsed, needs)
  return {
    status: answer.status,
    body: parsed,
    header: (name) => answer.headers[name]?.toString(),
  }
}

/** Lists are repeated parameters. A comma within a value is encoded, and so part of it. */
function queryText(query: Query): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [value].flat().map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(String(each))}`),
  )
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`
}

function refusalOf({ principal }: FastifyRequest, status: number, problem: unknown, needs: Need | undefined): Error {
  // The body of every refusal is a problem.
  const { code, detail } = problem as { readonly code: string; readonly detail: string }
  if (status === 401) return new Problem('unauthenticated', detail)
  if (code === 'insufficient_scope' && principal !== null) return lacksScope(principal, needs)
  if (status === 403) return new Problem('forbidden', detail)
  // A tool has arguments, and no query.
  return new Refusal(detail.replaceAll('query parameter ', ''), code)
}
