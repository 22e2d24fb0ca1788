import { ROOT } from './dom.ts'

/** The body of a refusal (RFC 9457). */
export interface Refusal {
  readonly code: string
  readonly detail: string
}

export interface Answer {
  readonly status: number
  readonly ok: boolean
  readonly headers: Headers
  /** The parsed body; undefined without one. */
  readonly json: unknown
}

export interface Call {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

interface Session {
  readonly session: { readonly token: string }
  readonly user: { readonly id: string }
}

const TIMEOUT_MS = 20_000

/** The bearer token of the session, in memory only. The cookie, which scripts cannot read, gets it. */
let token: Promise<string | undefined> | undefined

/** Called when the session has ended. */
let onEnd = (): void => undefined
export const onSessionEnd = (callback: () => void): void => {
  onEnd = callback
}

/** The user whom the page shows. */
let shownId: string | undefined
/** Another user, who has signed in in another tab, then is as if none were signed in: nothing is done in the account of that user. */
export const actOnlyFor = ({ id }: { readonly id: string }): void => {
  shownId = id
}

/** @throws TypeError if the service cannot be reached */
async function readToken(): Promise<string | undefined> {
  const answer = await fetch(`${ROOT}api/auth/get-session`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (answer.status !== 200) throw new TypeError('The session cannot be read now')
  // This route answers with the session or null.
  const found = (await answer.json()) as Session | null
  return found === null || found.user.id !== shownId ? undefined : found.session.token
}

const bearer = async (): Promise<string | undefined> => {
  token ??= readToken()
  try {
    return await token
  } catch (error) {
    token = undefined
    throw error
  }
}

/** Forgets the token: the next call reads it again. */
export const forgetToken = (): void => {
  token = undefined
}

/** A call of the public API as the signed-in user; fetch's own response, for streams. @throws TypeError if it is unreachable */
export async function send(method: string, path: string, given: Call = {}): Promise<Response> {
  const value = await bearer()
  if (value === undefined) return ended()
  const response = await fetchAs(value, method, path, given)
  if (response.status !== 401) return response
  // Another tab may have changed the password or signed in again: the cookie then has a new session.
  forgetToken()
  const newer = await bearer()
  return newer === undefined || newer === value ? ended() : fetchAs(newer, method, path, given)
}

function ended(): Response {
  forgetToken()
  onEnd()
  return new Response(null, { status: 401 })
}

const fetchAs = (
  value: string,
  method: string,
  path: string,
  { body, headers = {}, signal }: Call,
): Promise<Response> =>
  fetch(`${ROOT}${path.replace(/^\//, '')}`, {
    method,
    headers: {
      authorization: `Bearer ${value}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  })

/** The same, with the body. @throws TypeError if the service cannot be reached, or is silent for too long */
export async function call(method: string, path: string, given: Call = {}): Promise<Answer> {
  try {
    const response = await send(method, path, { signal: AbortSignal.timeout(TIMEOUT_MS), ...given })
    const text = await response.text()
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '')
    const { status, ok, headers } = response
    return { status, ok, headers, json: isJson && text !== '' ? JSON.parse(text) : undefined }
  } catch (error) {
    throw error instanceof TypeError ? error : new TypeError('The service does not answer', { cause: error })
  }
}

export function refusalOf({ status, json }: Pick<Answer, 'status' | 'json'>): Refusal {
  const { code, detail }: { readonly code?: unknown; readonly detail?: unknown } = Object(json)
  return {
    code: typeof code === 'string' ? code : 'unknown',
    detail: typeof detail === 'string' ? detail : `The service answered with the status ${status}`,
  }
}

/** A random UUID. `crypto.randomUUID` is missing on pages without TLS, except those of localhost. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
