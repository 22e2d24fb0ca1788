import { Histogram, type Registry } from 'prom-client'

/** A provider has ten seconds to answer. */
const CHECK_BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Metrics of live checks. Arguments must be low-cardinality. */
export interface KeyMetrics {
  keyChecked(this: void, provider: string, outcome: string, seconds: number): void
}

export function openKeyMetrics(registry: Registry): KeyMetrics {
  const checks = new Histogram({
    name: 'vault_key_check_duration_seconds',
    help: 'Live checks of provider keys, by their result: `success`, `failure`, `quota_exceeded`, `unreachable`',
    labelNames: ['provider', 'outcome'],
    buckets: CHECK_BUCKETS_S,
    registers: [registry],
  })
  return { keyChecked: (provider, outcome, seconds) => checks.observe({ provider, outcome }, seconds) }
}
