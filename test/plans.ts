import pg, { escapeLiteral, Query, type ClientBase, type Pool, type PoolClient } from 'pg'

/** An operation, and what it must read. */
export interface Expected {
  readonly ask: readonly [method: string, path: string, body?: object]
  readonly headers?: Readonly<Record<string, string>>
  /** The scans of users' rows by its statements, in order. */
  readonly reads: readonly string[]
  /** Whether what it reads of the change log counts too. Every list and write looks up the end of the log. */
  readonly isOfLog?: true
}

/** A statement that the service sent. */
export interface Sent {
  /** '' if it is planned each time, for its values. */
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

/** @returns a function that returns the statements sent on the pool's connections since its last call */
export function watchStatements(pool: Pool): () => readonly Sent[] {
  let sent: Sent[] = []
  const watched = new WeakSet<PoolClient>()
  pool.on('acquire', (client) => {
    if (watched.has(client)) return
    watched.add(client)
    const query = client.query.bind(client)
    client.query = ((asked: unknown, ...rest: []) => {
      // The driver has both members, which its declarations lack.
      if (asked instanceof Query) sent.push(asked as unknown as Sent)
      return query(asked as string, ...rest)
      // The overloads of `query` differ in the later arguments, which are passed on unchanged.
    }) as typeof client.query
  })
  return () => {
    const taken = sent
    sent = []
    return taken
  }
}

/** Members of the driver that its declarations lack. */
const { prepareValue } = (
  pg as unknown as { readonly utils: { prepareValue(this: void, value: unknown): string | Buffer | null } }
).utils

function literal(value: unknown): string {
  const prepared = prepareValue(value)
  if (prepared === null) return 'null'
  return typeof prepared === 'string' ? escapeLiteral(prepared) : `'\\x${prepared.toString('hex')}'`
}

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Node[]
}

/** A plan for the values of the statement, or the generic plan of a prepared statement. */
export type PlanKind = 'custom' | 'generic'

/**
 * The scans of `tables` in PostgreSQL's plan for a statement on this connection: for an index scan the index and the columns of its
 * condition, `tasks_pkey (user_id, id)`, and for any other scan its kind. A sort precedes its input, unless a limit bounds it.
 */
export async function explain(
  client: ClientBase,
  { text, values }: Sent,
  kind: PlanKind,
  tables: ReadonlySet<string>,
): Promise<readonly string[]> {
  await client.query(`set plan_cache_mode = force_${kind}_plan; prepare explained as ${text}`)
  try {
    const given = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `explain (format json) execute explained${given}`,
    )
    const plan = rows[0]?.['QUERY PLAN'][0].Plan
    return plan === undefined ? [] : reads(plan, tables)
  } finally {
    await client.query('deallocate explained; reset plan_cache_mode')
  }
}

/** Nodes that return no more rows than those below them. */
const PASSING = new Set(['Subquery Scan', 'Result', 'Append', 'Merge Append', 'Sort', 'Incremental Sort'])

/** Whether a limit bounds the rows that the node returns. */
const isLimited = ({ 'Node Type': type, Plans: plans = [] }: Node): boolean =>
  type === 'Limit' || (PASSING.has(type) && plans.length > 0 && plans.every(isLimited))

function reads(node: Node, tables: ReadonlySet<string>): string[] {
  const below = (node.Plans ?? []).flatMap((child) => reads(child, tables))
  const type = node['Node Type']
  const [first, ...others] = below
  if (type.endsWith('Sort') && first !== undefined && !isLimited(node)) return [`${type} of ${first}`, ...others]
  const table = node['Relation Name']
  if (table === undefined || !tables.has(table) || type === 'ModifyTable') return below
  const index = node['Index Name']
  return [index === undefined ? `${type} of ${table}` : `${index} (${columnsOf(node['Index Cond'])})`, ...below]
}

/** Each condition begins with its column or with a row of columns. */
function columnsOf(condition = ''): string {
  const bare = condition.replaceAll(/'(?:[^']|'')*'/g, `''`)
  const found = bare.matchAll(/\((?:ROW\()?([a-z_]+(?:, [a-z_]+)*)\)? (?:=|<|>|<=|>=|IS) /g)
  return [...new Set([...found].map(([, columns]) => columns))].join(', ')
}
