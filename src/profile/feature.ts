import type { Feature } from '../feature.ts'

/**
 * The profile. Its table `user_settings` stays where the feature is deleted: lists of tasks read the time zone from it, which is UTC for users
 * without a row.
 */
export const profile: Feature = {
  tags: [{ name: 'profile', description: 'Who you are, and your settings' }],
  writeProbes: [
    `insert into public.user_settings (timezone, email_reminders) select 'UTC', false where false returning timezone`,
    `update public.user_settings set timezone = timezone, email_reminders = email_reminders where false returning timezone`,
  ],
  routes: async (app, deps) => (await import('./routes.ts')).profileRoutes(app, deps),
}
