import { Problem } from './errors.ts'
import type { ProblemCode } from './problems.ts'

interface KindFacts {
  /**
   * Whether the process itself has authenticated the caller: by a configured secret, or because the caller is a job of its own.
   * The database then only looks up the user whom the caller acts for.
   */
  readonly isTrusted: boolean
  /** The refusal when the database finds no user for the proof. */
  readonly unproven: readonly [code: ProblemCode, detail: string]
}

/** Every kind of principal. `todo_prove` in SQL has a branch for each. */
const KINDS = {
  session: { isTrusted: false, unproven: ['unauthenticated', 'The session is unknown, expired or signed out'] },
  token: { isTrusted: false, unproven: ['unauthenticated', 'The personal token is unknown, expired or revoked'] },
  app: { isTrusted: false, unproven: ['unauthenticated', 'The access token is unknown, expired or revoked'] },
  service: { isTrusted: true, unproven: ['not_found', 'X-User-ID names no user'] },
  job: { isTrusted: true, unproven: ['not_found', 'The user of the job is gone, or its lease has ended'] },
} as const satisfies Readonly<Record<string, KindFacts>>

export type PrincipalKind = keyof typeof KINDS
// Object.keys returns string[].
export const PRINCIPAL_KINDS = Object.keys(KINDS) as readonly PrincipalKind[]

/** What a credential can be limited to, and what it may then do. Each operation needs one of them, or takes no such credential. */
export const SCOPES = {
  'tasks:read': 'Read tasks, tags, the trash, changes and events',
  'tasks:write': 'Create, change, delete and restore tasks. It does not include reading',
  'webhooks:manage': 'Create, change, test and delete webhooks, and read what they were sent: tasks that changed',
  'keys:manage': 'Read, store, check and delete keys of other services, never in plain text',
  'account:read': "Read the user's profile",
} as const

export type Scope = keyof typeof SCOPES

/** The scopes in the order of the table. */
// Object.keys types the names as strings.
export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[]

/** What work asks of a credential that is limited to scopes; `any`: that it is valid. */
export type Need = Scope | 'any'

/** Who acts, for logs and for what is kept of a change. Never a secret. */
export type Actor =
  | {
      /** The user, or a program with a token, whose name only the database knows: it adds it to what it logs. */
      readonly kind: 'session' | 'token' | 'app'
      readonly name: null
    }
  | {
      readonly kind: Exclude<PrincipalKind, 'session' | 'token' | 'app'>
      /** The name that the operator gave the service, or that of the job. */
      readonly name: string
    }

/** The request or job that a principal makes; kept with each change in the change log. */
export interface Origin {
  /** `X-Request-Id`, or the id of the job. */
  readonly requestId: string
  /** The operationId in the OpenAPI document, or the name of the job. */
  readonly operation: string
  /** What the operation needs. Undefined where no scope allows it, and the credential must not be limited. */
  readonly needs?: Need | undefined
  /** Every transaction that `db.asUser` runs for it is rolled back at its end. False if absent. */
  readonly isDryRun?: boolean
  /** When the request arrived, on the clock of `performance.now()`. Undefined for jobs. */
  readonly arrivedAtMs?: number
}

/**
 * Who is calling, as presented. Nothing is proven yet: `db.asUser` proves it inside the very transaction that uses it, so a
 * credential cannot expire or be revoked between its check and its use.
 */
export interface Principal {
  readonly kind: PrincipalKind
  /** What `todo_prove` looks up for this kind. The constructors below say what it holds. */
  readonly proof: readonly string[]
  /**
   * The most that the principal may do, as far as the process knows; work that needs another scope is refused before any query.
   * Scopes that the database keeps with a credential are checked by `todo_prove`.
   */
  readonly grants: 'all' | readonly Scope[]
  readonly actor: Actor
  /** Undefined for commands of the operator. */
  readonly origin?: Origin
}

/** @param tokenKeys what `user_sessions.token` may hold for the token: its HMAC in hex, and itself where that is allowed */
export const sessionPrincipal = (tokenKeys: readonly string[]): Principal =>
  principal({ kind: 'session', name: null }, tokenKeys)

/** @param tokenKeys what `personal_tokens.hash` may hold for the token, the one for new tokens first */
export const tokenPrincipal = (tokenKeys: readonly string[]): Principal =>
  principal({ kind: 'token', name: null }, tokenKeys)

/** @param tokenKeys what `oauth_tokens.hash` may hold for the access token of a connected app */
export const appPrincipal = (tokenKeys: readonly string[]): Principal =>
  principal({ kind: 'app', name: null }, tokenKeys)

/**
 * @param name the name that the operator gave the service's token
 * @param userId the user the service acts for
 */
export const servicePrincipal = (name: string, userId: string): Principal =>
  principal({ kind: 'service', name }, [userId])

/** @param lease the id of the claim; with the id of the job it proves the user while the lease lasts */
export const jobPrincipal = (name: string, id: string, lease: string): Principal => ({
  ...principal({ kind: 'job', name }, [id, lease]),
  origin: { requestId: id, operation: name },
})

const principal = (actor: Actor, proof: readonly string[]): Principal => ({
  kind: actor.kind,
  proof,
  grants: 'all',
  actor,
})

export const isTrusted = ({ kind }: Principal): boolean => KINDS[kind].isTrusted

/** The refusal of a principal for whom the database finds no user: 401 unauthenticated or 404 not_found. */
export function unproven({ kind }: Principal, cause?: unknown): Problem {
  const [code, detail] = KINDS[kind].unproven
  return new Problem(code, detail, { cause })
}

/**
 * @param needs undefined where no scope allows the work, and the principal must not be limited
 * @throws Problem insufficient_scope (403), or forbidden (403) where no scope is enough
 */
export function refuseUnlessGranted(principal: Principal, needs: Need | undefined): void {
  const { grants } = principal
  if (grants === 'all' || needs === 'any') return
  if (needs === undefined || !grants.includes(needs)) throw lacksScope(principal, needs)
}

/** What a credential that is limited to scopes is called in refusals. */
const LIMITED: Readonly<Partial<Record<PrincipalKind, string>>> = { token: 'personal token', app: 'connected app' }

/** Whether the database keeps scopes with the credential. */
export const isLimited = ({ kind }: Principal): boolean => LIMITED[kind] !== undefined

/** The refusal of a credential that is limited to scopes: 403, with the challenge of RFC 6750 §3.1 where a scope would be enough. */
export function lacksScope({ kind }: Principal, needs: Need | undefined): Problem {
  const name = LIMITED[kind] ?? 'credential'
  if (needs === undefined || needs === 'any') {
    return new Problem('forbidden', `A ${name} cannot be used here: sign in, and send the token of the session`)
  }
  return new Problem('insufficient_scope', `The ${name} does not have the scope ${needs}`, {
    body: { required: [needs] },
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${needs}"` },
  })
}
