import type { Scopes } from '../db/scopes.ts'
import type { Again, RunningJob } from '../jobs/kind.ts'
import type { Queue } from '../jobs/queue.ts'
import type { Mail } from '../mail/mail.ts'
import type { Principal } from '../principal.ts'
import type { WebhookMetrics } from './metrics.ts'
import { DISABLED_MAIL, FAILING_MAIL } from './mails.ts'
import { advanced, delivered, failed, lost, settled, trimmed, type Recording } from './outcomes.ts'
import {
  bodyOf,
  nextEvents,
  pendingDelivery,
  testBodyOf,
  type LoggedEvent,
  type NextEvents,
  type Target,
} from './reader.ts'
import { jobsFor, type Lane } from './rings.ts'
import { retryInMs, WARNED_AFTER } from './schedule.ts'
import type { DisabledReason } from './schema.ts'
import { messageIdOf, type Message } from './secrets.ts'
import type { Outcome, Send } from './sender.ts'
import type { Traffic } from './traffic.ts'

/** How long a job delivers before others of its lane get its place. */
const SLICE_MS = 10_000
/** Old deliveries are deleted each time that about so many entries of the log were delivered. */
const TRIM_EVERY = 100

export interface CourierDeps {
  readonly db: Scopes
  readonly jobs: Queue
  readonly mail: Pick<Mail, 'enqueue'>
  readonly metrics: WebhookMetrics
  readonly send: Send
  readonly traffic: Traffic
  readonly log: { warn(fields: object, message: string): void }
}

/** What the jobs of a webhook do. */
export class Courier {
  readonly #deps: CourierDeps

  constructor(deps: CourierDeps) {
    this.#deps = deps
  }

  /**
   * Delivers what lies between the cursor of a webhook and the end of the log, one event after another. An event that fails stays the next one
   * until it is delivered or the webhook is disabled. No transaction is open while a receiver is waited for.
   *
   * @param lane of the job. A webhook that has become slow, or quick, is left to a job of the other lane
   */
  async deliver(webhookId: string, lane: Lane, job: RunningJob): Promise<Again | undefined> {
    const principal = principalOf(job)
    const endsAt = performance.now() + SLICE_MS
    for (;;) {
      const next = await this.#deps.db.asUser(principal, nextEvents(webhookId))
      if (next === undefined || !next.target.active) return undefined
      if (next.target.isSlow !== (lane === 'slow')) return await this.#handOver(next)
      if (next.purgedSeq > next.target.cursorSeq) {
        await this.#noteLoss(principal, next)
        continue
      }
      for (const event of next.events) {
        if (job.stopping.aborted || performance.now() > endsAt) return { againInMs: 0 }
        const step = await this.#deliverOne(principal, next, event, job.signal)
        if (step !== 'next') return step
      }
      if (next.doneSeq > (next.events.at(-1)?.seq ?? next.target.cursorSeq)) {
        await this.#record(principal, advanced(next.target, next.doneSeq))
      }
      if (isDueToTrim(next)) await this.#record(principal, trimmed(next.target))
      if (!next.hasMore) return undefined
    }
  }

  /** Sends what the user has asked for: a test, or an event again. It is sent once, and has no effect on the order and the attempts. */
  async sendPending(deliveryId: string, job: RunningJob): Promise<Again | undefined> {
    const principal = principalOf(job)
    const pending = await this.#deps.db.asUser(principal, pendingDelivery(deliveryId))
    if (pending === undefined) return undefined
    const { userId, target, event, isTest, messageId, addedAt } = pending
    const body = isTest ? testBodyOf(addedAt) : event && bodyOf(event)
    if (body === null) {
      await this.#record(principal, settled(deliveryId, NOT_IN_LOG))
      return undefined
    }
    const outcome = await this.#attempt({ userId, target, isRetry: true }, { id: messageId, body }, job.signal)
    if ('againInMs' in outcome) return outcome
    await this.#record(principal, settled(deliveryId, outcome))
    return undefined
  }

