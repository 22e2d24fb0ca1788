import { defineSettings } from '../config/settings.ts'

export const pagesSettings = defineSettings(
  'pages',
  {
    PAGES_ENABLED: {
      default: 'true',
      does: '`false` hides the pages for people, `/`, `/account` and `/consent`; without the last one no app can be connected.',
    },
  },
  (reader) => ({ enabled: reader.flag('PAGES_ENABLED', true) }),
)
