import type { Feature } from '../feature.ts'

/**
 * Notifications, and the job that makes them of reminders. Their tables stay where the feature is deleted: a trigger on tasks fills that of
 * the reminders.
 */
export const notifications: Feature = {
  tags: [{ name: 'notifications', description: 'What you were reminded of' }],
  writeProbes: [`update public.notifications set read_at = read_at where false returning id`],
  routes: async (app, deps) => (await import('./routes.ts')).notificationRoutes(app, deps),
  jobs: async (deps) => (await import('./jobs.ts')).notificationJobs(deps),
  mails: async (deps) => (await import('./mails.ts')).notificationMails(deps),
}
