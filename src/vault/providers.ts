import type { VaultSettings } from './settings.ts'

export type ProviderName = keyof VaultSettings['baseUrls']

/** Why a provider says no: it does not know the key, or it does not let this one be used as it is. */
export type Refusal = 'unknown' | 'restricted'

export interface Provider {
  /** Its name as people write it. */
  readonly title: string
  /** What every key of it looks like, and those of others do not. Loose: the provider itself is asked anyway. */
  readonly shape: RegExp
  /** What is wrong with another shape, in words that follow the field's name. */
  readonly must: string
  /** The version of its API, which is put behind a base URL that ends without one. */
  readonly version: string
  /** The cheapest call that it documents and that takes a key: a list of models, which costs no tokens. */
  readonly path: string
  /** The member of the answer that holds the list. */
  readonly list: string
  readonly headers: (apiKey: string) => Readonly<Record<string, string>>
  /** What an answer that is neither a success nor 429 says of the key; undefined when it says nothing of it. */
  readonly refusal: (status: number, error: ProviderError) => Refusal | undefined
}

/** The member `error` of an answer, as far as all of them have it. */
export interface ProviderError {
  readonly type?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly details?: unknown
}

/** Every provider there is. A new one is an entry here, its base URL in `settings.ts`, and its line in the test. */
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
      // Where this service stands is no fault of the key.
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
      // "Request not allowed": where this service stands is no fault of the key.
      return status === 403 && error.type !== 'forbidden' ? 'restricted' : undefined
    },
  },
}

// An object's keys are declared as any strings.
export const PROVIDER_NAMES = Object.keys(PROVIDERS) as readonly ProviderName[]

/** Where to ask whether a key works. A base URL may end with the API's version, as the providers' own SDKs take it. */
export function checkUrl({ version, path }: Provider, baseUrl: string): string {
  return `${/\/v\d\w*$/.test(baseUrl) ? baseUrl : `${baseUrl}/${version}`}${path}`
}

/** The first four and the last three characters. */
export const masked = (apiKey: string): string => `${apiKey.slice(0, 4)}...${apiKey.slice(-3)}`

/** A key that OpenAI knows, without the right to list models or from another network than it is for. */
const isRestriction = ({ code, message }: ProviderError): boolean =>
  code === 'ip_not_authorized' ||
  (typeof message === 'string' && /insufficient permissions|missing scopes/i.test(message))

/** The reasons of google.rpc.ErrorInfo. */
function reasonsOf({ details }: ProviderError): readonly unknown[] {
  const all: readonly unknown[] = Array.isArray(details) ? details : []
  return all.map((each) => (typeof each === 'object' && each !== null && 'reason' in each ? each.reason : undefined))
}
