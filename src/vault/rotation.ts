import type { Database } from '../db/database.ts'
import type { SystemSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { SealedColumn } from '../feature.ts'
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
  readonly name: string
}

interface Row extends RowName {
  /** With the user it is the key of the row. */
  readonly key: string
  readonly sealed: string
}

const FIRST_KEY = { text: '', uuid: '00000000-0000-0000-0000-000000000000' } as const

/** The statements on one column. Only names of our own are part of their text. */
function statementsFor({ table, column, key, keyType, label }: SealedColumn) {
  const of = `${table}_${column}`
  const read = `select user_id as "userId", ${key} as key, ${label} as name, ${column} as sealed from ${table}
         where ${column} is not null and (user_id, ${key}) > ($1, $2::${keyType}) order by user_id, ${key} limit $3`
  return {
    read: { name: `read ${of}`, text: read },
    // Rows are locked in the order of the primary key, so that concurrent rotations cannot deadlock. A user who stores a secret meanwhile
    // either waits for this transaction or has committed before, in which case the new row is read.
    lock: { name: `lock ${of}`, text: `${read} for update` },
    reencrypt: {
      name: `reencrypt ${of}`,
      text: `update ${table} k set ${column} = n.sealed
         from unnest($1::text[], $2::${keyType}[], $3::text[]) as n (user_id, key, sealed)
         where k.user_id = n.user_id and k.${key} = n.key`,
    },
  } satisfies Record<string, Statement>
}

type Statements = ReturnType<typeof statementsFor>

/** Dependencies and settings of `rotate` and `verify`. */
export interface RotationOptions {
  readonly db: Pick<Database, 'asSystem'>
  readonly fernet: Fernet
  /** The number of encryption keys. */
  readonly keys: number
  readonly columns: readonly SealedColumn[]
  readonly onProgress?: (progress: Progress) => void
  readonly batchRows?: number
}

/**
 * Re-encrypts under the first key the rows that an older key encrypted, one transaction per batch. It can be interrupted and run again,
 * several times at once and while the service runs: rows that are done are skipped, and no key is lost.
 */
export function rotate(options: RotationOptions): Promise<Progress> {
  return walk(options, 'rotate secrets of users', async (sql, { lock, reencrypt }, place) => {
    const { fernet } = options
    const rows = await sql.rows<Row>(lock, place)
    const reencrypted = rows.flatMap((row) => {
      const opened = fernet.decrypt(row.sealed)
      if (opened === undefined || opened.key === 0) return []
      const sealed = fernet.encrypt(opened.plaintext, opened.timestampS)
      opened.plaintext.fill(0)
      return [{ ...row, sealed }]
    })
    if (reencrypted.length > 0) {
      const column = (name: keyof Row): string[] => reencrypted.map((row) => row[name])
      await sql.rows(reencrypt, [column('userId'), column('key'), column('sealed')])
    }
    const changed = new Map(reencrypted.map((row) => [JSON.stringify([row.userId, row.key]), row]))
    return {
      rows: rows.map((row) => changed.get(JSON.stringify([row.userId, row.key])) ?? row),
      rotated: reencrypted.length,
    }
  })
}

/** Counts which key decrypts each row, without changes. */
export function verify(options: RotationOptions): Promise<Progress> {
  return walk(options, 'verify secrets of users', async (sql, { read }, place) => ({
    rows: await sql.rows<Row>(read, place),
    rotated: 0,
  }))
}

type Batch = { readonly rows: readonly Row[]; readonly rotated: number }
type Step = (sql: SystemSql, statements: Statements, place: readonly unknown[]) => Promise<Batch>

async function walk(
  { db, fernet, keys, columns, onProgress = () => undefined, batchRows = BATCH_ROWS }: RotationOptions,
  reason: string,
  step: Step,
): Promise<Progress> {
  const openedBy = Array.from({ length: keys }, () => 0)
  const unreadableRows: RowName[] = []
  const progress = { seen: 0, rotated: 0, openedBy, unreadable: 0, unreadableRows }
  for (const column of columns) {
    const statements = statementsFor(column)
    let last: Pick<Row, 'userId' | 'key'> | undefined = { userId: '', key: FIRST_KEY[column.keyType] }
    while (last !== undefined) {
      const place: readonly unknown[] = [last.userId, last.key, batchRows]
      const { rows, rotated } = await db.asSystem(reason, (sql) => step(sql, statements, place))
      for (const { userId, name, sealed } of rows) {
        const opened = fernet.decrypt(sealed)
        opened?.plaintext.fill(0)
        if (opened !== undefined) openedBy[opened.key] = (openedBy[opened.key] ?? 0) + 1
        else if (++progress.unreadable <= UNREADABLE_NAMED_MAX) unreadableRows.push({ userId, name })
      }
      progress.seen += rows.length
      progress.rotated += rotated
      if (rows.length > 0) onProgress(progress)
      last = rows.length < batchRows ? undefined : rows.at(-1)
    }
  }
  return progress
}
