import { LRUCache } from 'lru-cache'
import { Agent, request } from 'undici'
import { guardedConnector, openDnsResolver, resolveBySystem, type Resolve } from './connector.ts'
import { destinationOf, type Destination, type OutboundPolicy } from './destination.ts'
import { OutboundError, outboundError } from './errors.ts'

/** From the first byte of the connection to the last byte that is read. */
export const DEADLINE_MS = 10_000
/** How much of an answer is read. */
export const ANSWER_BYTES_MAX = 64 * 1024
/** How long a connection without a request is kept. */
const KEEP_ALIVE_MS = 4_000
/** Destinations whose connections are kept. */
const DESTINATIONS_MAX = 500

export interface OutboundRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
}

export interface OutboundAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The beginning of the body: what arrived of its first {@link ANSWER_BYTES_MAX} bytes before the deadline. */
  readonly body: Buffer
  /** Whether `body` is the whole body. */
  readonly isComplete: boolean
}

export interface OutboundOptions {
  readonly deadlineMs?: number
  /** Replaces both resolvers. */
  readonly resolve?: Resolve
}

/**
 * Requests to URLs that users give, guarded against server-side request forgery. It follows no redirect, so a 3xx is an answer like others;
 * it ignores the proxies of the environment, which would resolve the names themselves; and it decompresses nothing, because a few
 * bytes may become a gigabyte.
 *
 * The AI providers of `vault/` are not called through it: their URLs are the operator's and not a user's, and may be those of a gateway in
 * a private network.
 */
export interface Outbound extends AsyncDisposable {
  /** @throws OutboundError when there is no answer with a status */
  send(this: void, request: OutboundRequest): Promise<OutboundAnswer>
}

export function openOutbound(
  policy: OutboundPolicy,
  { deadlineMs = DEADLINE_MS, resolve }: OutboundOptions = {},
): Outbound {
  const resolveByDns = resolve ?? openDnsResolver()
  const closing = new Set<Promise<void>>()
  const close = (agent: Agent): void => {
    const closed: Promise<void> = agent.close().finally(() => closing.delete(closed))
    closing.add(closed)
  }
  const agents = new LRUCache<string, Agent>({ max: DESTINATIONS_MAX, dispose: close })

  /** One agent for each origin, so that a connection is used only for the host that it was checked for. */
  const agentFor = (destination: Destination): Agent => {
    const { origin } = destination.url
    const known = agents.get(origin)
    if (known !== undefined) return known
    const by = destination.isTrusted ? (resolve ?? resolveBySystem) : resolveByDns
    const made = new Agent({
      connect: guardedConnector(destination, by),
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    })
    agents.set(origin, made)
    return made
  }

  return {
    async send({ url, method, headers, body, signal }) {
      const destination = destinationOf(url, policy)
      if (typeof destination === 'string') throw new OutboundError('url_refused', `the URL ${destination}`)
      const timeout = AbortSignal.timeout(deadlineMs)
      const ending = signal === undefined ? timeout : AbortSignal.any([timeout, signal])
      try {
        const answer = await request(destination.url, {
          dispatcher: agentFor(destination),
          method,
          headers: { 'accept-encoding': 'identity', 'user-agent': 'todo-backend', ...headers },
          ...(body !== undefined && { body }),
          signal: ending,
        })
        return { status: answer.statusCode, headers: answer.headers, ...(await beginningOf(answer.body)) }
      } catch (error) {
        throw outboundError(error, { isTimedOut: timeout.aborted, isAborted: signal?.aborted === true })
      }
    },
    [Symbol.asyncDispose]: async () => {
      const open = [...agents.values()]
      agents.clear()
      await Promise.all([...open.map((agent) => agent.destroy()), ...closing])
    },
  }
}

/** Never throws: the status, which has arrived, is the answer, whatever becomes of its body. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<Pick<OutboundAnswer, 'body' | 'isComplete'>> {
  const pieces: Buffer[] = []
  let size = 0
  let isComplete = true
  try {
    for await (const piece of body) {
      pieces.push(piece)
      size += piece.length
      isComplete = size <= ANSWER_BYTES_MAX
      // Leaving the loop closes the connection.
      if (!isComplete) break
    }
  } catch {
    isComplete = false
  }
  return { body: Buffer.concat(pieces).subarray(0, ANSWER_BYTES_MAX), isComplete }
}
