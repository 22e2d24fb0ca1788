import type { Auth } from '../auth/better-auth.ts'
import type { Deps } from '../deps.ts'

/** What the operator's commands use of the service. */
export type CommandDeps = Pick<Deps, 'config' | 'log' | 'db'> & { readonly auth: Auth }
