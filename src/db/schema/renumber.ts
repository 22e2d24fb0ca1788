import { readFileSync } from 'node:fs'
import type { ClientBase } from 'pg'
import { numberingOf, refuseEarlierNumbering, type Recorded } from './earlier-numbering.ts'
import { readMigrations, scriptOf, type Migration, type MigrationVariables } from './migration-files.ts'
import { inLockedTransaction, run } from './migration-run.ts'
import { hasMigrationsTable } from './migrator.ts'

const SCRIPT = 'bridge/from_0014.sql'

/** The newest migration that was folded from the earlier ones. Those after it are pending when the bridge is crossed. */
const FOLDED_UP_TO = 7

/**
 * Brings a database that has all migrations of the earlier numbering to the schema and the numbering of today, in one transaction.
 * No table is rewritten. Migrations that came later stay pending.
 *
 * @returns the migrations that are recorded as applied; none if the database has the numbering of today
 * @throws StartError when it has only a part of the earlier migrations
 */
export async function renumber(client: ClientBase, variables: MigrationVariables): Promise<readonly Migration[]> {
  const url = new URL(`../../../migrations/${SCRIPT}`, import.meta.url)
  const script = scriptOf(SCRIPT, readFileSync(url, 'utf8'), variables)
  const folded = readMigrations().filter(({ version }) => version <= FOLDED_UP_TO)
  return inLockedTransaction(client, async () => {
    if (!(await hasMigrationsTable(client))) return []
    const { rows } = await client.query<Recorded>('select version, name, checksum from public.schema_migrations')
    const numbering = numberingOf(rows)
    if (numbering === 'current') return []
    if (numbering !== 'earlier') refuseEarlierNumbering(rows)
    await run(client, script)
    await client.query('delete from public.schema_migrations')
    for (const { version, name, mode, checksum } of folded) {
      await client.query(
        'insert into public.schema_migrations (version, name, mode, checksum) values ($1, $2, $3, $4)',
        [version, name, mode, checksum],
      )
    }
    return folded
  })
}
