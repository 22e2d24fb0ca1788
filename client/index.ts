import createFetchClient, { mergeHeaders, type HeadersOptions } from 'openapi-fetch'
import { headersOf, type Auth } from './auth.ts'
import { serviceAt } from './base-url.ts'
import type { Call, Get, Items, Method, Page, Pages } from './calls.ts'
import { newKey } from './key.ts'
import { ProblemError } from './problem.ts'
import { queryOf } from './query.ts'
import { repeatedly, RETRY, type Retry } from './retry.ts'
import type { paths } from './schema.ts'

export type { Auth, Credentials } from './auth.ts'
export type { Answer, Change, Page, Task, TaskCreate, TaskField, TaskPatch } from './calls.ts'
export { isProblem, ProblemError, type ProblemCode, type Violation } from './problem.ts'
export type { Retry } from './retry.ts'
export type { components, paths } from './schema.ts'

export interface ClientOptions {
  /** The URL of the service, such as `https://todo.example.com`. Credentials are sent only to this origin. */
  readonly baseUrl: string
  /** Without credentials the client can only sign up and sign in. */
  readonly auth?: Auth
  readonly retry?: Partial<Retry>
  /** Replaces the platform's `fetch`. Called once for each attempt. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

export interface Client {
  readonly GET: Get
  readonly POST: Call<'post'>
  readonly PUT: Call<'put'>
  readonly PATCH: Call<'patch'>
  readonly DELETE: Call<'delete'>
  readonly pages: Pages
  readonly items: Items
}

/** The options of a call at run time. The types have checked their combinations. */
interface AnyInit {
  readonly params?: { readonly query?: Readonly<Record<string, unknown>>; readonly header?: object }
  readonly headers?: HeadersOptions
  readonly signal?: AbortSignal | undefined
}
type AnyCall = (path: string, init?: AnyInit) => Promise<{ data: unknown; response: Response }>

/** better-auth's routes ignore the header, so a write there may be done twice. */
const isOnceOnly = (method: Method, path: string): boolean => method !== 'get' && !path.startsWith('/api/auth/')

/** @throws TypeError when baseUrl is no URL of http or https */
export function createClient({
  baseUrl,
  auth,
  retry,
  fetch = globalThis.fetch.bind(globalThis),
}: ClientOptions): Client {
  const { origin, pathname } = serviceAt(baseUrl)
  const http = createFetchClient<paths>({
    baseUrl: origin + pathname,
    // The OpenAPI document has no parameters of other types.
    querySerializer: (query) => queryOf(query as Parameters<typeof queryOf>[0]),
  })

  const call =
    (method: Method): AnyCall =>
    async (path, { signal, ...init } = {}) => {
      const once = isOnceOnly(method, path)
      const sent = {
        ...init,
        // One key for all attempts of the call. A key of the caller is set after it and replaces it.
        headers: mergeHeaders(once ? { 'idempotency-key': newKey() } : {}, init.headers),
        fetch: (request: Request) => send(request, { isRepeatable: method === 'get' || once, signal }),
      }
      // The type `Client` has checked the call where it was written.
      const { data, error, response } = await http.request(method, path as never, sent as never)
      if (response.ok || response.status === 304) return { data, response }
      throw new ProblemError(response, error)
    }

  const send = async (
    request: Request,
    { isRepeatable, signal }: { isRepeatable: boolean; signal: AbortSignal | undefined },
  ): Promise<Response> => {
    const { url, method, headers } = request
    // A path that does not begin with a slash could change the host.
    if (new URL(url).origin !== origin) throw new TypeError('The path leads away from baseUrl: nothing was sent')
    const bytes = await request.arrayBuffer()
    const body = bytes.byteLength === 0 ? null : bytes
    const prepare = async () => {
      const sent = { method, headers: mergeHeaders(headers, await headersOf(auth)), body, redirect: 'manual' } as const
      return (attempt: AbortSignal) => fetch(url, { ...sent, signal: attempt })
    }
    return repeatedly({ prepare, isRepeatable, signal }, { ...RETRY, ...retry })
  }

  const get = call('get')

  async function* pages(path: string, init: AnyInit = {}): AsyncGenerator<Page<unknown>, void> {
    let cursor = init.params?.query?.['cursor']
    do {
      const query = { ...init.params?.query, cursor }
      const { data, response } = await get(path, { ...init, params: { ...init.params, query } })
      const total = response.headers.get('x-total-count')
      const nextCursor = response.headers.get('x-next-cursor') ?? undefined
      // The last page of changes has a cursor too, from which later changes can be read.
      cursor = response.headers.get('x-has-more') === 'false' ? undefined : nextCursor
      // The routes with pages answer with an array.
      yield { items: data as unknown[], total: total === null ? undefined : Number(total), nextCursor }
    } while (cursor !== undefined)
  }

  async function* items(path: string, init?: AnyInit): AsyncGenerator<unknown, void> {
    for await (const page of pages(path, init)) yield* page.items
  }

  // The answers have the types of the OpenAPI document, which the service's own tests check.
  return {
    GET: get,
    POST: call('post'),
    PUT: call('put'),
    PATCH: call('patch'),
    DELETE: call('delete'),
    pages,
    items,
  } as Client
}
