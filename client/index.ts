import createFetchClient, { mergeHeaders, type HeadersOptions } from 'openapi-fetch'
import { headersOf, type Auth } from './auth.ts'
import type { Call, Get, Items, Method, Page, Pages } from './calls.ts'
import { newKey } from './key.ts'
import { ProblemError } from './problem.ts'
import { queryOf } from './query.ts'
import { repeatedly, RETRY, type Retry } from './retry.ts'
import type { paths } from './schema.ts'

export type { Auth, Credentials } from './auth.ts'
export type { Answer, Page, Task, TaskCreate, TaskField, TaskPatch } from './calls.ts'
export { isProblem, ProblemError, type ProblemCode, type Violation } from './problem.ts'
export type { Retry } from './retry.ts'
export type { components, paths } from './schema.ts'

export interface ClientOptions {
  /** Where the service is, such as `https://todo.example.com`. Credentials go to this origin and nowhere else. */
  readonly baseUrl: string
  /** Without credentials the client can only sign up and sign in. */
  readonly auth?: Auth
  readonly retry?: Partial<Retry>
  /** Instead of the platform's own. Called once for each attempt. */
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

/** A call as it is when it runs: what it may be, the types have said. */
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
    // The document has parameters of no other types.
    querySerializer: (query) => queryOf(query as Parameters<typeof queryOf>[0]),
  })

  const call =
    (method: Method): AnyCall =>
    async (path, { signal, ...init } = {}) => {
      const once = isOnceOnly(method, path)
      const sent = {
        ...init,
        // One for the call, however often it is sent. One of the caller's own comes after it, and so instead of it.
        headers: mergeHeaders(once ? { 'idempotency-key': newKey() } : {}, init.headers),
        fetch: (request: Request) => send(request, { isRepeatable: method === 'get' || once, signal }),
      }
      // The types of a call are those of `Client`, and have been checked where it was written.
      const { data, error, response } = await http.request(method, path as never, sent as never)
      if (response.ok || response.status === 304) return { data, response }
      throw new ProblemError(response, error)
    }

  const send = async (
    request: Request,
    { isRepeatable, signal }: { isRepeatable: boolean; signal: AbortSignal | undefined },
  ): Promise<Response> => {
    const { url, method, headers } = request
    // A path that is no path could make another host of the two.
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
      cursor = nextCursor
      // A path in pages answers with an array.
      yield { items: data as unknown[], total: total === null ? undefined : Number(total), nextCursor }
    } while (cursor !== undefined)
  }

  async function* items(path: string, init?: AnyInit): AsyncGenerator<unknown, void> {
    for await (const page of pages(path, init)) yield* page.items
  }

  // What comes out is what the document says, to which the service's own tests hold it.
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

/** A browser may leave the origin out, and mean that of its page. */
function serviceAt(baseUrl: string): URL {
  const { location } = globalThis as { readonly location?: { readonly href: string } }
  // URL.parse is younger than Node 20.
  const url = URL.canParse(baseUrl, location?.href) ? new URL(baseUrl, location?.href) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url
  throw new TypeError('baseUrl must be a URL of http or https')
}
