import { madePlain } from '../lib/visible.ts'
import type { Client } from './authorization.ts'
import { redirectFault } from './redirects.ts'
import { NAME_LENGTH_MAX } from './schema.ts'

/** What an app says of itself (RFC 7591 §2), in a registration or in the document at its URL. */
export type ClientMetadata = Omit<Client, 'id'>

const REDIRECT_URIS_MAX = 10

/** Why metadata were refused; `error` is the code of RFC 7591 §3.2.2. */
export class MetadataFault extends Error {
  readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata'
  constructor(error: MetadataFault['error'], message: string) {
    super(message)
    this.error = error
  }
}

type Members = Readonly<Record<string, unknown>>
export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads what this service uses, and ignores the rest, as RFC 7591 demands: also `logo_uri`, so that no picture makes an unknown app look
 * like a known one.
 *
 * @throws MetadataFault whose message continues `The metadata of the app:`
 */
export function readMetadata(json: unknown): ClientMetadata {
  if (!isMembers(json)) throw invalid('it must be a JSON object')
  refuseSecrets(json)
  return { name: readName(json['client_name']), redirectUris: readRedirectUris(json), ...readGrantTypes(json) }
}

/**
 * An app that prefers another way to authenticate can offer `none` beside it: ChatGPT's document has `private_key_jwt`, and both in
 * `token_endpoint_auth_methods_supported` (OpenID Connect Relying Party Metadata Choices 1.0). It then does what the metadata of this
 * server say. To one that does not offer it a code would be no use.
 */
function refuseSecrets(json: Members): void {
  const preferred = json['token_endpoint_auth_method'] ?? 'none'
  const { token_endpoint_auth_methods_supported: offered = [preferred] } = json
  if (!isTexts(offered)) throw invalid('token_endpoint_auth_methods_supported must be strings')
  if (preferred === 'none' || offered.includes('none')) return
  throw invalid(
    'token_endpoint_auth_method must be none, or token_endpoint_auth_methods_supported must contain it: apps here have neither secrets nor keys',
  )
}

/** @returns `Unnamed app` where there is no name that shows anything */
function readName(name: unknown): string {
  if (name !== undefined && name !== null && typeof name !== 'string') throw invalid('client_name must be a string')
  const shown = madePlain(name ?? '')
    .replace(/\s+/g, ' ')
    .trim()
  return shown === '' ? 'Unnamed app' : Array.from(shown).slice(0, NAME_LENGTH_MAX).join('').trim()
}

function readRedirectUris({ redirect_uris: uris }: Members): readonly string[] {
  if (!isTexts(uris) || uris.length === 0 || uris.length > REDIRECT_URIS_MAX) {
    throw new MetadataFault('invalid_redirect_uri', `redirect_uris must be 1 to ${REDIRECT_URIS_MAX} strings`)
  }
  for (const [at, uri] of uris.entries()) {
    const fault = redirectFault(uri)
    if (fault !== undefined) throw new MetadataFault('invalid_redirect_uri', `redirect_uris[${at}] ${fault}`)
  }
  return uris
}

function readGrantTypes({ grant_types: grants, response_types: responses }: Members): { mayRefresh: boolean } {
  if (grants !== undefined && !isTexts(grants)) throw invalid('grant_types must be strings')
  if (grants !== undefined && !grants.includes('authorization_code')) {
    throw invalid('grant_types must contain authorization_code')
  }
  if (responses !== undefined && !(isTexts(responses) && responses.includes('code'))) {
    throw invalid('response_types must contain code')
  }
  return { mayRefresh: grants?.includes('refresh_token') === true }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')

const invalid = (message: string): MetadataFault => new MetadataFault('invalid_client_metadata', message)
