import type { Scopes } from '../db/scopes.ts'
import type { Statement } from '../db/wire/statement.ts'
import { StartError } from '../errors.ts'
import { isUuid } from '../lib/uuid.ts'
import type { CommandDeps } from './command-deps.ts'
import type { Output } from './output.ts'

export const JOBS_USAGE = `usage: todo-backend jobs list
       todo-backend jobs retry ID
       todo-backend jobs drop ID

list   prints the jobs in the queue, dead ones first: id, name, state, attempts, time, last error and reference
retry  makes a dead job due now, with all its attempts; correct the cause first, which the log has
drop   deletes a dead job without doing its work

The exit status is 1 if there is no dead job with that id. docs/operations/jobs.md describes background jobs.`

/** More are counted and not printed. */
const LISTED_MAX = 200

type JobsOptions = { readonly action: 'list' } | { readonly action: 'retry' | 'drop'; readonly id: string }

/** @throws StartError */
export function parseJobs([action, id, ...surplus]: readonly string[]): JobsOptions {
  if (action === 'list' && id === undefined) return { action }
  if ((action !== 'retry' && action !== 'drop') || surplus.length > 0) {
    throw new StartError('there are jobs list, jobs retry ID and jobs drop ID: see jobs --help')
  }
  if (id === undefined || !isUuid(id))
    throw new StartError(`jobs ${action} needs the id of a job, as jobs list prints it`)
  return { action, id }
}

const LIST: Statement = {
  name: 'jobs.list',
  text: `select id, name, attempts, coalesce(last_error, '') as "lastError", reference, count(*) over ()::int as total,
           case when dead_at is not null then 'dead' when lease is not null and run_at > now() then 'running'
                when run_at <= now() then 'due' else 'scheduled' end as state,
           to_char(coalesce(dead_at, run_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at
         from jobs order by dead_at is null, dead_at, run_at limit $1`,
}
const RETRY: Statement = {
  name: 'jobs.retry',
  text: `update jobs set dead_at = null, attempts = 0, run_at = now(), last_error = null
         where id = $1 and dead_at is not null returning name`,
}
const DROP: Statement = {
  name: 'jobs.drop',
  text: `delete from jobs where id = $1 and dead_at is not null returning name`,
}

interface Listed {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly attempts: number
  /** When it died, or when it is due; of a running job, when its lease ends. */
  readonly at: string
  readonly lastError: string
  readonly reference: object
  readonly total: number
}

/** @throws StartError if there is no dead job with that id */
export async function jobs({ db, log, config }: Omit<CommandDeps, 'auth'>, options: JobsOptions, output: Output) {
  if (options.action === 'list') return list(db, output)
  const { action, id } = options
  const [reason, statement] =
    action === 'retry' ? (['retry a dead job', RETRY] as const) : (['drop a dead job', DROP] as const)
  const changed = await db.asSystem(reason, (sql) => sql.row<{ name: string }>(statement, [id]))
  if (changed === undefined) throw new StartError(`there is no dead job ${id}: jobs list shows all jobs`)
  log.info({ job: changed.name, id, action }, 'the operator changed a dead job')
  if (action === 'drop') return output.line(`${changed.name} ${id} was dropped`)
  const { pollMs } = config.jobs
  const when = pollMs === 0 ? 'when a process next looks for jobs' : `within ${Math.ceil((pollMs * 1.25) / 1000)} s`
  output.line(`${changed.name} ${id} is due: a process that serves runs it ${when}`)
}

async function list(db: Pick<Scopes, 'asSystem'>, output: Output): Promise<void> {
  const rows = await db.asSystem('list jobs', (sql) => sql.rows<Listed>(LIST, [LISTED_MAX]))
  for (const { id, name, state, attempts, at, lastError, reference } of rows) {
    output.line([id, name, state, attempts, at, lastError || '-', JSON.stringify(reference)].join('  '))
  }
  const total = rows[0]?.total ?? 0
  if (total === 0) output.line('there are no jobs')
  if (total > rows.length) output.line(`and ${total - rows.length} more`)
}
