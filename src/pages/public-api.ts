import type { FastifyRequest } from 'fastify'
import type { App } from '../http/app.ts'
import { tokenOfCookie } from '../http/resolvers/session.ts'
import type { AskedAccess, RefusedAccess } from './views/consent-page.ts'
import type { Task, User } from './views/task.ts'
import { requestOf, type View } from './views/view.ts'

/** Of an authorization request, as the route that checks it says. */
const REQUEST_LENGTH_MAX = 4000

/**
 * What the pages read, by requests to the public routes within the process. They count for the rate limit of the user, or without a
 * valid session for that of the address.
 */
export interface PublicApi {
  /** @returns undefined if the cookie of the request is not that of a session; a fault if the service cannot find out */
  user(this: void, request: FastifyRequest): Promise<User | Fault | undefined>
  tasks(this: void, request: FastifyRequest, view: View, zone: string): Promise<TaskPage | Fault>
  /** @param query of the authorization request of an app */
  authorization(this: void, request: FastifyRequest, query: string): Promise<Asked>
}

/** What an app asks for, or why it cannot be connected, with the status of the page. */
export interface Asked {
  readonly status: number
  readonly asked: AskedAccess | RefusedAccess
}

export interface TaskPage {
  readonly tasks: readonly Task[]
  readonly next: string | null
  readonly position: string | null
}

export class Fault {
  readonly status: number
  readonly detail: string
  readonly retryAfter: string | undefined

  constructor({ statusCode, body, headers }: Awaited<ReturnType<App['inject']>>) {
    this.status = statusCode
    this.detail = detailOf(body)
    this.retryAfter = headers['retry-after']?.toString()
  }
}

export function openPublicApi(app: App): PublicApi {
  const get = (request: FastifyRequest, url: string, headers: Readonly<Record<string, string>>) =>
    app.inject({
      url,
      remoteAddress: request.ip,
      headers: { host: request.headers.host ?? 'localhost', 'x-request-id': request.id, ...headers },
    })
  return {
    async user(request) {
      if (tokenOfCookie(request.headers) === undefined) return undefined
      // Without a refresh, so that reading the page changes nothing.
      const url = '/api/auth/get-session?disableRefresh=true'
      const answer = await get(request, url, { cookie: request.headers.cookie ?? '' })
      if (answer.statusCode !== 200) return new Fault(answer)
      const session: { readonly user: User } | null = answer.json()
      if (session === null) return undefined
      const { id, name, email } = session.user
      return { id, name, email }
    },
    async tasks(request, view, zone) {
      const answer = await get(request, requestOf(view, zone), {
        authorization: `Bearer ${tokenOfCookie(request.headers) ?? ''}`,
      })
      if (answer.statusCode !== 200) return new Fault(answer)
      return {
        tasks: answer.json(),
        next: answer.headers['x-next-cursor']?.toString() ?? null,
        position: answer.headers['x-sync-cursor']?.toString() ?? null,
      }
    },
    async authorization(request, query) {
      const fault = faultOf(query)
      if (fault !== undefined) return { status: 422, asked: { detail: fault, redirectTo: null } }
      const url = `/api/apps/authorization?${new URLSearchParams({ request: query }).toString()}`
      const answer = await get(request, url, { authorization: `Bearer ${tokenOfCookie(request.headers) ?? ''}` })
      const status = answer.statusCode
      // The route answers with this type.
      if (status === 200) return { status, asked: answer.json() }
      return { status, asked: { detail: detailOf(answer.body), redirectTo: redirectOf(answer.body) } }
    },
  }
}

/** Names no parameter of the route, which the app did not send. */
function faultOf(query: string): string | undefined {
  if (query === '') return 'The app sent no request'
  return query.length > REQUEST_LENGTH_MAX
    ? `The request of the app is too long: it has ${query.length} characters, and may have ${REQUEST_LENGTH_MAX}`
    : undefined
}

function detailOf(body: string): string {
  try {
    const { detail }: { readonly detail?: unknown } = JSON.parse(body)
    if (typeof detail === 'string') return detail
  } catch {
    // Not a problem of this service.
  }
  return 'The service cannot answer now'
}

/** Where an app waits for the answer to a request that was refused. */
function redirectOf(body: string): string | null {
  try {
    const { redirectTo }: { readonly redirectTo?: unknown } = JSON.parse(body)
    return typeof redirectTo === 'string' ? redirectTo : null
  } catch {
    return null
  }
}
