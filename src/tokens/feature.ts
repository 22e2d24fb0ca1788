import type { Feature } from '../feature.ts'
import { TOKEN_PROBLEMS } from './problems.ts'

export const tokens: Feature = {
  tags: [{ name: 'tokens', description: 'Personal tokens: credentials for programs, limited to scopes' }],
  problems: Object.values(TOKEN_PROBLEMS),
  writeProbes: [
    `insert into public.personal_tokens (id, name, prefix, hash, scopes, expires_at)
     select gen_random_uuid(), '', '', '', '{}', now() where false returning id, last_used_at`,
    `delete from public.personal_tokens where false returning id`,
  ],
  routes: async (app, deps) => (await import('./routes.ts')).tokenRoutes(app, deps),
}
