import { AsyncLocalStorage } from 'node:async_hooks'
import type { TimeBudget } from '../db/wire/lease.ts'

export interface RequestState {
  /** Database errors that are not caused by the input. */
  readonly failures: unknown[]
  /** Shared by all queries of the request. */
  readonly timeBudget: TimeBudget | undefined
  hashedAhead?: { readonly password: string; readonly hash: string }
  /** A concurrent sign-up with the same e-mail address succeeded. */
  isEmailTaken?: boolean
  /** The deletion is committed: later errors must not make the request fail. */
  isUserDeleted?: boolean
}

/** The request that better-auth is answering. Its callbacks do not pass it on. */
export const request = new AsyncLocalStorage<RequestState>()
