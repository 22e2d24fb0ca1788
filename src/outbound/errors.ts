/** Why a request to another server got no answer. */
export type OutboundFailure = 'url_refused' | 'address_refused' | 'dns' | 'connection' | 'tls' | 'timeout' | 'aborted'

/** The message is for the user who gave the URL: it says nothing about this service and its network. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly failure: OutboundFailure
  /** As Node's own errors have it, for logs. */
  readonly code: string

  constructor(failure: OutboundFailure, message: string, cause?: unknown) {
    super(message, { cause })
    this.failure = failure
    this.code = failure
  }
}

/** The innermost reason of an error of undici: it wraps those of connections. */
function causeOf(error: unknown): unknown {
  if (error instanceof OutboundError) return error
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0])
  return error instanceof Error && error.cause !== undefined ? causeOf(error.cause) : error
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const isTls = (code: string): boolean =>
  /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/.test(code)

const CLOSED = 'the server closed the connection'

/**
 * The error of a request as an {@link OutboundError}, with a message of our own.
 *
 * @param isTimedOut whether the deadline has passed
 * @param isAborted whether the caller has aborted the request
 */
export function outboundError(
  error: unknown,
  { isTimedOut, isAborted }: { readonly isTimedOut: boolean; readonly isAborted: boolean },
): OutboundError {
  if (isTimedOut) return new OutboundError('timeout', 'the server did not answer in time', error)
  if (isAborted) return new OutboundError('aborted', 'the request was aborted', error)
  const cause = causeOf(error)
  if (cause instanceof OutboundError) return cause
  const code = codeOf(cause)
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return new OutboundError('timeout', 'the server did not answer in time', error)
  if (isTls(code))
    return new OutboundError('tls', 'the certificate of the server cannot be verified, or TLS failed', error)
  const what = { ECONNREFUSED: 'the server refuses connections', ECONNRESET: CLOSED, UND_ERR_SOCKET: CLOSED }[code]
  return new OutboundError('connection', what ?? 'the server cannot be reached, or does not speak HTTP', error)
}
