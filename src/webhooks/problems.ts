import { problemKinds } from '../problems.ts'
import { WEBHOOKS_MAX } from './schema.ts'

/** Problems that only the routes of webhooks return. */
export const WEBHOOK_PROBLEMS = problemKinds({
  webhook_limit_reached: {
    status: 409,
    title: 'Webhook limit reached',
    meaning: `You have ${WEBHOOKS_MAX} webhooks. Nothing was created.`,
    action: 'Delete a webhook that is no longer used, then repeat the request.',
    detail: `You have ${WEBHOOKS_MAX} webhooks, which is the maximum: delete one first`,
  },
})
