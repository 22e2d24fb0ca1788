import { defineSettings } from '../config/settings.ts'
import { allowedHost } from '../outbound/destination.ts'

export const webhookSettings = defineSettings(
  'webhooks',
  {
    WEBHOOK_ALLOWED_HOSTS: {
      does: 'Comma-separated hosts, `name`, `name:port`, an address or `[IPv6]:port`, to which webhooks may be sent although they have private addresses, also by http. Without a port it means 80, 443 and 8443. Every user can send requests to them. In development all private addresses are allowed.',
    },
  },
  (reader) => ({
    allowedHosts: reader.list('WEBHOOK_ALLOWED_HOSTS', [], (entry) => {
      allowedHost(entry)
      return entry
    }),
  }),
)
