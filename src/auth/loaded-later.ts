import { lazy } from '../lib/lazy.ts'
import type { Auth } from './better-auth.ts'
import type { AuthOptions } from './options.ts'

/** The auth server, better-auth, which is loaded at its first use. */
export interface LoadedLater extends Auth {
  /** Loads it before it is used. It has a third of the modules of the service, and loading them blocks the process for a moment. */
  load(this: void): Promise<void>
}

/** Opens no connection and runs no query before the first request. */
export function openAuth(options: AuthOptions): LoadedLater {
  const auth = lazy(async () => (await import('./better-auth.ts')).createAuth(options))
  return {
    load: async () => void (await auth()),
    handle: async (request) => (await auth()).handle(request),
    issueSession: async (email) => (await auth()).issueSession(email),
    findUser: async (email) => (await auth()).findUser(email),
  }
}
