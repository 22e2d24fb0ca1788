import { purge, purgeOf } from '../db/purge.ts'
import type { FeatureDeps, JobDeps } from '../feature.ts'
import type { JobKind, RunningJob } from '../jobs/kind.ts'
import type { JobRequest } from '../jobs/queue.ts'
import { openFernet } from '../lib/fernet.ts'
import type { OutboundPolicy } from '../outbound/destination.ts'
import { openOutbound, type Outbound } from '../outbound/outbound.ts'
import { Courier } from './courier.ts'
import { openDispatcher, resume, sweep } from './dispatcher.ts'
import { openWebhookMetrics } from './metrics.ts'
import { JOB_OF } from './rings.ts'
import { openSender } from './sender.ts'
import { webhookSettings } from './settings.ts'
import { Traffic, type TrafficOptions } from './traffic.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Deliveries at the same time of one process: of quick webhooks, of slow ones, and of what users have asked for. */
const QUICK = 16
const SLOW = 16
const ASKED_FOR = 4
/** More than a slice of deliveries and the request that it ends with. */
const TIMEOUT_MS = MINUTE_MS

const SEND = 'send-webhook-delivery'
const RESUME = 'resume-webhook'

/** The job that sends a delivery which the user has asked for. */
export const sending = (deliveryId: string): JobRequest => ({ name: SEND, reference: { delivery: deliveryId } })

/** The job that continues with the deliveries of a webhook at once. */
export const resuming = (webhookId: string, userId: string): JobRequest => ({
  name: RESUME,
  reference: { webhook: webhookId, user: userId },
})

/** Where webhooks may lead. */
export const policyOf = (config: FeatureDeps['config']): OutboundPolicy => ({
  reach: config.environment === 'development' ? 'local' : 'public',
  allowedHosts: webhookSettings.of(config).allowedHosts,
})

// How old they are stands in the policy, too: the system role sees no others.
const PURGE = purgeOf({
  name: 'webhooks.purge_deliveries',
  table: 'webhook_deliveries',
  key: ['id'],
  by: 'created_at',
  before: `now() - interval '30 days'`,
  lock: 'for update skip locked',
})

export interface WebhookJobOptions extends TrafficOptions {
  /** Replaces the guarded requests. */
  readonly outbound?: Pick<Outbound, 'send'>
}

/** The background work of webhooks. */
export function webhookJobs(
  { config, db, jobs, mail, metrics, log }: JobDeps,
  { outbound: replaced, ...options }: WebhookJobOptions = {},
): readonly JobKind[] {
  const outbound = openOutbound(policyOf(config))
  const courier = new Courier({
    db,
    jobs,
    mail,
    log,
    metrics: openWebhookMetrics(metrics.registry),
    send: openSender(replaced ?? outbound, openFernet(config.encryptionKeys)),
    traffic: new Traffic(options),
  })
  // A delivery has its own schedule, and is never dead: what fails here is the database or the process.
  const always = { timeoutMs: TIMEOUT_MS, attemptsMax: Infinity, retryInMs: capped }
  const deliver = (lane: 'quick' | 'slow', concurrency: number): JobKind => ({
    ...always,
    name: JOB_OF[lane],
    concurrency,
    run: (job) => courier.deliver(referred(job, 'webhook'), lane, job),
  })
  return [
    { ...deliver('quick', QUICK), open: () => stackOf(openDispatcher({ db, jobs, log }), outbound) },
    deliver('slow', SLOW),
    {
      ...always,
      name: SEND,
      concurrency: ASKED_FOR,
      run: (job) => courier.sendPending(referred(job, 'delivery'), job),
    },
    { ...always, name: RESUME, run: (job) => resume({ db, jobs }, referred(job, 'user'), referred(job, 'webhook')) },
    { name: 'find-late-webhooks', everyMs: HOUR_MS, run: ({ signal }) => sweep({ db, jobs }, signal) },
    {
      name: 'purge-webhook-deliveries',
      everyMs: HOUR_MS,
      run: async ({ signal }) => void (await purge(db, 'purge old webhook deliveries', PURGE, signal)),
    },
  ]
}

const capped = (attempts: number): number => Math.min(1_000 * 2 ** (attempts - 1), MINUTE_MS)

const referred = ({ reference }: RunningJob, name: string): string => String(reference[name])

/** Disposed from the first to the last. */
const stackOf = (...resources: readonly AsyncDisposable[]): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    for (const each of resources) await each[Symbol.asyncDispose]()
  },
})
