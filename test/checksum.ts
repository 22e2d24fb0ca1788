import type { World } from './world.ts'

/** A checksum of all rows of all tables, or of some. */
export const checksum = (world: World, isIncluded: (table: string) => boolean = () => true): Promise<string> =>
  world.asOwner(async (client) => {
    const tables = await client.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
    )
    const included = tables.rows.filter(({ name }) => isIncluded(name))
    const sums = included.map(
      ({ name }) => `(select count(*) || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from ${name} t)`,
    )
    const { rows } = await client.query<{ all: string }>(`select concat_ws(' ', ${sums.join(', ')}) as all`)
    return rows[0]?.all ?? ''
  })
