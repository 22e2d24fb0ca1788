import { defineSettings } from '../config/settings.ts'

export const oauthSettings = defineSettings(
  'oauth',
  {
    OAUTH_DYNAMIC_REGISTRATION: {
      default: 'true',
      does: '`false` refuses apps that register themselves (RFC 7591). Apps that a URL identifies can still be connected.',
    },
  },
  (reader) => ({ dynamicRegistration: reader.flag('OAUTH_DYNAMIC_REGISTRATION', true) }),
)
