import type { Feature } from '../feature.ts'
import { KEY_PROBLEMS } from './problems.ts'
import { PROVIDER_KEYS } from './sealed.ts'
import { vaultSettings } from './settings.ts'

export const vault: Feature = {
  tags: [{ name: 'provider keys', description: 'Keys of the signed-in user for AI providers, encrypted at rest' }],
  problems: Object.values(KEY_PROBLEMS),
  settings: vaultSettings,
  writeProbes: [
    `insert into public.user_api_keys (provider, key_id, encrypted_key, masked_key, validation_status)
     select 'probe', gen_random_uuid(), '', '', '' where false returning 1`,
    `delete from public.user_api_keys where false returning 1`,
    `insert into public.user_api_key_reads (id, provider, service, request_id)
     select gen_random_uuid(), '', '', '' where false returning 1`,
  ],
  routes: async (app, deps) => (await import('./routes.ts')).vaultRoutes(app, deps),
  jobs: async ({ db }) => [(await import('./jobs.ts')).purgeOfKeyReads(db)],
  sealed: [PROVIDER_KEYS],
  command: {
    name: 'vault',
    usage: [
      ['rotate', 're-encrypt secrets of users under the first encryption key'],
      ['verify', 'count how many of them each encryption key opens'],
    ],
    run: async (words, context) => (await import('./command.ts')).runVaultCommand(words, context),
  },
  checks: [{ name: 'encryption keys', run: async (...given) => (await import('./key-check.ts')).checkKeys(...given) }],
  imports: async () => [(await import('./python-import.ts')).KEY_IMPORT],
}
