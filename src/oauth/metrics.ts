import { Counter, type Registry } from 'prom-client'
import { metricOnce } from '../lib/metric.ts'

/** How an app got tokens. */
export type GrantType = 'authorization_code' | 'refresh_token'

/** The codes of refusals that are counted: those that the endpoints of this feature answer with. */
const ERRORS = [
  'invalid_client',
  'invalid_client_metadata',
  'invalid_grant',
  'invalid_redirect_uri',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'temporarily_unavailable',
  'unsupported_grant_type',
] as const
export type OAuthErrorCode = (typeof ERRORS)[number]

const REPLAYED = ['code', 'refresh'] as const
export type Replayed = (typeof REPLAYED)[number]

/** What is counted of connected apps. Arguments must be low-cardinality. */
export interface OAuthMetrics {
  decided(this: void, decision: 'allow' | 'deny'): void
  issued(this: void, grant: GrantType): void
  registered(this: void): void
  refused(this: void, error: OAuthErrorCode): void
  replayed(this: void, what: Replayed): void
}

/** The metrics of the registry: those of an earlier call, if there was one. Two groups of routes call it. */
export function openOAuthMetrics(registry: Registry): OAuthMetrics {
  const counter = (name: string, help: string, label: string, values: readonly string[]) =>
    metricOnce<Counter>(registry, name, () => {
      const made = new Counter({ name, help, labelNames: [label], registers: [registry] })
      for (const value of values) made.inc({ [label]: value }, 0)
      return made
    })
  const decisions = counter(
    'oauth_decisions_total',
    'Decisions of users about apps that asked for access: `allow`, `deny`',
    'decision',
    ['allow', 'deny'],
  )
  const tokens = counter(
    'oauth_tokens_issued_total',
    'Answers with tokens for apps, by what the app exchanged: `authorization_code`, `refresh_token`',
    'grant',
    ['authorization_code', 'refresh_token'],
  )
  const refusals = counter(
    'oauth_refusals_total',
    'Refusals of the token, revocation and registration endpoints, by the code of OAuth: `invalid_grant`, `invalid_request`…',
    'error',
    ERRORS,
  )
  const replays = counter(
    'oauth_replays_total',
    'Codes and refresh tokens of apps that were used again, which ended the access: `code`, `refresh`',
    'what',
    REPLAYED,
  )
  const registrations = metricOnce<Counter>(
    registry,
    'oauth_registrations_total',
    (name) => new Counter({ name, help: 'Apps that registered themselves', registers: [registry] }),
  )
  return {
    decided: (decision) => decisions.inc({ decision }),
    issued: (grant) => tokens.inc({ grant }),
    registered: () => registrations.inc(),
    refused: (error) => refusals.inc({ error }),
    replayed: (what) => replays.inc({ what }),
  }
}
