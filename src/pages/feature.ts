import type { Feature } from '../feature.ts'
import { pagesSettings } from './settings.ts'

/** Pages for people. They use public routes only, so another page can replace them. */
export const pages: Feature = {
  settings: pagesSettings,
  publicRoutes: async (app, deps) => (await import('./routes.ts')).pageRoutes(app, deps),
  greeting: (config, address) => ({
    label: 'page',
    text: pagesSettings.of(config).enabled ? `${address}/` : 'off (PAGES_ENABLED)',
  }),
}
