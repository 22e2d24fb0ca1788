import type { Auth } from '../auth/better-auth.ts'
import type { Deps } from '../deps.ts'

/** The dependencies of the operator's commands; `auth` only of those that need users. */
export type CommandDeps = Pick<Deps, 'config' | 'log' | 'db'> & { readonly auth: Auth }
