import { Counter, Histogram, type Registry } from 'prom-client'
import { metricOnce } from '../lib/metric.ts'

export interface ReminderMetrics {
  sent(this: void, lateS: number): void
}

export function openReminderMetrics(registry: Registry): ReminderMetrics {
  const registers = [registry]
  const total = metricOnce(
    registry,
    'reminders_sent_total',
    (name) => new Counter({ name, help: 'Reminders that became notifications', registers }),
  )
  const late = metricOnce(
    registry,
    'reminders_late_seconds',
    (name) =>
      new Histogram({
        name,
        help: 'How long after its time a reminder became a notification',
        buckets: [0.5, 1, 2, 5, 15, 60, 300, 3600],
        registers,
      }),
  )
  return {
    sent: (lateS) => {
      total.inc()
      late.observe(lateS)
    },
  }
}
