import { StartError } from '../../errors.ts'
import { label } from './migration-files.ts'

/** A row of schema_migrations, as far as it says which file was applied. */
export interface Recorded {
  readonly version: number
  readonly name: string
  readonly checksum: string
}

/**
 * The migrations before they were folded into fewer files, by name, with the start of the SHA-256 of each file. Seven numbers have
 * other files now, so a database with these rows must not be taken for one that has the files of today.
 */
const EARLIER: ReadonlyMap<string, string> = new Map([
  ['0001_roles', 'e854b0b236c83906e27106181912081f'],
  ['0002_users', 'ce2a24e4d4d757e8f174979aac1861d4'],
  ['0003_tasks', '2c52d2e2c97c554c6b90bfdd76613c6e'],
  ['0004_user_api_keys', '75ddfe96fa195748e8f9131c66d433ce'],
  ['0005_search', 'ccb3d1a00ea40e5add12e2f0778cc65b'],
  ['0006_exactly_once', 'f69503bb552b21a0316f4d65b1d559a9'],
  ['0007_kept_plans', 'f9597abfb12f8111a66922c2b0470816'],
  ['0008_task_json', '73f3b59cad6f67e6d6e1288c913d6fbb'],
  ['0009_kept_search_plans', '2ff7aa1c77059a94d38fccc62463500f'],
  ['0010_search_without_locale', 'c36b8cceb0b515f21bdbb33457e6878c'],
  ['0011_fingerprint_version', 'f4f969260605596d2fca071dc4ce4675'],
  ['0012_many_tasks', '3b090e50c1c62b22da1e073766922e23'],
  ['0013_jobs', '231711d8bc4783dd3e09996caf1d913d'],
  ['0014_key_reads_by_age', 'f837d84f3c491c1293fb8b89be6356f8'],
])

const isEarlier = (row: Recorded): boolean => {
  const checksum = EARLIER.get(label(row))
  return checksum !== undefined && row.checksum.startsWith(checksum)
}

export type Numbering =
  /** The numbering of today, or nothing applied. */
  | 'current'
  /** All files of the earlier numbering were applied, and none since. */
  | 'earlier'
  /** Only some of them were applied, or other files too. */
  | 'part of the earlier'

export function numberingOf(applied: readonly Recorded[]): Numbering {
  const earlier = applied.filter(isEarlier).length
  if (earlier === 0) return 'current'
  return earlier === EARLIER.size && applied.length === EARLIER.size ? 'earlier' : 'part of the earlier'
}

/**
 * @param applied the rows for which there is no file
 * @throws StartError that says the way over, when there are rows of the earlier numbering
 */
export function refuseEarlierNumbering(applied: readonly Recorded[]): void {
  const numbering = numberingOf(applied)
  if (numbering === 'current') return
  throw new StartError(
    numbering === 'earlier'
      ? 'this database has the migrations 0001 to 0014 of an earlier version, which have been folded into fewer: stop the processes of that version and run npm run migrate -- renumber, once, which keeps all data'
      : `this database has ${applied.length} migrations of an earlier version that had 14 (up to 0014_key_reads_by_age), and only a database with exactly these can be taken over: run migrate up with that version, and then npm run migrate -- renumber with this one`,
  )
}
