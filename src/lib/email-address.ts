/**
 * As strict as better-auth's own check: ASCII, without comments, quotes or white space, so that no mail server reads another recipient
 * in it.
 */
const EMAIL = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/

/** Of a path in SMTP, without its brackets (RFC 5321 §4.5.3.1.3). */
export const EMAIL_LENGTH_MAX = 254

export const isEmailAddress = (text: string): boolean => text.length <= EMAIL_LENGTH_MAX && EMAIL.test(text)

/** The name and the address of a sender. */
export interface Mailbox {
  /** '' if there is none. */
  readonly name: string
  readonly address: string
}

/** A sender in configuration: `todo@example.org` or `Todo <todo@example.org>`. */
export function mailbox(text: string): Mailbox {
  const [, quoted, plain, bracketed, bare] =
    /^(?:(?:"([^"\\]{1,100})"|([^"<>@,;:\\()]{1,100}?))?\s*<([^<>]+)>|([^<>\s]+))$/.exec(text) ?? []
  const address = bracketed ?? bare ?? ''
  const name = (quoted ?? plain ?? '').trim()
  if (!isEmailAddress(address) || /\p{Control}/u.test(name)) {
    throw new Error('must be an address such as todo@example.org, or Todo <todo@example.org>')
  }
  return { name, address }
}
