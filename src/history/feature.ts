import type { Feature } from '../feature.ts'
import { HISTORY_PROBLEMS } from './problems.ts'

export const history: Feature = {
  tags: [{ name: 'history', description: 'What was changed, by whom and in which request, and taking it back' }],
  problems: Object.values(HISTORY_PROBLEMS),
  routes: async (app, deps) => {
    const [{ historyRoutes }, { undoRoutes }] = await Promise.all([import('./routes.ts'), import('./undo-routes.ts')])
    historyRoutes(app, deps)
    undoRoutes(app, deps)
  },
  jobs: async ({ db }) => [(await import('./jobs.ts')).purgeOfUndos(db)],
}
