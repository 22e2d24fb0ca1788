import { createHmac, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { derivedKey } from '../lib/derived-key.ts'
import type { Secret } from '../lib/secret.ts'

/**
 * Personal tokens: `todo_pat_`, 30 random letters and digits (178 bits), and a checksum of 6, as GitHub's tokens have it. The prefix lets
 * scanners of leaked secrets find them, and the checksum lets this service refuse a mistyped one without a query. Addresses of calendars
 * have the same form with a prefix of their own.
 */

interface Kind {
  readonly prefix: string
  /** Separates the keys of the HMAC. */
  readonly label: string
}

const PERSONAL: Kind = { prefix: 'todo_pat_', label: 'todo-backend personal token v1' }
export const CALENDAR: Kind = { prefix: 'todo_cal_', label: 'todo-backend calendar v1' }

export const PREFIX = PERSONAL.prefix
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 30
const CHECKSUM_LENGTH = 6
/** How much of the random part `GET /api/tokens` shows. */
const SHOWN_LENGTH = 4
const FORM = new RegExp(`^([0-9A-Za-z]{${RANDOM_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`)

export const newPersonalToken = (): string => newToken(PERSONAL)

export function newToken({ prefix }: Kind): string {
  let random = ''
  while (random.length < RANDOM_LENGTH) random += ALPHABET.charAt(randomInt(ALPHABET.length))
  return `${prefix}${random}${checksumOf(random)}`
}

export const isPersonalToken = (presented: string): boolean => presented.startsWith(PREFIX)

/** Whether the text has the form of a personal token, or of another kind, and its checksum. */
export function isIntact(token: string, { prefix }: Kind = PERSONAL): boolean {
  const [, random, checksum] = token.startsWith(prefix) ? (FORM.exec(token.slice(prefix.length)) ?? []) : []
  return random !== undefined && checksumOf(random) === checksum
}

/** The beginning, by which the owner recognizes the token. */
export const shownPart = (token: string): string => token.slice(0, PREFIX.length + SHOWN_LENGTH)

/** The CRC-32 of the random part in base 62. */
function checksumOf(random: string): string {
  let rest = crc32(random)
  let digits = ''
  while (digits.length < CHECKSUM_LENGTH) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits
    rest = Math.floor(rest / ALPHABET.length)
  }
  return digits
}

/** What `personal_tokens.hash` may hold for a token. */
export type TokenHashing = (token: string) => readonly [current: string, ...earlier: string[]]

/**
 * HMAC-SHA256 in hex, under a key that is derived from each encryption key. The first is for new tokens. A key that is still listed
 * accepts the tokens that were made under it.
 */
export function openTokenHashing(encryptionKeys: readonly Secret[], { label }: Kind = PERSONAL): TokenHashing {
  const [current, ...earlier] = encryptionKeys.map((secret) => derivedKey(secret, label))
  if (current === undefined) throw new Error('personal tokens need an encryption key')
  const hash = (token: string, key: Buffer): string => createHmac('sha256', key).update(token).digest('hex')
  return (token) => [hash(token, current), ...earlier.map((key) => hash(token, key))]
}
