import type { VaultSettings } from './settings.ts'

export type ProviderName = keyof VaultSettings['baseUrls']

/** Why a provider refuses a key: it does not know the key, or it does not permit this use of it. */
export type Refusal = 'unknown' | 'restricted'

export interface Provider {
  /** The name of the provider, for people. */
  readonly title: string
  /** The format of its keys, which keys of other providers do not have. It is loose, because the provider checks the key anyway. */
  readonly shape: RegExp
  /** The error for another format, without the field's name. */
  readonly must: string
  /** The version of its API, which is appended to a base URL without one. */
  readonly version: string
  /** The cheapest documented call that needs a key: a list of models, which costs no tokens. */
  readonly path: string
  /** The member of the answer that contains the list. */
  readonly list: string
  readonly headers: (apiKey: string) => Readonly<Record<string, string>>
  /** Why the provider refuses the key, from an answer that is neither a success nor 429; undefined if the answer is not about the key. */
  readonly refusal: (status: number, error: ProviderError) => Refusal | undefined
}

/** The members of `error` that the answers of all providers may have. */
export interface ProviderError {
  readonly type?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly details?: unknown
}

/** All providers. A new one needs an entry here, its base URL in `settings.ts`, and a line in the test. */
export const PROVIDERS: Readonly<Record<ProviderName, Provider>> = {
  // https://ai.google.dev/api/models and https://cloud.google.com/apis/design/errors. A wrong key is 400 there.
  gemini: {
    title: 'Gemini',
    shape: /^(?!sk-)[\w.-]{16,512}$/,
    must: 'must be a Gemini key: 16 to 512 letters, digits, dots, hyphens or underscores, such as AIza… or AQ.…',
    version: 'v1beta',
    path: '/models?pageSize=1',
    list: 'models',
    headers: (apiKey) => ({ 'x-goog-api-key': apiKey }),
    refusal: (status, error) => {
      const isUnknown = reasonsOf(error).includes('API_KEY_INVALID') || /API key not valid/i.test(String(error.message))
      if (isUnknown || status === 401) return 'unknown'
      return status === 403 ? 'restricted' : undefined
    },
  },
  // https://platform.openai.com/docs/api-reference/models/list and /docs/guides/error-codes. The list has no page size.
  openai: {
    title: 'OpenAI',
    shape: /^sk-(?!ant-)[\w.-]{13,509}$/,
    must: 'must be an OpenAI key: sk-, then 13 to 509 letters, digits, dots, hyphens or underscores',
    version: 'v1',
    path: '/models',
    list: 'data',
    headers: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    refusal: (status, error) => {
      if (status === 401) return isRestriction(error) ? 'restricted' : 'unknown'
      // The location of this service says nothing about the key.
      return status === 403 && error.code !== 'unsupported_country_region_territory' ? 'restricted' : undefined
    },
  },
  // https://docs.anthropic.com/en/api/models-list and /en/api/errors
  anthropic: {
    title: 'Anthropic',
    shape: /^sk-ant-[\w.-]{9,505}$/,
    must: 'must be an Anthropic key: sk-ant-, then 9 to 505 letters, digits, dots, hyphens or underscores',
    version: 'v1',
    path: '/models?limit=1',
    list: 'data',
    headers: (apiKey) => ({ 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' }),
    refusal: (status, error) => {
      if (status === 401) return 'unknown'
      // "Request not allowed" refers to the location of this service, not to the key.
      return status === 403 && error.type !== 'forbidden' ? 'restricted' : undefined
    },
  },
}

// Object.keys returns string[].
export const PROVIDER_NAMES = Object.keys(PROVIDERS) as readonly ProviderName[]

/** The URL of the check. A base URL may end with the API's version, as in the providers' own SDKs. */
export function checkUrl({ version, path }: Provider, baseUrl: string): string {
  return `${/\/v\d\w*$/.test(baseUrl) ? baseUrl : `${baseUrl}/${version}`}${path}`
}

/** The first four and the last three characters. */
export const masked = (apiKey: string): string => `${apiKey.slice(0, 4)}...${apiKey.slice(-3)}`

/** Whether OpenAI knows the key, but it may not list models or not from this network. */
const isRestriction = ({ code, message }: ProviderError): boolean =>
  code === 'ip_not_authorized' ||
  (typeof message === 'string' && /insufficient permissions|missing scopes/i.test(message))

/** The reasons of google.rpc.ErrorInfo. */
function reasonsOf({ details }: ProviderError): readonly unknown[] {
  const all: readonly unknown[] = Array.isArray(details) ? details : []
  return all.map((each) => (typeof each === 'object' && each !== null && 'reason' in each ? each.reason : undefined))
}
