import type { Statement } from '../db/wire/statement.ts'
import type { JobDeps } from '../feature.ts'
import { theOnly } from '../lib/the-only.ts'

export const SEND_REMINDERS = 'send-reminders'

/** Changes of this time are looked at together. */
const GATHERED_MS = 300

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
      exists (select from jobs where name = '${SEND_REMINDERS}' and key = 'periodic' and lease is not null) as "isRunning"`,
}

/**
 * Looks for the next reminder after changes that this process has committed: any of them may have set an earlier one. A job that runs may
 * have looked before, so that it is looked for again. Changes of a process that died are found by the job itself.
 */
export function openPlanner({ db, jobs, log }: Pick<JobDeps, 'db' | 'jobs' | 'log'>): AsyncDisposable {
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let looking = Promise.resolve()
  const look = async (): Promise<void> => {
    try {
      const { isMoved, isRunning } = theOnly(
        await db.asSystem('plan reminders', (sql) => sql.row<{ isMoved: boolean; isRunning: boolean }>(SOONER)),
      )
      if (isMoved) jobs.wake()
      if (isRunning) plan()
    } catch (error) {
      log.warn({ err: error }, 'the next reminder could not be looked up; it may be late')
    }
  }
  const plan = (): void => {
    if (isClosed) return
    timer ??= setTimeout(() => {
      timer = undefined
      looking = look()
    }, GATHERED_MS).unref()
  }
  db.onChange(plan)
  plan()
  return {
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      clearTimeout(timer)
      await looking
    },
  }
}
