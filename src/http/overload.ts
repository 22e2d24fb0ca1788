import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { Problem, retryAfter } from '../errors.ts'
import { DETAILS } from '../problems.ts'
import { originForm } from './ambiguity.ts'
import { corsHeaders } from './cors.ts'
import { pathOf, PROBLEM_JSON, problemBody, requestIdOf } from './problem.ts'
import { wholeStatus } from './request-log.ts'
import type { App } from './app.ts'
import { routeOf } from './route.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the request counts as in progress. */
    isInWork: boolean
  }
  interface FastifyContextConfig {
    /**
     * The route mostly waits for another server. Under overload its requests are refused like all others, but they are not counted:
     * requests waiting for a hanging server would cause unrelated ones to be refused. The route has a limit of its own.
     */
    readonly waitsElsewhere?: true
  }
}

/** The limit of requests in progress is the number that is answered in this time at the current rate: the longest wait. */
const ANSWERED_WITHIN_MS = 250
/** The rate before one has been measured; small machines reach it. */
const USUAL_PER_MS = 1.44
const IN_WORK_MIN = 32
const IN_WORK_MAX = 1024
/** How often the rate is measured. */
const TICK_MS = 250

const overloaded = (): Problem => new Problem('overloaded', DETAILS.overloaded, retryAfter(1))

/** How often the number of refused requests is logged. */
const REPORT_INTERVAL_MS = 1_000

/** For requests that wait for others of their user: they were accepted, but are not in progress. */
export interface InWork {
  pause(this: void, request: FastifyRequest): void
  /** Never refuses, because the request was accepted before. */
  resume(this: void, request: FastifyRequest): void
}

/**
 * Limits the number of requests in progress and refuses the rest at once, so that accepted requests are answered in time (Little's
 * law: waiting time = number / rate). A request counts from the end of its body until its answer is ready: clients that are slow
 * to send or to read hold no place.
 *
 * @param headers the headers of every answer
 */
export function boundWork(app: App, config: Config, headers: Readonly<Record<string, string>>): InWork {
  const work = new Work()
  app.decorateRequest('isInWork', false)
  const enter = (request: FastifyRequest): void => {
    const { unlimited, waitsElsewhere } = routeOf(request).config
    if (request.isInWork || unlimited === true || request.outer !== null) return
    if (waitsElsewhere === true ? work.isFull() : !work.enter()) throw overloaded()
    request.isInWork = waitsElsewhere !== true
  }
  const leave = (request: FastifyRequest): void => {
    if (!request.isInWork) return
    request.isInWork = false
    work.leave()
  }
  app.addHook('onRequest', (request, _reply, done) => {
    if (!awaitsBody(request)) enter(request)
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    enter(request)
    done()
  })
  app.addHook('onSend', (request, _reply, _payload, done) => {
    leave(request)
    done()
  })
  refuseEarly(app, config, work, headers)
  return {
    pause(request) {
      if (!request.isInWork) return
      request.isInWork = false
      work.pause()
    },
    resume(request) {
      request.isInWork = true
      work.resume()
    },
  }
}

/**
 * At the limit, a request is refused before the framework handles it, because the cost of refusing is taken from the accepted ones.
 * Refusals are logged once a second, not one by one.
 */
function refuseEarly(app: App, config: Config, work: Work, headers: Readonly<Record<string, string>>): void {
  const problem = overloaded()
  let refused = 0
  const report = (): void => {
    app.log.warn({ refused }, 'overloaded: requests were refused')
    refused = 0
  }
  // Paths of routes that are answered even under overload.
  const free = new Set<string>()
  app.addHook('onRoute', ({ url, config: { unlimited } = {} }) => {
    if (unlimited === true) free.add(url)
  })
  // The framework's listener is the last one. Those before it watch connections and still see every request.
  const serve = app.server.listeners('request').at(-1)
  if (serve === undefined) throw new Error('the framework does not listen for requests')
  app.server.removeListener('request', serve)
  app.server.on('request', (request, response) => {
    if (app.draining || !work.isFull()) return serve(request, response)
    const { url = '/', method } = request
    const path = pathOf(originForm(url))
    // Preflights are answered, so that a page can read the refusal of its request.
    const isFree = method === 'OPTIONS' || free.has(path.replace(/\/$/, ''))
    if (isFree) return serve(request, response)
    if (refused++ === 0) setTimeout(report, REPORT_INTERVAL_MS).unref()
    response.once('close', () => app.observer.requestEnded(method, undefined, wholeStatus(response), 0))
    const requestId = requestIdOf(request)
    const body = problemBody(problem, app.links, { path, requestId })
    response.writeHead(problem.status, {
      ...headers,
      ...problem.headers,
      ...corsHeaders(config, request),
      'cache-control': 'private, no-store',
      'content-type': PROBLEM_JSON,
      'content-length': Buffer.byteLength(body),
      'x-request-id': requestId,
    })
    response.end(method === 'HEAD' ? undefined : body)
    app.observer.refused(problem.code)
  })
}

const awaitsBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

export class Work {
  readonly #now: () => number
  #inWork = 0
  #limit = USUAL_PER_MS * ANSWERED_WITHIN_MS
  #tickedAt: number
  /** Since the last tick. */
  #done = 0
  #fewest = 0

  /** @param now milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#tickedAt = now()
  }

  isFull(): boolean {
    const now = this.#now()
    if (now - this.#tickedAt >= TICK_MS) this.#tick(now)
    return this.#inWork >= this.#limit
  }

  /** @returns false if the limit is reached */
  enter(): boolean {
    if (this.isFull()) return false
    this.#inWork++
    return true
  }

  leave(): void {
    this.pause()
    this.#done++
  }

  /** The request is not in progress for a while, and not done. */
  pause(): void {
    this.#inWork--
    this.#fewest = Math.min(this.#fewest, this.#inWork)
  }

  resume(): void {
    this.#inWork++
  }

  /** Measures the rate, but only if the process was busy throughout: an idle one does not show its capacity. */
  #tick(now: number): void {
    const isBusy = this.#fewest >= this.#limit / 2
    if (!isBusy) this.#limit = Math.max(this.#limit, USUAL_PER_MS * ANSWERED_WITHIN_MS)
    // If no request ended, the rate is unknown, not zero; for instance while the database is briefly unreachable.
    else if (this.#done > 0) {
      const answered = Math.round((this.#done / (now - this.#tickedAt)) * ANSWERED_WITHIN_MS)
      this.#limit = Math.min(IN_WORK_MAX, Math.max(IN_WORK_MIN, answered))
    }
    this.#tickedAt = now
    this.#done = 0
    this.#fewest = this.#inWork
  }
}
