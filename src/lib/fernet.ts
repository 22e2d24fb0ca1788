import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { fernetKeyBytes, type Secret } from './secret.ts'

/**
 * Fernet (github.com/fernet/spec), byte for byte as Python's `cryptography.fernet`: AES-128-CBC with PKCS #7, then
 * HMAC-SHA256 over everything before it. A token says when it was made, and nothing here grows too old to be read.
 */
export interface Fernet {
  /**
   * A token under the first key, as URL-safe base64 with its padding. Never the same twice.
   *
   * @param timestampS seconds since the epoch that the token says it was made at; now when absent
   */
  encrypt(plaintext: Uint8Array, timestampS?: bigint): string
  /** Undefined for whatever no key of these made, or what was changed since. */
  decrypt(token: string): Opened | undefined
}

export interface Opened {
  /** The caller's own: it may be wiped. */
  readonly plaintext: Buffer
  /** Which key opened it, from 0. */
  readonly key: number
  readonly timestampS: bigint
}

/** The halves of a Fernet key. */
interface Key {
  readonly signing: Buffer
  readonly encryption: Buffer
}

const VERSION = 0x80
const TIMESTAMP_AT = 1
const IV_AT = 9
const CIPHERTEXT_AT = 25
const BLOCK_BYTES = 16
const TAG_BYTES = 32
const CIPHER = 'aes-128-cbc'

/** The first key encrypts, all decrypt. */
export function openFernet(secrets: readonly Secret[]): Fernet {
  const keys = secrets.map(keyOf)
  const [first] = keys
  if (first === undefined) throw new Error('Fernet takes a key')
  return {
    encrypt: (plaintext, timestampS = BigInt(Math.floor(Date.now() / 1000))) =>
      seal(first, plaintext, timestampS, randomBytes(BLOCK_BYTES)),
    decrypt: (token) => {
      const bytes = decoded(token)
      if (bytes === undefined) return undefined
      for (const [index, key] of keys.entries()) {
        const plaintext = open(key, bytes)
        if (plaintext !== undefined) return { plaintext, key: index, timestampS: bytes.readBigUInt64BE(TIMESTAMP_AT) }
      }
      return undefined
    },
  }
}

export function keyOf(secret: Secret): Key {
  const bytes = fernetKeyBytes(secret.reveal())
  if (bytes === undefined) throw new Error('this is no Fernet key')
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) }
}

/** For the vectors of the specification, which fix what must otherwise never be fixed: the initialization vector. */
export function seal(key: Key, plaintext: Uint8Array, timestampS: bigint, iv: Uint8Array): string {
  const head = Buffer.alloc(IV_AT)
  head.writeUInt8(VERSION)
  head.writeBigUInt64BE(timestampS, TIMESTAMP_AT)
  const cipher = createCipheriv(CIPHER, key.encryption, iv)
  const signed = Buffer.concat([head, iv, cipher.update(plaintext), cipher.final()])
  return encoded(Buffer.concat([signed, tagOf(key, signed)]))
}

function open(key: Key, bytes: Buffer): Buffer | undefined {
  const signed = bytes.subarray(0, -TAG_BYTES)
  if (!timingSafeEqual(bytes.subarray(-TAG_BYTES), tagOf(key, signed))) return undefined
  const decipher = createDecipheriv(CIPHER, key.encryption, signed.subarray(IV_AT, CIPHERTEXT_AT))
  try {
    return Buffer.concat([decipher.update(signed.subarray(CIPHERTEXT_AT)), decipher.final()])
  } catch {
    // Signed with our key and yet wrongly padded: no implementation made it.
    return undefined
  }
}

const tagOf = ({ signing }: Key, signed: Uint8Array): Buffer => createHmac('sha256', signing).update(signed).digest()

const encoded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')

/** The bytes of what has the form of a token. Base64 decodes more than one text to the same bytes: only one is taken. */
function decoded(token: string): Buffer | undefined {
  const bytes = Buffer.from(token, 'base64url')
  const ciphertextBytes = bytes.length - CIPHERTEXT_AT - TAG_BYTES
  const isToken = bytes[0] === VERSION && ciphertextBytes >= BLOCK_BYTES && ciphertextBytes % BLOCK_BYTES === 0
  return isToken && encoded(bytes) === token ? bytes : undefined
}
