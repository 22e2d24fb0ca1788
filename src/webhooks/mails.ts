import type { Scopes } from '../db/scopes.ts'
import type { MailKind, MailTexts } from '../mail/kind.ts'
import { Problem } from '../errors.ts'
import type { Webhook } from './schema.ts'
import * as store from './store.ts'

/** The name of the mail that says that a webhook was disabled. */
export const DISABLED_MAIL = 'webhook-disabled'

const TEXTS: MailTexts<Pick<Webhook, 'url' | 'disabledReason'>> = {
  en: ({ url, disabledReason }) => ({
    subject: 'A webhook was disabled',
    paragraphs: [
      disabledReason === 'gone'
        ? `The webhook to ${new URL(url).host} was disabled, because its receiver answered that it wants no more events (410).`
        : `The webhook to ${new URL(url).host} was disabled, because an event could not be delivered for 32 hours, in nine attempts.`,
      'The list of its deliveries shows what the receiver answered. Activate the webhook again when the receiver works: it continues with the first event that it has not received, as far as the changes of the last 90 days reach.',
    ],
  }),
}

export const webhookMails = ({ db }: { readonly db: Pick<Scopes, 'asUser'> }): readonly MailKind[] => [
  {
    name: DISABLED_MAIL,
    compose: async ({ principal, reference, language }) => {
      if (principal === undefined) return undefined
      const webhook = await db.asUser(principal, store.find(String(reference['webhook']))).catch(unlessNotFound)
      // Meanwhile it was deleted, or activated again.
      if (webhook === undefined || webhook.disabledReason === null) return undefined
      return { text: TEXTS[language](webhook) }
    },
  },
]

const unlessNotFound = (error: unknown): undefined => {
  if (!(error instanceof Problem) || error.code !== 'not_found') throw error
}
