/**
 * Who is calling, as presented. Nothing is proven yet: `db.asUser` proves it inside the very transaction that uses it,
 * so a credential cannot die between its check and its use.
 */
export type Principal =
  | {
      readonly kind: 'session'
      /** What `user_sessions.token` may hold for the presented token: its HMAC in hex, and in clear where that is allowed. */
      readonly tokenKeys: readonly string[]
    }
  | {
      readonly kind: 'service'
      /** The name the operator gave the service's token. */
      readonly service: string
      /** The user the service acts for. */
      readonly userId: string
    }
  | {
      readonly kind: 'job'
      /** The name of the background job. */
      readonly name: string
      /** The ids of its row and of its claim, which together prove the user it acts for while the lease lasts. */
      readonly jobAndLease: readonly [string, string]
    }
