import { Counter, Histogram, type Registry } from 'prom-client'
import { metricOnce } from '../lib/metric.ts'
import { DISABLED_REASONS, type DisabledReason } from './schema.ts'

/** A receiver has ten seconds to answer. */
const BUCKETS_S = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Metrics of deliveries. Arguments must be low-cardinality. */
export interface WebhookMetrics {
  /** @param outcome `succeeded`; `refused`: a status that is no success; `unanswered`: no answer */
  sent(this: void, outcome: 'succeeded' | 'refused' | 'unanswered', seconds: number): void
  disabled(this: void, reason: DisabledReason): void
  /** Entries of the log were purged before they could be delivered. */
  lost(this: void): void
}

/** The metrics of the registry: those of an earlier call, if there was one. Both the routes and the jobs of a process call it. */
export function openWebhookMetrics(registry: Registry): WebhookMetrics {
  const registers = [registry]
  const sent = metricOnce<Histogram<'outcome'>>(
    registry,
    'webhook_delivery_duration_seconds',
    (name) =>
      new Histogram({
        name,
        help: 'Attempts to deliver webhooks: `succeeded`, `refused` (the receiver answered with another status), `unanswered`',
        labelNames: ['outcome'],
        buckets: BUCKETS_S,
        registers,
      }),
  )
  const disabled = metricOnce<Counter<'reason'>>(registry, 'webhooks_disabled_total', (name) => {
    const counter = new Counter({
      name,
      help: 'Webhooks that the service has disabled: `failed` (the last attempt failed), `gone` (the receiver answered 410)',
      labelNames: ['reason'],
      registers,
    })
    for (const reason of DISABLED_REASONS) counter.inc({ reason }, 0)
    return counter
  })
  const lost = metricOnce<Counter>(
    registry,
    'webhook_losses_total',
    (name) =>
      new Counter({
        name,
        help: 'Webhooks that had not delivered entries of the change log when these were deleted after 90 days',
        registers,
      }),
  )
  return {
    sent: (outcome, seconds) => sent.observe({ outcome }, seconds),
    disabled: (reason) => disabled.inc({ reason }),
    lost: () => lost.inc(),
  }
}
