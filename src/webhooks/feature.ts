import type { Feature } from '../feature.ts'
import { WEBHOOK_PROBLEMS } from './problems.ts'
import { webhookSettings } from './settings.ts'

export const webhooks: Feature = {
  tags: [{ name: 'webhooks', description: 'URLs that get the changes of the signed-in user' }],
  problems: Object.values(WEBHOOK_PROBLEMS),
  settings: webhookSettings,
  writeProbes: [
    `insert into public.webhooks (id, url, events, description, active, sealed_secret, cursor_seq)
     select gen_random_uuid(), '', '{}', '', true, '', 0 where false returning id, previous_until`,
    `update public.webhooks set url = '' where false returning id`,
    `delete from public.webhooks where false returning id`,
    `insert into public.webhook_deliveries (id, webhook_id, message_id, type, seq, change_id, cause, status, attempt)
     select gen_random_uuid(), gen_random_uuid(), '', '', 1, gen_random_uuid(), '', '', 1 where false returning id, created_at`,
  ],
  sealed: ['sealed_secret', 'previous_secret'].map((column) => ({
    table: 'webhooks',
    column,
    key: 'id',
    keyType: 'uuid',
    label: `'webhook ' || id`,
  })),
  routes: async (app, deps) => (await import('./routes.ts')).webhookRoutes(app, deps),
  jobs: async (deps) => (await import('./jobs.ts')).webhookJobs(deps),
  mails: async (deps) => (await import('./mails.ts')).webhookMails(deps),
}
