import type { Statement } from '../db/wire/statement.ts'
import type { JobDeps } from '../feature.ts'
import { theOnly } from '../lib/the-only.ts'

export const SEND_REMINDERS = 'send-reminders'

/** Changes of this time are looked at together. */
const GATHERED_MS = 300
/** The pause after an error of the database. */
const RETRY_MS = 5_000

/** Moves the job forward to the next reminder, unless it runs. */
export const SOONER: Statement = {
  name: 'notifications.sooner',
  text: `with moved as (
      update jobs set run_at = greatest(next.due_at, now())
      from (select due_at from reminders order by due_at limit 1) next
      where name = '${SEND_REMINDERS}' and key = 'periodic' and lease is null and dead_at is null and run_at > next.due_at
      returning 1
    )
    select exists (select from moved) as "isMoved",
      exists (select from jobs where name = '${SEND_REMINDERS}' and key = 'periodic' and lease is not null) as "isRunning",
      not exists (select from jobs where name = '${SEND_REMINDERS}' and key = 'periodic') as "isMissing"`,
}

interface Plan {
  readonly isMoved: boolean
  readonly isRunning: boolean
  readonly isMissing: boolean
}

/**
 * Looks for the next reminder after changes that this process has committed: any of them may have set an earlier one. A job that runs may
 * have looked before, so that it is looked for again. So it is if there is no such job yet, because the first process of a database adds
 * it while others already commit changes, and after an error. Changes of a process that died are found by the job itself.
 */
export function openPlanner({ db, jobs, log }: Pick<JobDeps, 'db' | 'jobs' | 'log'>): AsyncDisposable {
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let looking = Promise.resolve()
  const look = async (): Promise<void> => {
    try {
      const { isMoved, isRunning, isMissing } = theOnly(
        await db.asSystem('plan reminders', (sql) => sql.row<Plan>(SOONER)),
      )
      if (isMoved) jobs.wake()
      if (isRunning || isMissing) plan()
    } catch (error) {
      log.warn({ err: error, retryInMs: RETRY_MS }, 'the next reminder could not be looked up; it may be late')
      plan(RETRY_MS)
    }
  }
  const plan = (inMs = GATHERED_MS): void => {
    if (isClosed) return
    timer ??= setTimeout(() => {
      timer = undefined
      looking = look()
    }, inMs).unref()
  }
  db.onChange(() => plan())
  plan()
  return {
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      clearTimeout(timer)
      await looking
    },
  }
}
