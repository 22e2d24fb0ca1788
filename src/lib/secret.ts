import { hash, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'

/** Minimum length in bytes of UTF-8. A shorter HMAC-SHA-256 key is weaker than its output (RFC 2104 §3). */
export const MIN_SECRET_BYTES = 32

/** Random base64, base64url or hex of 32 bytes almost always has more distinct bytes than this. */
const MIN_DISTINCT_BYTES = 10

/** Placeholders that people leave in copied examples. Compared without case and punctuation. */
const PLACEHOLDERS = ['changeme', 'changethis', 'replaceme', 'replacethis', 'placeholder', 'yoursecret', 'yourkey']

/** Commands with which an operator generates a value. */
export const SECRET_RECIPE = 'openssl rand -base64 32'
export const FERNET_KEY_RECIPE = 'openssl rand -base64 32 | tr +/ -_'

const PRINTED = '[secret]'

/** Of this process, so that a caller cannot predict the hashes that {@link Secret.equals} compares. */
const SALT = randomBytes(32).toString('hex')

const saltedHash = (text: string): string => hash('sha256', SALT + text, 'hex')

/**
 * One secret string that no log line, error message or dump can show: the value is a `#private` field, which neither
 * `JSON.stringify` nor `util.inspect` nor a spread reaches. `reveal()` is the only way to get the value, and is easy to find.
 *
 * Two Secrets look alike to `assert.deepEqual` for the same reason: compare with `equals`, or reveal both.
 */
export class Secret {
  readonly #value: string
  /** The hash of the value, made by the first comparison. */
  #digest: string | undefined

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  /**
   * The duration reveals nothing about the secret, not even its length, because a caller cannot predict the hashes. It runs for every
   * request with a bearer token, and a hash as text costs a third of one as bytes.
   */
  equals(candidate: string): boolean {
    this.#digest ??= saltedHash(this.#value)
    return this.#digest === saltedHash(candidate)
  }

  toString(): string {
    return PRINTED
  }

  toJSON(): string {
    return PRINTED
  }

  [inspect.custom](): string {
    return PRINTED
  }
}

/** Why `secret` is too short to be safe; the message continues its name. */
export function shortcoming(secret: string): string | undefined {
  return Buffer.byteLength(secret) < MIN_SECRET_BYTES ? `is shorter than ${MIN_SECRET_BYTES} bytes` : undefined
}

/**
 * Why `secret` can be guessed although it is long; the message continues its name. It does not measure entropy, but detects what
 * happens in practice: a repeated key and an unchanged example.
 */
export function weakness(secret: string | Buffer): string | undefined {
  const bytes = Buffer.from(secret)
  const distinct = new Set(bytes).size
  if (distinct === 1) return 'is one character repeated'
  if (distinct < MIN_DISTINCT_BYTES) return `has fewer than ${MIN_DISTINCT_BYTES} different characters`
  const letters = bytes
    .toString('latin1')
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
  return PLACEHOLDERS.some((each) => letters.includes(each)) ? 'is a placeholder from an example' : undefined
}

/**
 * The 32 bytes of a Fernet key, or undefined. Like Python's `base64.urlsafe_b64decode` it accepts `+/` as well as `-_`, because keys
 * made with `openssl rand -base64 32` work there, and data encrypted with them must stay readable. The padding is required.
 */
export function fernetKeyBytes(text: string): Buffer | undefined {
  return /^[A-Za-z0-9_+/-]{43}=$/.test(text) ? Buffer.from(text, 'base64url') : undefined
}

/** A Fernet key as Python's `Fernet.generate_key` writes it; 32 bytes always need one `=` of padding. */
export function fernetKeyText(bytes: Buffer): string {
  return `${bytes.toString('base64url')}=`
}

/**
 * `name=token`, or a bare token for the service `default`. The part before the first `=` is a name if it is a short lower-case word and
 * more than base64 padding follows: `c2VjcmV0…==` is a bare token. A token with another `=` inside is refused without a name, because
 * `Agent=…` is more likely a misspelt name than a token.
 */
export function namedToken(entry: string): { readonly name: string; readonly token: string } {
  const [, name = 'default', token = entry] = /^([a-z][a-z0-9_-]{0,31})=(?!=*$)(.+)$/.exec(entry) ?? []
  if (token === entry && /=(?!=*$)/.test(entry)) {
    throw new Error('has no lower-case service name before its =: write name=token, or default=token')
  }
  return { name, token }
}

/** Rules for the secrets of one configuration, including their combination. The errors never quote a secret. */
export class SecretRules {
  readonly #strict: boolean
  readonly #places = new Map<string, string>()

  /** `strict`, for production: also refuses guessable secrets, and one secret for two purposes. */
  constructor(strict: boolean) {
    this.#strict = strict
  }

  /** For a secret that protects access. */
  accept(place: string, text: string): Secret {
    const problem = shortcoming(text) ?? (this.#strict ? weakness(text) : undefined)
    if (problem !== undefined) throw new Error(`${problem}: generate one with \`${SECRET_RECIPE}\``)
    return this.acceptDistinct(place, text)
  }

  /** @returns the key in Fernet's URL-safe alphabet, whichever alphabet `text` uses */
  acceptFernetKey(place: string, text: string): Secret {
    const bytes = fernetKeyBytes(text)
    if (bytes === undefined) {
      throw new Error(`is not a Fernet key, 32 bytes in URL-safe base64: generate one with \`${FERNET_KEY_RECIPE}\``)
    }
    const problem = this.#strict ? weakness(bytes) : undefined
    if (problem !== undefined) throw new Error(`${problem}: generate one with \`${FERNET_KEY_RECIPE}\``)
    return this.acceptDistinct(place, fernetKeyText(bytes))
  }

  /** For a secret of any strength. It must differ from all others, so that a leak does not affect them. */
  acceptDistinct(place: string, text: string): Secret {
    const other = this.#places.get(text)
    if (other === place) throw new Error('is given twice: remove one')
    if (other !== undefined && this.#strict)
      throw new Error(`is the same secret as ${other}: use a separate one for each`)
    this.#places.set(text, place)
    return new Secret(text)
  }
}
