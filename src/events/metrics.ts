import { Counter, type Registry } from 'prom-client'
import type { EndReason } from '../http/streams.ts'

const END_REASONS: readonly EndReason[] = ['shutdown', 'age', 'credential', 'slow']

/** What is counted of event streams. */
export interface EventMetrics {
  /** @param events that were made of a page, for all its streams */
  pageRead(this: void, events: number): void
  /** One statement has looked at the credentials and logs of a number of streams. */
  checked(this: void): void
  /** @param reason undefined if the client left */
  ended(this: void, reason: EndReason | undefined): void
}

export function openEventMetrics(registry: Registry): EventMetrics {
  const registers = [registry]
  const pages = new Counter({
    name: 'events_pages_read_total',
    help: 'Pages of changes read for event streams',
    registers,
  })
  const changes = new Counter({
    name: 'events_changes_total',
    help: 'Changes given to event streams, each counted once for each stream',
    registers,
  })
  const checks = new Counter({
    name: 'events_checks_total',
    help: 'Statements that proved credentials of event streams and looked for changes: one for up to 200 streams every 16 seconds, and every 2 seconds while Redis is unavailable',
    registers,
  })
  const ends = new Counter({
    name: 'events_streams_ended_total',
    help: 'Event streams that ended: `client` (it left), `age`, `credential`, `shutdown`, `slow`',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of [...END_REASONS, 'client']) ends.inc({ reason }, 0)
  return {
    pageRead: (events) => {
      pages.inc()
      changes.inc(events)
    },
    checked: () => checks.inc(),
    ended: (reason) => ends.inc({ reason: reason ?? 'client' }),
  }
}
