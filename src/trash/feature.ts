import type { Feature } from '../feature.ts'

export const trash: Feature = {
  tags: [{ name: 'trash', description: 'What the signed-in user has deleted, for 30 days' }],
  routes: async (app, deps) => (await import('./routes.ts')).trashRoutes(app, deps),
  jobs: async ({ db }) => (await import('./jobs.ts')).trashJobs(db),
}
