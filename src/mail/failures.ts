/** What becomes of a mail that a server did not take. */
export type FailureKind =
  /** The server refuses this mail or its recipient for good: repeating does not help. */
  | 'refused'
  /** The server, the connection to it or our access to it fails: later it may work. */
  | 'deferred'

/** A mail was not sent. The message has codes only: servers quote addresses in their answers, which must not reach the log. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure'
  readonly kind: FailureKind
  /** Of nodemailer and of the server, such as `EENVELOPE-550`. */
  readonly code: string

  constructor(kind: FailureKind, code: string, message: string) {
    super(message)
    this.kind = kind
    this.code = code
  }
}

/** @param error of nodemailer: it has a code of its own, and that of the server's answer if there was one */
export function mailFailure(error: unknown): MailFailure {
  const { code, responseCode, response, command } = fieldsOf(error)
  const status = typeof responseCode === 'number' ? responseCode : undefined
  const enhanced = typeof response === 'string' ? /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] : undefined
  const name = typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'EUNKNOWN'
  const kind = isRefusal(name, status, command) ? 'refused' : 'deferred'
  const answer = status === undefined ? '' : `: ${[status, enhanced].filter(Boolean).join(' ')}`
  return new MailFailure(kind, status === undefined ? name : `${name}-${status}`, `${WHAT[name] ?? OTHER}${answer}`)
}

const OTHER = 'the mail could not be sent'
const WHAT: Readonly<Record<string, string>> = {
  EENVELOPE: 'the mail server refused the sender or the recipient',
  EMESSAGE: 'the mail server refused the message',
  EAUTH: 'the mail server refused user and password of SMTP_URL',
  ENOAUTH: 'the mail server does not offer to sign in as SMTP_URL asks',
  ETLS: 'no TLS connection with the mail server: STARTTLS is missing, or its certificate is not trusted',
  ESOCKET: 'the connection to the mail server failed, or its certificate is not trusted',
  ECONNECTION: 'the mail server closed the connection, or cannot be reached',
  ETIMEDOUT: 'the mail server did not answer in time',
  EDNS: 'the name of the mail server cannot be resolved',
}

/**
 * 5xx for the recipient or the message (RFC 5321 §4.2.1). The same for the sender or the sign-in is a mistake in the configuration,
 * which concerns all mails: an operator corrects it, and the mails that wait are sent.
 */
const isRefusal = (code: string, status: number | undefined, command: unknown): boolean =>
  status !== undefined && status >= 500 && ((code === 'EENVELOPE' && command !== 'MAIL FROM') || code === 'EMESSAGE')

interface Fields {
  readonly code?: unknown
  readonly responseCode?: unknown
  readonly response?: unknown
  readonly command?: unknown
}
const fieldsOf = (error: unknown): Fields => (typeof error === 'object' && error !== null ? error : {})
