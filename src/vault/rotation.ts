import type { Database } from '../db/database.ts'
import type { SystemSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { Fernet } from '../lib/fernet.ts'

/** Rows per transaction. It takes a fraction of a second, during which a user who stores a key may have to wait. */
const BATCH_ROWS = 500
/** Maximum unreadable rows that are named; the others are only counted. */
const UNREADABLE_NAMED_MAX = 20

export interface Progress {
  /** Rows read so far. */
  readonly seen: number
  /** Rows re-encrypted under the first key. */
  readonly rotated: number
  /** How many rows each key decrypts after the run, the first key first. */
  readonly openedBy: readonly number[]
  /** Rows that no key decrypts; they do not change. */
  readonly unreadable: number
  /** The first unreadable rows. */
  readonly unreadableRows: readonly RowName[]
}

export interface RowName {
  readonly userId: string
  readonly provider: string
}

interface Row extends RowName {
  readonly encryptedKey: string
}

const READ: Statement = {
  name: 'vault.read_batch',
  text: `select user_id as "userId", provider, encrypted_key as "encryptedKey" from user_api_keys
         where (user_id, provider) > ($1, $2) order by user_id, provider limit $3`,
}
// Rows are locked in the order of the primary key, so that concurrent rotations cannot deadlock. A user who stores a key meanwhile
// either waits for this transaction or has committed before, in which case the new row is read.
const LOCK: Statement = { name: 'vault.lock_batch', text: `${READ.text} for update` }
const REENCRYPT: Statement = {
  name: 'vault.reencrypt',
  text: `update user_api_keys k set encrypted_key = n.encrypted_key
         from unnest($1::text[], $2::text[], $3::text[]) as n (user_id, provider, encrypted_key)
         where k.user_id = n.user_id and k.provider = n.provider`,
}

/** Dependencies and settings of `rotate` and `verify`. */
export interface RotationOptions {
  readonly db: Pick<Database, 'asSystem'>
  readonly fernet: Fernet
  /** The number of encryption keys. */
  readonly keys: number
  readonly onProgress?: (progress: Progress) => void
  readonly batchRows?: number
}

/**
 * Re-encrypts under the first key the rows that an older key encrypted, one transaction per batch. It can be interrupted and run again,
 * several times at once and while the service runs: rows that are done are skipped, and no key is lost.
 */
export function rotate(options: RotationOptions): Promise<Progress> {
  return walk(options, 'rotate vault keys', async (sql, fernet, place) => {
    const rows = await sql.rows<Row>(LOCK, place)
    const reencrypted = rows.flatMap((row) => {
      const opened = fernet.decrypt(row.encryptedKey)
      if (opened === undefined || opened.key === 0) return []
      const encryptedKey = fernet.encrypt(opened.plaintext, opened.timestampS)
      opened.plaintext.fill(0)
      return [{ ...row, encryptedKey }]
    })
    if (reencrypted.length > 0) {
      const column = (name: keyof Row): string[] => reencrypted.map((row) => row[name])
      await sql.rows(REENCRYPT, [column('userId'), column('provider'), column('encryptedKey')])
    }
    const changed = new Map(reencrypted.map((row) => [JSON.stringify([row.userId, row.provider]), row]))
    return {
      rows: rows.map((row) => changed.get(JSON.stringify([row.userId, row.provider])) ?? row),
      rotated: reencrypted.length,
    }
  })
}

/** Counts which key decrypts each row, without changes. */
export function verify(options: RotationOptions): Promise<Progress> {
  return walk(options, 'verify vault keys', async (sql, _, place) => ({
    rows: await sql.rows<Row>(READ, place),
    rotated: 0,
  }))
}

type Batch = { readonly rows: readonly Row[]; readonly rotated: number }
type Step = (sql: SystemSql, fernet: Fernet, place: readonly unknown[]) => Promise<Batch>

async function walk(
  { db, fernet, keys, onProgress = () => undefined, batchRows = BATCH_ROWS }: RotationOptions,
  reason: string,
  step: Step,
): Promise<Progress> {
  const openedBy = Array.from({ length: keys }, () => 0)
  const unreadableRows: RowName[] = []
  const progress = { seen: 0, rotated: 0, openedBy, unreadable: 0, unreadableRows }
  let last: RowName | undefined = { userId: '', provider: '' }
  while (last !== undefined) {
    const place: readonly unknown[] = [last.userId, last.provider, batchRows]
    const { rows, rotated } = await db.asSystem(reason, (sql) => step(sql, fernet, place))
    for (const { userId, provider, encryptedKey } of rows) {
      const opened = fernet.decrypt(encryptedKey)
      opened?.plaintext.fill(0)
      if (opened !== undefined) openedBy[opened.key] = (openedBy[opened.key] ?? 0) + 1
      else if (++progress.unreadable <= UNREADABLE_NAMED_MAX) unreadableRows.push({ userId, provider })
    }
    progress.seen += rows.length
    progress.rotated += rotated
    if (rows.length > 0) onProgress(progress)
    last = rows.length < batchRows ? undefined : rows.at(-1)
  }
  return progress
}
