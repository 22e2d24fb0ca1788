import type { Feature } from '../feature.ts'

export const calendar: Feature = {
  tags: [{ name: 'calendar', description: 'Your tasks as iCalendar, for calendar programs' }],
  writeProbes: [
    `insert into public.calendar_feeds (hash) select '' where false returning created_at`,
    `update public.calendar_feeds set hash = '', created_at = now() where false returning created_at`,
    `delete from public.calendar_feeds where false returning user_id`,
  ],
  publicRoutes: async (app, deps) => (await import('./routes.ts')).feedRoutes(app, deps),
  routes: async (app, deps) => (await import('./routes.ts')).calendarRoutes(app, deps),
}
