import { pino } from 'pino'
import type { Config } from '../config/config.ts'
import { openDatabase } from '../db/database.ts'
import type { SealedColumn } from '../feature.ts'
import { openFernet } from '../lib/fernet.ts'
import { fail, ok, warn, type Finding } from '../lib/finding.ts'
import { within } from '../lib/within.ts'
import { verify } from './rotation.ts'

const CHECK = 'encryption keys'
const TIMEOUT_MS = 10_000

/** Checks that every stored key can be decrypted, and whether with the first encryption key. */
export async function checkKeys(config: Config, columns: readonly SealedColumn[]): Promise<Finding> {
  const { encryptionKeys } = config
  await using db = await openDatabase(config, pino({ level: 'silent' }), { migrate: false })
  const keys = encryptionKeys.length
  const verifying = verify({ db, fernet: openFernet(encryptionKeys), keys, columns })
  // After the timeout the check's connection is closed while the query runs.
  verifying.catch(() => undefined)
  const seen = await within(TIMEOUT_MS, verifying).catch(() => undefined)
  if (seen === undefined) {
    return warn(CHECK, 'there are too many stored secrets to check them here', 'npm start -- vault verify')
  }
  if (seen.unreadable > 0) {
    return fail(
      CHECK,
      `${seen.unreadable} of ${seen.seen} stored keys cannot be opened`,
      'add the lost entry to ENCRYPTION_KEY again; npm start -- vault verify names the keys',
    )
  }
  const old = seen.seen - (seen.openedBy[0] ?? 0)
  return old === 0
    ? ok(CHECK, `the first of ${keys} opens all ${seen.seen} stored keys`)
    : warn(CHECK, `${old} of ${seen.seen} stored keys need an older entry`, 'npm start -- vault rotate')
}
