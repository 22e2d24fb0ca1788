/** The events of `/api/webhooks` by name. */
export const EVENT_NAMES: Readonly<Record<string, string>> = {
  'task.created': 'A task was created',
  'task.updated': 'A task was changed',
  'task.completed': 'A task was completed',
  'task.deleted': 'A task was deleted',
  'task.reminder': 'A reminder of a task was due',
}

/** A webhook as `GET /api/webhooks` answers it. */
export interface Webhook {
  readonly id: string
  readonly url: string
  readonly events: readonly string[]
  readonly description: string | null
  readonly active: boolean
  readonly disabledReason: string | null
  readonly disabledAt: string | null
  readonly previousSecretUntil: string | null
}

/** An attempt to deliver an event, as `GET /api/webhooks/{id}/deliveries` answers it. */
export interface Delivery {
  readonly id: string
  readonly type: string
  readonly cause: string
  readonly status: string
  readonly attempt: number
  readonly createdAt: string
  readonly durationMs: number | null
  readonly responseStatus: number | null
  readonly error: string | null
  readonly nextAttemptAt: string | null
}

const DISABLED: Readonly<Record<string, string>> = {
  failed: 'Disabled, because the last attempt to deliver an event has failed',
  gone: 'Disabled, because the receiver answered that it is gone',
}
const CAUSES: Readonly<Record<string, string>> = { test: 'Test', redelivery: 'Sent again' }

export const stateText = ({ active, disabledReason }: Webhook): string =>
  active ? 'Active' : disabledReason === null ? 'Paused' : (DISABLED[disabledReason] ?? `Disabled: ${disabledReason}`)

export const eventText = (type: string): string => EVENT_NAMES[type] ?? type

/** What became of an attempt, in a few words. */
export function resultText({ status, responseStatus, durationMs, error, attempt }: Delivery): string {
  const tries = attempt > 1 ? `, attempt ${attempt}` : ''
  if (status === 'pending') return `Waiting${tries}`
  if (status === 'lost') return 'Lost: it is older than the change log'
  const answer = responseStatus === null ? (error ?? 'no answer') : `answered ${responseStatus}`
  const time = durationMs === null ? '' : ` after ${durationMs} ms`
  return `${status === 'succeeded' ? 'Delivered' : 'Failed'}: ${answer}${time}${tries}`
}

/** Why it was sent, if not for a change that just happened. */
export const causeText = ({ cause, type }: Delivery): string => {
  const why = CAUSES[cause]
  return why === undefined ? eventText(type) : cause === 'test' ? why : `${eventText(type)} · ${why.toLowerCase()}`
}
