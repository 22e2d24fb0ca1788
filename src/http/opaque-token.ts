import { createHmac, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { derivedKey } from '../lib/derived-key.ts'
import type { Secret } from '../lib/secret.ts'

/**
 * The form of the tokens that programs keep: a prefix, 30 random letters and digits (178 bits), and a checksum of 6, as GitHub's tokens
 * have it. The prefix lets scanners of leaked secrets find them, and the checksum lets this service refuse a mistyped one without a query.
 */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 30
const CHECKSUM_LENGTH = 6
const FORM = new RegExp(`^([0-9A-Za-z]{${RANDOM_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`)

export function newToken(prefix: string): string {
  let random = ''
  while (random.length < RANDOM_LENGTH) random += ALPHABET.charAt(randomInt(ALPHABET.length))
  return `${prefix}${random}${checksumOf(random)}`
}

/** Whether the text has the form of a token with this prefix, and its checksum. */
export function isIntactToken(token: string, prefix: string): boolean {
  if (!token.startsWith(prefix)) return false
  const [, random, checksum] = FORM.exec(token.slice(prefix.length)) ?? []
  return random !== undefined && checksumOf(random) === checksum
}

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

/** What a table may hold for a token: its hash under each key, the current one first. */
export type TokenHashing = (token: string) => readonly [current: string, ...earlier: string[]]

/**
 * HMAC-SHA256 in hex, under a key that is derived from each encryption key. The first is for new tokens. A key that is still listed
 * accepts the tokens that were made under it.
 *
 * @param purpose what the tokens are for: the hash of a token for another purpose is another one
 */
export function openHashing(encryptionKeys: readonly Secret[], purpose: string): TokenHashing {
  const [current, ...earlier] = encryptionKeys.map((secret) => derivedKey(secret, purpose))
  if (current === undefined) throw new Error('tokens need an encryption key')
  const hash = (token: string, key: Buffer): string => createHmac('sha256', key).update(token).digest('hex')
  return (token) => [hash(token, current), ...earlier.map((key) => hash(token, key))]
}
