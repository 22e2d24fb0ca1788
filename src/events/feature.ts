import type { Feature } from '../feature.ts'

export const events: Feature = {
  routes: async (app, deps) => (await import('./routes.ts')).eventRoutes(app, deps),
}
