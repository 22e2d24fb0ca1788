import { createHash, randomBytes } from 'node:crypto'
import { boundedHashing, type PasswordHashing } from '../src/auth/hashing.ts'

/** Characters of a SHA-256 in hex. */
const DIGEST_LENGTH = 64

const digest = (password: string, salt: string): string =>
  createHash('sha256')
    .update(`${salt}:${password.normalize('NFKC')}`)
    .digest('hex')

const sha256: PasswordHashing = {
  hash: async (password) => {
    const salt = randomBytes(16).toString('hex')
    return `${salt}:${digest(password, salt)}`
  },
  verify: async ({ hash, password }) => {
    const [salt = '', digested = ''] = hash.split(':')
    // A program of the service has stored this one.
    if (digested.length !== DIGEST_LENGTH) return await boundedHashing().verify({ hash, password })
    return digested === digest(password, salt)
  },
}

/**
 * SHA-256 for the passwords of a world, because better-auth's scrypt takes 0.1 s of CPU time for each sign-up and sign-in. That the
 * service uses scrypt is tested by `better-auth.test.ts`, and by every test that starts the service as a process.
 */
export const openFastHashing = (): PasswordHashing => boundedHashing({}, sha256)
