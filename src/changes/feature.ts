import type { Feature } from '../feature.ts'
import { CHANGE_PROBLEMS } from './problems.ts'

export const changes: Feature = {
  tags: [{ name: 'sync', description: 'The changes of what the signed-in user has, for programs that keep a copy' }],
  problems: Object.values(CHANGE_PROBLEMS),
  routes: async (app, deps) => (await import('./routes.ts')).changeRoutes(app, deps),
  jobs: async ({ db }) => [(await import('./jobs.ts')).purgeOfChanges(db)],
}
