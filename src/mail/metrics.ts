import { Counter, type Registry } from 'prom-client'

const OUTCOMES = ['sent', 'refused', 'deferred', 'skipped'] as const
export type MailOutcome = (typeof OUTCOMES)[number]

export interface MailMetrics {
  ended(this: void, kind: string, outcome: MailOutcome): void
}

export function openMailMetrics(registry: Registry): MailMetrics {
  const mails = new Counter({
    name: 'mail_messages_total',
    help: 'Attempts to send mails by kind: `sent`, `refused` (by the mail server for good: not repeated), `deferred` (the server failed: repeated later, or dead after the last attempt), `skipped` (no longer wanted, or no verified address)',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  return { ended: (kind, outcome) => mails.inc({ kind, outcome }) }
}
