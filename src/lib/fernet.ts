import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { fernetKeyBytes, type Secret } from './secret.ts'

/**
 * Fernet (github.com/fernet/spec), byte for byte as Python's `cryptography.fernet`: AES-128-CBC with PKCS #7, then
 * HMAC-SHA256 over everything before it. A token contains its creation time; tokens do not expire here.
 */
export interface Fernet {
  /**
   * Encrypts under the first key, to URL-safe base64 with padding. Each token is different.
   *
   * @param timestampS creation time in the token, in seconds since the epoch; now by default
   */
  encrypt(plaintext: Uint8Array, timestampS?: bigint): string
  /** Undefined if none of the keys made the token, or it was altered. */
  decrypt(token: string): Opened | undefined
}

export interface Opened {
  /** Owned by the caller, who may overwrite it. */
  readonly plaintext: Buffer
  /** Index of the key that opened it, from 0. */
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

/** The first key encrypts; all keys decrypt. */
export function openFernet(secrets: readonly Secret[]): Fernet {
  const keys = secrets.map(keyOf)
  const [first] = keys
  if (first === undefined) throw new Error('Fernet needs a key')
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
  if (bytes === undefined) throw new Error('not a Fernet key')
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) }
}

/** Exported for the test vectors of the specification, which have a fixed initialization vector. Use `encrypt` otherwise. */
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
    // The signature is valid but the padding is not: no implementation makes such a token.
    return undefined
  }
}

const tagOf = ({ signing }: Key, signed: Uint8Array): Buffer => createHmac('sha256', signing).update(signed).digest()

const encoded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')

/** The bytes of a well-formed token. Several base64 texts decode to the same bytes; only the canonical one is accepted. */
function decoded(token: string): Buffer | undefined {
  const bytes = Buffer.from(token, 'base64url')
  const ciphertextBytes = bytes.length - CIPHERTEXT_AT - TAG_BYTES
  const isToken = bytes[0] === VERSION && ciphertextBytes >= BLOCK_BYTES && ciphertextBytes % BLOCK_BYTES === 0
  return isToken && encoded(bytes) === token ? bytes : undefined
}
