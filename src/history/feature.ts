import type { Feature } from '../feature.ts'

export const history: Feature = {
  tags: [{ name: 'history', description: 'What was changed, by whom and in which request, and taking it back' }],
  routes: async (app, deps) => (await import('./routes.ts')).historyRoutes(app, deps),
  jobs: async ({ db }) => [(await import('./jobs.ts')).purgeOfUndos(db)],
}
