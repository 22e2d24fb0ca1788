import { defineSettings } from '../config/settings.ts'

export const pagesSettings = defineSettings(
  'pages',
  {
    PAGES_ENABLED: {
      default: 'true',
      does: '`false` hides the pages for people, `/` and `/account`.',
    },
  },
  (reader) => ({ enabled: reader.flag('PAGES_ENABLED', true) }),
)
