import type { Feature } from '../feature.ts'
import { OAUTH_PROBLEMS } from './problems.ts'
import { oauthSettings } from './settings.ts'

/** Apps that users connect by OAuth 2.1 (docs/oauth.md). Only with the embedded auth server. */
export const oauth: Feature = {
  tags: [{ name: 'apps', description: 'Connected apps: programs to which the user gave access by OAuth 2.1' }],
  problems: Object.values(OAUTH_PROBLEMS),
  settings: oauthSettings,
  writeProbes: [
    `insert into public.oauth_grants (id, client_id, client_name, redirect_uri, scopes, may_refresh, code_hash, code_challenge, code_expires_at, expires_at)
     select gen_random_uuid(), '', '', '', '{}', false, '', '', now(), now() where false returning id`,
    `delete from public.oauth_grants where false returning id`,
  ],
  endsWithSessions: ['oauth_grants'],
  publicRoutes: async (app, deps) => {
    const [metadata, off, tokens, challenge] = await Promise.all([
      import('./metadata-routes.ts'),
      import('./off.ts'),
      import('./token-routes.ts'),
      import('./challenge.ts'),
    ])
    metadata.metadataRoutes(app, deps)
    if (deps.config.auth.mode === 'external') return off.offRoutes(app)
    await tokens.tokenRoutes(app, deps)
    challenge.challengeAtMcp(app, deps)
  },
  routes: async (app, deps) => {
    if (deps.config.auth.mode === 'embedded') (await import('./routes.ts')).appRoutes(app, deps)
  },
  jobs: async ({ db }) => (await import('./jobs.ts')).oauthJobs(db),
}
