import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { Problem, retryAfter } from '../errors.ts'
import { originForm } from './ambiguity.ts'
import { corsHeaders } from './cors.ts'
import { pathOf, PROBLEM_JSON, problemBody, requestIdOf } from './problem.ts'
import { wholeStatus } from './request-log.ts'
import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** It is among those being worked on. */
    isInWork: boolean
  }
  interface FastifyContextConfig {
    /**
     * Mostly waits for somebody else's server, which is no work of ours. Refused like all others, but not counted: those that
     * wait for a server that hangs would keep out what has nothing to do with it. The route bounds them by itself.
     */
    readonly waitsElsewhere?: true
  }
}

/** As many are worked on at once as are answered in this time at the pace of the moment: so long the last of them waits. */
const ANSWERED_WITHIN_MS = 250
/** Before there is a pace to go by: one that small machines reach. */
const USUAL_PER_MS = 1.44
const IN_WORK_MIN = 32
const IN_WORK_MAX = 1024
/** How often the pace is taken. */
const TICK_MS = 250

const overloaded = (): Problem =>
  new Problem('overloaded', 'More is asked than can be answered in time; try again shortly', retryAfter(1))

/** How often the log says how many were refused. */
const REPORT_INTERVAL_MS = 1_000

/** For requests that wait for others of their user: they have been let in, and are not worked on. */
export interface InWork {
  pause(this: void, request: FastifyRequest): void
  /** It is never refused: it was let in. */
  resume(this: void, request: FastifyRequest): void
}

/**
 * Bounds how many requests are worked on at once; the rest is refused at once, while answering would still be of use to the
 * others (Little's law: waiting = number / pace). A request counts once its body is in, until its answer is ready: clients
 * that are slow to send or to read hold no place.
 *
 * @param headers what every answer carries
 */
export function boundWork(app: App, config: Config, headers: Readonly<Record<string, string>>): InWork {
  const work = new Work()
  app.decorateRequest('isInWork', false)
  const enter = (request: FastifyRequest): void => {
    const { unlimited, waitsElsewhere } = request.routeOptions.config
    if (request.isInWork || unlimited === true) return
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
 * Where nothing fits any more, a request is refused before the framework sees it: what refusing costs is taken from those
 * that were let in. Instead of a log line for each there is one a second.
 */
function refuseEarly(app: App, config: Config, work: Work, headers: Readonly<Record<string, string>>): void {
  const problem = overloaded()
  let refused = 0
  const report = (): void => {
    app.log.warn({ refused }, 'overloaded: requests were refused')
    refused = 0
  }
  // Paths of the routes that are answered however much is asked.
  const free = new Set<string>()
  app.addHook('onRoute', ({ url, config: { unlimited } = {} }) => {
    if (unlimited === true) free.add(url)
  })
  // The framework's own; what watches connections stands before it, and goes on to see every request.
  const serve = app.server.listeners('request').at(-1)
  if (serve === undefined) throw new Error('the framework does not listen for requests')
  app.server.removeListener('request', serve)
  app.server.on('request', (request, response) => {
    if (app.draining || !work.isFull()) return serve(request, response)
    const { url = '/', method } = request
    const path = pathOf(originForm(url))
    // A preflight is answered, so that a page may read why its request is not.
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

  /** Whether there was room for one more. */
  enter(): boolean {
    if (this.isFull()) return false
    this.#inWork++
    return true
  }

  leave(): void {
    this.pause()
    this.#done++
  }

  /** One that is not worked on for a while, and not done. */
  pause(): void {
    this.#inWork--
    this.#fewest = Math.min(this.#fewest, this.#inWork)
  }

  resume(): void {
    this.#inWork++
  }

  /** Only a process that always has enough to do shows what it can. */
  #tick(now: number): void {
    const isBusy = this.#fewest >= this.#limit / 2
    if (!isBusy) this.#limit = Math.max(this.#limit, USUAL_PER_MS * ANSWERED_WITHIN_MS)
    // Where nothing ended at all the pace is not slow but unknown, as while the database is away for a moment.
    else if (this.#done > 0) {
      const answered = Math.round((this.#done / (now - this.#tickedAt)) * ANSWERED_WITHIN_MS)
      this.#limit = Math.min(IN_WORK_MAX, Math.max(IN_WORK_MIN, answered))
    }
    this.#tickedAt = now
    this.#done = 0
    this.#fewest = this.#inWork
  }
}
