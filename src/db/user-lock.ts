import type { Statement } from './wire/statement.ts'

/**
 * What a user's requests do one at a time, and the number that separates its locks from the others. 6 and 8 are those of idempotency keys
 * and of the change log.
 */
const NUMBERS = { tokens: 9, profile: 10, webhooks: 11, apps: 12 } as const

/** A statement with the id of a user: takes the user's lock for something until the transaction ends. */
export const lockOf = (what: keyof typeof NUMBERS): Statement => ({
  name: `${what}.lock_user`,
  text: `select pg_advisory_xact_lock(hashtextextended($1, ${NUMBERS[what]}))::text`,
})
