import { availableParallelism } from 'node:os'
import { Problem, retryAfter } from '../errors.ts'
import { Places } from '../lib/places.ts'

/** better-auth's scrypt takes some 100 ms of CPU time and 32 MiB. libuv has four threads for it and for files. */
const AT_ONCE = Math.max(1, Math.min(3, availableParallelism()))
/** With this many waiting, the last one waits about a second and a half on two processors. */
const WAITING_MAX = 32

export interface PasswordHashing {
  /** @throws Problem overloaded (503) at once if too many passwords are waiting; nothing was changed */
  hash(this: void, password: string): Promise<string>
  /** @throws Problem overloaded (503) likewise */
  verify(this: void, given: { readonly hash: string; readonly password: string }): Promise<boolean>
}

/**
 * Hashes a limited number of passwords at once, in order. Without a limit each would take as long as all together, and accepted
 * requests would time out.
 */
export function boundedHashing(
  { atOnce = AT_ONCE, waitingMax = WAITING_MAX }: { atOnce?: number; waitingMax?: number } = {},
  { hash, verify }: PasswordHashing = scrypt,
): PasswordHashing {
  const places = new Places(atOnce)
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    if (places.isFull && places.waiting >= waitingMax) throw tooManyPasswords()
    return await places.run(work)
  }
  return { hash: (password) => within(() => hash(password)), verify: (given) => within(() => verify(given)) }
}

/** Loaded at its first use, like the rest of better-auth. */
const scrypt: PasswordHashing = {
  hash: async (password) => (await import('better-auth/crypto')).hashPassword(password),
  verify: async (given) => (await import('better-auth/crypto')).verifyPassword(given),
}

const tooManyPasswords = (): Problem =>
  new Problem('overloaded', 'Too many passwords are being checked at this moment; try again shortly', retryAfter(1))
