import type { Scopes } from '../db/scopes.ts'
import type { Step } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { MailKind, MailTexts } from '../mail/kind.ts'
import { ATTEMPTS_MAX, DISABLED_AFTER_MS, WARNED_AFTER, WARNED_AFTER_MS } from './schedule.ts'
import type { DisabledReason } from './schema.ts'

/** The name of the mail that says that a webhook was disabled. */
export const DISABLED_MAIL = 'webhook-disabled'
/** The name of the mail that says that a webhook is going to be disabled. */
export const FAILING_MAIL = 'webhook-failing'

interface Hook {
  readonly url: string
  readonly disabledReason: DisabledReason | null
  /** How often the next event has failed. */
  readonly failedAttempts: number
  /** RFC 3339, in UTC; null if no attempt is planned. */
  readonly nextAttemptAt: string | null
}

// A webhook that is active and fails has its last delivery as the newest one that is no answer to a request of the user.
const HOOK: Statement = {
  name: 'webhooks.mail',
  text: `select url, disabled_reason as "disabledReason", failed_attempts as "failedAttempts", (
           select todo_instant_json(next_attempt_at)::json from webhook_deliveries
           where user_id = $user and webhook_id = $1 and cause = 'change' order by id desc limit 1
         ) as "nextAttemptAt"
         from webhooks where user_id = $user and id = $1`,
}

const hookOf = (id: string): Step<Hook | undefined> =>
  // The columns of the statement.
  shortReading(HOOK, [id], (row) => row as Hook | undefined)

const hours = (ms: number): number => Math.round(ms / 3_600_000)

/** An instant to the minute. */
const minuteOf = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')} UTC`

const DISABLED: MailTexts<Hook> = {
  en: ({ url, disabledReason }) => ({
    subject: 'A webhook was disabled',
    paragraphs: [
      disabledReason === 'gone'
        ? `The webhook to ${new URL(url).host} was disabled, because its receiver answered that it wants no more events (410).`
        : `The webhook to ${new URL(url).host} was disabled, because an event could not be delivered in ${ATTEMPTS_MAX} attempts over ${hours(DISABLED_AFTER_MS)} hours or more.`,
      'The list of its deliveries shows what the receiver answered. Activate the webhook again when the receiver works: it continues with the first event that it has not received, as far as the changes of the last 90 days reach.',
    ],
  }),
}

const FAILING: MailTexts<Hook> = {
  en: ({ url, nextAttemptAt }) => ({
    subject: 'A webhook is failing',
    paragraphs: [
      `The webhook to ${new URL(url).host} could not deliver an event in ${WARNED_AFTER} attempts over ${hours(WARNED_AFTER_MS)} hours or more. Events after it wait.`,
      `${nextAttemptAt === null ? 'It is sent again' : `It is sent again at ${minuteOf(nextAttemptAt)}`}. After ${ATTEMPTS_MAX} failed attempts the webhook is disabled. The list of its deliveries shows what the receiver answered.`,
    ],
  }),
}

/** @param isStillSo whether there is still a reason to send the mail: meanwhile the webhook may have been deleted, changed, or have recovered */
const kindOf = (
  { db }: { readonly db: Pick<Scopes, 'asUser'> },
  name: string,
  texts: MailTexts<Hook>,
  isStillSo: (hook: Hook) => boolean,
): MailKind => ({
  name,
  compose: async ({ principal, reference, language }) => {
    const hook = principal && (await db.asUser(principal, hookOf(String(reference['webhook']))))
    return hook !== undefined && isStillSo(hook) ? { text: texts[language](hook) } : undefined
  },
})

export const webhookMails = (deps: { readonly db: Pick<Scopes, 'asUser'> }): readonly MailKind[] => [
  kindOf(deps, DISABLED_MAIL, DISABLED, ({ disabledReason }) => disabledReason !== null),
  kindOf(
    deps,
    FAILING_MAIL,
    FAILING,
    ({ disabledReason, failedAttempts }) => disabledReason === null && failedAttempts >= WARNED_AFTER,
  ),
]
