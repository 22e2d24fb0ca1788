import { isEmailAddress } from '../lib/email-address.ts'
import { isDay, parseInstant } from '../lib/instant.ts'
import { isTimeZone } from '../lib/time-zone.ts'
import { isUuid } from '../lib/uuid.ts'

/** The formats of texts in requests. */

/** The fraction of a second in an instant may have any number of digits, so its length is limited here. */
const INSTANT_LENGTH_MAX = 64

/** format → its test, and the message if it fails. */
export const FORMATS: Readonly<Record<string, readonly [test: (text: string) => boolean, must: string]>> = {
  uuid: [isUuid, 'must be a UUID'],
  'date-time': [
    (text) => text.length <= INSTANT_LENGTH_MAX && parseInstant(text) !== undefined,
    'must be an RFC 3339 date and time with an offset, such as 2025-12-27T17:00:00Z, between the years 1900 and 9999',
  ],
  date: [isDay, 'must be a day such as 2026-12-24, between the years 1900 and 9999'],
  // Checked here first, because better-auth's refusal does not name the field.
  email: [isEmailAddress, 'must be an e-mail address'],
  due: [
    (text) => isDay(text) || (text.length <= INSTANT_LENGTH_MAX && parseInstant(text) !== undefined),
    'must be a day such as 2026-12-24, or an RFC 3339 date and time with an offset, such as 2025-12-27T17:00:00Z, between the years 1900 and 9999',
  ],
  'time-zone': [isTimeZone, 'must be the name of an IANA time zone, such as Europe/Berlin'],
  'http-url': [
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? '') && !/\s/.test(text),
    'must be a URL that begins with http:// or https://',
  ],
  // PostgreSQL refuses NUL, and pg encodes an unpaired surrogate as U+FFFD without an error.
  text: [(text) => !text.includes('\0') && text.isWellFormed(), 'must not contain NUL or unpaired surrogates'],
}
