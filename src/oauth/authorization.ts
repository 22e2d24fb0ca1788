import { Problem } from '../errors.ts'
import { SCOPE_NAMES, type Scope } from '../principal.ts'
import { isOurResource } from './base.ts'
import { OAUTH_PROBLEMS } from './problems.ts'
import { isRegistered, redirectFault, withAnswer } from './redirects.ts'
import { CLIENT_ID_LENGTH_MAX } from './schema.ts'

/** An app, as it describes itself. */
export interface Client {
  readonly id: string
  readonly name: string
  readonly redirectUris: readonly string[]
  /** Whether it says that it uses refresh tokens. */
  readonly mayRefresh: boolean
}

/** An authorization request that can be answered. */
export interface Authorization {
  readonly client: Client
  readonly redirectUri: string
  readonly scopes: readonly Scope[]
  readonly mayRefresh: boolean
  readonly state: string | undefined
  readonly codeChallenge: string
}

/** Not a scope of this service: it asks for refresh tokens. */
export const OFFLINE_ACCESS = 'offline_access'
/** Without the value itself: it would be a text of the app on the page of this service. */
export const UNKNOWN_SCOPE = `scope must consist of ${[...SCOPE_NAMES, OFFLINE_ACCESS].join(', ')}`
const SCOPES_DEFAULT: readonly Scope[] = ['tasks:read']
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/

/** The id of the client in the query of an authorization request. @throws Problem invalid_authorization_request (422) */
export function clientIdOf(query: URLSearchParams): string {
  const [id = '', ...more] = query.getAll('client_id')
  if (id === '' || more.length > 0) throw refused('invalid_request', 'client_id is required, once')
  if (id.length > CLIENT_ID_LENGTH_MAX) {
    throw refused('invalid_client', `client_id must have at most ${CLIENT_ID_LENGTH_MAX} characters`)
  }
  return id
}

/**
 * Checks an authorization request (RFC 6749 §4.1.1, RFC 7636, RFC 8707). Unknown parameters are ignored, as RFC 6749 demands.
 *
 * @param base the URL of this service
 * @throws Problem invalid_authorization_request (422); with `redirectTo` once it is known where the app waits for the answer
 */
export function checkAuthorization(query: URLSearchParams, client: Client, base: string): Authorization {
  const redirectUri = redirectUriOf(query, client)
  const [state] = query.getAll('state')
  const refuse = (error: string, detail: string): Problem =>
    refused(error, detail, withAnswer(redirectUri, { error, error_description: printable(detail), state, iss: base }))
  const repeated = [...new Set(query.keys())].find((name) => name !== 'resource' && query.getAll(name).length > 1)
  if (repeated !== undefined) throw refuse('invalid_request', `${printable(repeated).slice(0, 64)} is there twice`)
  if (query.get('response_type') !== 'code') throw refuse('unsupported_response_type', 'response_type must be code')
  if ((query.get('response_mode') ?? 'query') !== 'query') {
    throw refuse('invalid_request', 'response_mode must be query, or left out')
  }
  for (const name of ['request', 'request_uri']) {
    if (query.has(name))
      throw refuse(`${name}_not_supported`, `${name} is not supported: send the parameters themselves`)
  }
  const codeChallenge = query.get('code_challenge') ?? ''
  if (codeChallenge === '') throw refuse('invalid_request', 'code_challenge is required: use PKCE with S256')
  if (query.get('code_challenge_method') !== 'S256') {
    throw refuse('invalid_request', 'code_challenge_method must be S256')
  }
  if (!CHALLENGE.test(codeChallenge)) {
    throw refuse('invalid_request', 'code_challenge must be a SHA-256 in base64url, which has 43 characters')
  }
  if (!query.getAll('resource').every((each) => isOurResource(each, base))) {
    throw refuse('invalid_target', `resource must be ${base} or ${base}/mcp`)
  }
  const { scopes, isOffline, hasUnknown } = readScope(query.get('scope') ?? '')
  if (hasUnknown) throw refuse('invalid_scope', UNKNOWN_SCOPE)
  const mayRefresh = isOffline || client.mayRefresh
  return { client, redirectUri, scopes, mayRefresh, state, codeChallenge }
}

/** @throws Problem without `redirectTo`: an app whose URI is not its own must not be answered */
function redirectUriOf(query: URLSearchParams, { redirectUris }: Client): string {
  const [uri = '', ...more] = query.getAll('redirect_uri')
  if (uri === '' || more.length > 0) throw refused('invalid_request', 'redirect_uri is required, once')
  const fault = redirectFault(uri)
  if (fault !== undefined) throw refused('invalid_request', `redirect_uri ${fault}`)
  if (!isRegistered(uri, redirectUris)) {
    throw refused('invalid_request', 'redirect_uri is not among those that the app has registered')
  }
  return uri
}

/** @param text of a parameter `scope` */
export function readScope(text: string): {
  readonly scopes: readonly Scope[]
  readonly isOffline: boolean
  readonly hasUnknown: boolean
} {
  const values = text.split(' ').filter((each) => each !== '')
  const isScope = (value: string): value is Scope => SCOPE_NAMES.some((each) => each === value)
  const asked = SCOPE_NAMES.filter((each) => values.includes(each))
  return {
    scopes: asked.length > 0 ? asked : SCOPES_DEFAULT,
    isOffline: values.includes(OFFLINE_ACCESS),
    hasUnknown: values.some((each) => each !== OFFLINE_ACCESS && !isScope(each)),
  }
}

/** The characters that `error_description` may have (RFC 6749 §4.1.2.1). */
const printable = (text: string): string => text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')

const refused = (error: string, detail: string, redirectTo?: string): Problem =>
  new Problem(OAUTH_PROBLEMS.invalid_authorization_request, detail, {
    body: { error, ...(redirectTo !== undefined && { redirectTo }) },
  })

/** A client that this service does not know or cannot use. */
export const unusableClient = (detail: string): Problem => refused('invalid_client', detail)
