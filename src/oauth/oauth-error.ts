import type { OAuthErrorCode, Replayed } from './metrics.ts'

/** Something that can be used once and was used again, so that the access which followed from it has ended. */
export interface Replay {
  readonly what: Replayed
  readonly userId: string
  readonly clientId: string
}

/** A refusal of the token endpoint and of the registration, in the form of RFC 6749 §5.2 and RFC 7591 §3.2.2. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly error: OAuthErrorCode
  readonly status: number
  readonly replay: Replay | undefined

  /** @param description may name what the app sent, so it is for the app and for no log */
  constructor(
    error: OAuthErrorCode,
    description: string,
    { status = 400, replay }: { readonly status?: number; readonly replay?: Replay } = {},
  ) {
    super(description)
    this.error = error
    this.status = status
    this.replay = replay
  }

  get body(): { readonly error: string; readonly error_description: string } {
    return { error: this.error, error_description: this.message }
  }
}
