import { Problem, retryAfter } from '../errors.ts'
import { tooManyRequests } from '../http/admission.ts'
import type { Secret } from '../lib/secret.ts'
import type { Limits, Policy } from '../limits/limits.ts'
import type { Tracer } from '../observer.ts'
import type { KeyMetrics } from './metrics.ts'
import { KEY_PROBLEMS } from './problems.ts'
import { checkUrl, PROVIDERS, type Provider, type ProviderError, type ProviderName, type Refusal } from './providers.ts'
import type { VaultSettings } from './settings.ts'

/** Timeout of a provider, from the first byte sent to the last byte received. */
const TIMEOUT_MS = 10_000
/** OpenAI's list of models has no pages; a hundred models take about 20 KiB. */
const ANSWER_BYTES_MAX = 1024 * 1024
/** Concurrent checks per process and provider, so that checks with a provider that hangs do not accumulate or delay the others. */
const CHECKS_MAX = 32
/** Retry-After if the provider sends none. */
const RETRY_AFTER_S = 30
/** A Retry-After of the provider above this is ignored. */
const RETRY_AFTER_MAX_S = 86_400

const POLICY: Policy = { name: 'key-checks', limit: 5, windowSeconds: 3600 }

/** The result of a check. Only `success` and `failure` are the provider's decision about the key. */
export type Verdict =
  | { readonly status: 'success' }
  | { readonly status: 'failure'; readonly reason: string }
  | { readonly status: 'quota_exceeded' | 'unreachable'; readonly retryAfterS: number; readonly cause: Error }

export interface LiveChecks {
  /**
   * Asks the provider whether it accepts this key. The key is sent in a header, only to the configured base URL:
   * redirects are not followed.
   *
   * @throws Problem too_many_requests (429) beyond five checks an hour for one user; provider_unavailable (503) while too many
   *   checks are in progress in this process, which does not count towards the limit
   */
  check(userId: string, provider: ProviderName, apiKey: Secret): Promise<Verdict>
}

export interface LiveCheckOptions {
  readonly baseUrls: VaultSettings['baseUrls']
  readonly limits: Pick<Limits, 'take'>
  readonly timeoutMs?: number
  readonly metrics?: KeyMetrics
  readonly tracer?: Pick<Tracer, 'within'> | undefined
}

const UNTRACED: Pick<Tracer, 'within'> = { within: (_span, work) => work(() => undefined) }

export function openLiveChecks({
  baseUrls,
  limits,
  timeoutMs = TIMEOUT_MS,
  metrics,
  tracer = UNTRACED,
}: LiveCheckOptions): LiveChecks {
  const underWay = new Map<ProviderName, number>()
  return {
    async check(userId, name, apiKey) {
      const ahead = underWay.get(name) ?? 0
      if (ahead >= CHECKS_MAX) throw tooBusy(PROVIDERS[name].title)
      underWay.set(name, ahead + 1)
      try {
        const counted = await limits.take(POLICY, userId)
        if (!counted.allowed) throw tooManyRequests(counted, 'checks of keys')
        const provider = PROVIDERS[name]
        // A stored key may come from another program. If it is not valid in a header, the error of `fetch` would quote it.
        if (!provider.shape.test(apiKey.reveal())) return { status: 'failure', reason: `apiKey ${provider.must}` }
        const startedAt = performance.now()
        const verdict = await tracer.within({ name: `check key ${name}`, kind: 'client' }, async (note) => {
          const verdict = await ask(provider, checkUrl(provider, baseUrls[name]), apiKey, timeoutMs)
          note({ outcome: verdict.status })
          return verdict
        })
        metrics?.keyChecked(name, verdict.status, (performance.now() - startedAt) / 1000)
        return verdict
      } finally {
        underWay.set(name, (underWay.get(name) ?? 1) - 1)
      }
    },
  }
}

async function ask(provider: Provider, url: string, apiKey: Secret, timeoutMs: number): Promise<Verdict> {
  try {
    const response = await fetch(url, {
      // Not followed: a redirect would take the key to another host.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept: 'application/json',
        // A few compressed bytes may decompress to a gigabyte.
        'accept-encoding': 'identity',
        'user-agent': 'todo-backend',
        ...provider.headers(apiKey.reveal()),
      },
    })
    const text = await readAtMost(ANSWER_BYTES_MAX, response)
    return judge(provider, response, text)
  } catch (error) {
    return unreachable(error instanceof Error ? error : new Error('the request to the provider failed'))
  }
}

function judge(provider: Provider, { status, headers }: Response, text: string): Verdict {
  if (status === 429) {
    // The quota may be that of the key or of this service's IP address, so this does not show whether the key works.
    return {
      ...unreachable(new Error('the provider answered 429')),
      status: 'quota_exceeded',
      ...retryAfterOf(headers),
    }
  }
  const answer = parsed(text)
  if (status === 200 && Array.isArray(answer?.[provider.list])) return { status: 'success' }
  // A gateway in between may answer 403 too, with a body of its own.
  const isOfProvider = answer !== undefined && (status !== 403 || typeof answer['error'] === 'object')
  const refusal = isOfProvider && status >= 400 && status < 500 ? provider.refusal(status, errorOf(answer)) : undefined
  if (refusal !== undefined) return { status: 'failure', reason: REASONS[refusal](provider.title) }
  return {
    ...unreachable(new Error(`the provider answered ${status}, which it does not document`)),
    ...retryAfterOf(headers),
  }
}

const errorOf = ({ error }: Readonly<Record<string, unknown>>): ProviderError =>
  typeof error === 'object' && error !== null ? error : {}

/** Our own sentences, because the message of a provider may quote the key. */
const REASONS: Readonly<Record<Refusal, (title: string) => string>> = {
  unknown: (title) => `${title} does not know this key: copy it again from there, or make a new one`,
  restricted: (title) =>
    `${title} knows this key but does not permit it to list models from here: check its permissions and restrictions there`,
}

const unreachable = (cause: Error): Extract<Verdict, { cause: Error }> => ({
  status: 'unreachable',
  retryAfterS: RETRY_AFTER_S,
  cause,
})

/** Only a Retry-After in seconds is used: a date would depend on the provider's clock. */
function retryAfterOf(headers: Headers): { retryAfterS?: number } {
  const seconds = headers.get('retry-after') ?? ''
  const isUsable = /^[1-9]\d{0,8}$/.test(seconds) && Number(seconds) <= RETRY_AFTER_MAX_S
  return isUsable ? { retryAfterS: Number(seconds) } : {}
}

/** @throws Error when the body exceeds `limit` bytes; the rest is not read */
async function readAtMost(limit: number, { body }: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  // Leaving the loop closes the connection.
  for await (const piece of body ?? []) {
    size += piece.byteLength
    if (size > limit) throw new Error(`the provider answered more than ${limit} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

/** The value if it is an object, else undefined. */
function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // A non-null object has string keys.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const tooBusy = (title: string): Problem =>
  new Problem(
    KEY_PROBLEMS.provider_unavailable,
    `Too many checks with ${title} are in progress. The key could not be checked, and nothing was changed`,
    retryAfter(RETRY_AFTER_S),
  )
