import type { FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { App } from './server.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** It is among those being worked on. */
    isInWork: boolean
  }
}

/** As many are worked on at once as are answered in this time at the pace of the moment: so long the last of them waits. */
const ANSWERED_WITHIN_MS = 600
/** Before there is a pace to go by: one that small machines reach. */
const USUAL_PER_MS = 0.6
const IN_WORK_MIN = 32
const IN_WORK_MAX = 1024
/** How often the pace is taken. */
const TICK_MS = 250

/**
 * Bounds how many requests are worked on at once; the rest is refused at once, while answering would still be of use to the
 * others (Little's law: waiting = number / pace). A request counts once its body is in, until its answer is ready: clients
 * that are slow to send or to read hold no place.
 */
export function boundWork(app: App): void {
  const work = new Work()
  app.decorateRequest('isInWork', false)
  const enter = (request: FastifyRequest): void => {
    if (request.isInWork || request.routeOptions.config.unlimited === true) return
    if (!work.enter()) {
      throw new Problem('overloaded', 'More is asked than can be answered in time; try again shortly', {
        headers: { 'retry-after': '1' },
      })
    }
    request.isInWork = true
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
  // A client that left takes no answer.
  app.addHook('onResponse', (request, _reply, done) => {
    leave(request)
    done()
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

  /** Whether there is room for one more. */
  enter(): boolean {
    const now = this.#now()
    if (now - this.#tickedAt >= TICK_MS) this.#tick(now)
    if (this.#inWork >= this.#limit) return false
    this.#inWork++
    return true
  }

  leave(): void {
    this.#inWork--
    this.#done++
    this.#fewest = Math.min(this.#fewest, this.#inWork)
  }

  /** Only a process that always has enough to do shows what it can. */
  #tick(now: number): void {
    const isBusy = this.#fewest >= this.#limit / 2
    const perMs = isBusy ? this.#done / (now - this.#tickedAt) : USUAL_PER_MS
    const limit = Math.min(IN_WORK_MAX, Math.max(IN_WORK_MIN, Math.round(perMs * ANSWERED_WITHIN_MS)))
    this.#limit = isBusy ? limit : Math.max(limit, this.#limit)
    this.#tickedAt = now
    this.#done = 0
    this.#fewest = this.#inWork
  }
}