  /** @returns what the job returns, or `next` */
  async #deliverOne(
    principal: Principal,
    { userId, target }: NextEvents,
    event: LoggedEvent,
    signal: AbortSignal,
  ): Promise<Again | undefined | 'next'> {
    const message = { id: messageIdOf(target.id, event.seq, event.changeId), body: bodyOf(event) }
    const outcome = await this.#attempt({ userId, target, isRetry: target.failedAttempts > 0 }, message, signal)
    if ('againInMs' in outcome) return outcome
    if (!outcome.isDelivered) return await this.#noteFailure(principal, target, event, outcome)
    if (!(await this.#record(principal, delivered(target, event, outcome)))) return undefined
    // The next read hands the webhook over to the other lane.
    if (outcome.isSlow !== target.isSlow) return { againInMs: 0 }
    // Of the same read: the next event is a new one.
    return target.failedAttempts > 0 ? { againInMs: 0 } : 'next'
  }

  /** Sends a message if there is a place for it. */
  async #attempt(
    { userId, target, isRetry }: { readonly userId: string; readonly target: Target; readonly isRetry: boolean },
    message: Message,
    signal: AbortSignal,
  ): Promise<Outcome | Again> {
    const place = this.#deps.traffic.enter(userId, new URL(target.url).host, isRetry)
    if (typeof place === 'number') return { againInMs: place }
    let isAnswered: boolean | undefined
    try {
      const outcome = await this.#deps.send(target, message, signal)
      isAnswered = outcome.isAnswered
      const kind = outcome.isDelivered ? 'succeeded' : isAnswered ? 'refused' : 'unanswered'
      this.#deps.metrics.sent(kind, outcome.durationMs / 1000)
      return outcome
    } finally {
      place.leave(isAnswered)
    }
  }

  async #noteFailure(
    principal: Principal,
    target: Target,
    event: LoggedEvent,
    outcome: Outcome,
  ): Promise<Again | undefined> {
    const { metrics, log } = this.#deps
    const failures = target.failedAttempts + 1
    const inMs = outcome.isGone ? undefined : retryInMs(failures, outcome.retryAfterMs)
    if (inMs !== undefined) {
      const warning = failures === WARNED_AFTER ? FAILING_MAIL : undefined
      const isNoted = await this.#recordWithMail(
        principal,
        target,
        failed(target, event, outcome, { retryInMs: inMs }),
        warning,
      )
      return isNoted ? { againInMs: inMs } : undefined
    }
    const reason: DisabledReason = outcome.isGone ? 'gone' : 'failed'
    const isDisabled = await this.#recordWithMail(
      principal,
      target,
      failed(target, event, outcome, { reason }),
      DISABLED_MAIL,
    )
    if (isDisabled) {
      metrics.disabled(reason)
      log.warn({ webhook: target.id, reason }, 'a webhook was disabled')
    }
    return undefined
  }

  async #noteLoss(principal: Principal, { target, purgedSeq }: NextEvents): Promise<void> {
    if (!(await this.#record(principal, lost(target, purgedSeq)))) return
    this.#deps.metrics.lost()
    this.#deps.log.warn({ webhook: target.id }, 'changes were purged before a webhook could deliver them')
  }

  async #handOver({ userId, target }: NextEvents): Promise<undefined> {
    const { db, jobs } = this.#deps
    const [job] = jobsFor([{ userId, id: target.id, isSlow: target.isSlow }])
    if (job === undefined) return
    await db.asSystem('hand a webhook over', (sql) => jobs.ring(sql, [job]))
    jobs.wake(job.name)
  }

  /** Records, and sends the owner a mail if there is one. The mail is enqueued in the same transaction, so there is one for each record. */
  async #recordWithMail(
    principal: Principal,
    target: Target,
    work: Recording,
    kind: string | undefined,
  ): Promise<boolean> {
    if (kind === undefined) return await this.#record(principal, work)
    const { mail, jobs } = this.#deps
    const isRecorded = await this.#record(principal, async (sql) => {
      if (!(await work(sql))) return false
      await mail.enqueue(sql, { kind, reference: { webhook: target.id } })
      return true
    })
    if (isRecorded) jobs.wake()
    return isRecorded
  }

  /** What is recorded is nothing that readers of the change log follow. */
  #record(principal: Principal, work: Recording): Promise<boolean> {
    return this.#deps.db.asUser(principal, work, { isUnlogged: true })
  }
}

const NOT_IN_LOG = {
  isDelivered: false,
  durationMs: 0,
  responseStatus: null,
  responseBody: null,
  error: 'the change is not in the change log any more',
} as const

const isDueToTrim = ({ target, events }: NextEvents): boolean => {
  const last = events.at(-1)?.seq
  return last !== undefined && Math.floor(last / TRIM_EVERY) > Math.floor(target.cursorSeq / TRIM_EVERY)
}

function principalOf({ principal }: RunningJob): Principal {
  if (principal === undefined) throw new Error('the job is of no user')
  return principal
}
