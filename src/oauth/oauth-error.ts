/** A refusal of the token endpoint and of the registration, in the form of RFC 6749 §5.2 and RFC 7591 §3.2.2. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly error: string
  readonly status: number

  constructor(error: string, description: string, status = 400) {
    super(description)
    this.error = error
    this.status = status
  }

  get body(): { readonly error: string; readonly error_description: string } {
    return { error: this.error, error_description: this.message }
  }
}
