import { purge, purgeOf } from '../db/purge.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { JobDeps } from '../feature.ts'
import type { Again, JobKind, RunningJob } from '../jobs/kind.ts'
import { REMINDER_MAIL } from './mails.ts'
import { openReminderMetrics, type ReminderMetrics } from './metrics.ts'
import { openPlanner, SEND_REMINDERS } from './planner.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** The longest pause. A reminder that is set is looked at by the process that has committed it; this finds those that were missed. */
const PAUSE_MAX_MS = 10 * MINUTE_MS
/** How many reminders one transaction makes due. */
export const FIRED_AT_ONCE = 200
/** After this time the reminders of users whose log was locked are tried again. */
const LOCKED_RETRY_MS = 200

const FIRE: Statement = {
  name: 'notifications.fire',
  text: `select user_id as "userId", notification_id as "notificationId", late_s as "lateS", wants_mail as "wantsMail"
         from public.todo_fire_reminders($1)`,
}
export const NEXT: Statement = {
  name: 'notifications.next',
  text: `select ceil(extract(epoch from due_at - now()) * 1000)::float8 as "inMs" from reminders order by due_at limit 1`,
}
/** How old they are stands in the policy, too: the system role sees no others. */
const PURGE = purgeOf({
  name: 'notifications.purge',
  table: 'notifications',
  key: ['id'],
  by: 'created_at',
  before: `now() - interval '90 days'`,
})

interface Fired {
  readonly userId: string
  readonly notificationId: string
  readonly lateS: number
  readonly wantsMail: boolean
}

/** Makes notifications of reminders that are due, and deletes old ones. */
export function notificationJobs(deps: JobDeps): readonly JobKind[] {
  const { db, jobs, log } = deps
  const metrics = openReminderMetrics(deps.metrics.registry)
  return [
    {
      name: SEND_REMINDERS,
      everyMs: PAUSE_MAX_MS,
      open: () => openPlanner({ db, jobs, log }),
      run: (job) => sendReminders(deps, metrics, job),
    },
    {
      name: 'purge-notifications',
      everyMs: DAY_MS,
      run: async ({ signal }) => void (await purge(db, 'purge old notifications', PURGE, signal)),
    },
  ]
}

/** Batch after batch. What was committed is due once, and what was not is found again. */
async function sendReminders(
  { db, jobs, mail }: Pick<JobDeps, 'db' | 'jobs' | 'mail'>,
  metrics: ReminderMetrics,
  { signal, stopping }: Pick<RunningJob, 'signal' | 'stopping'>,
): Promise<Again> {
  for (;;) {
    signal.throwIfAborted()
    const fired = await db.asSystem('make reminders due', async (sql) => {
      const rows = await sql.rows<Fired>(FIRE, [FIRED_AT_ONCE])
      for (const { userId, notificationId, wantsMail } of rows) {
        if (!wantsMail) continue
        await mail.enqueue(sql, {
          kind: REMINDER_MAIL,
          userId,
          reference: { notification: notificationId },
          key: notificationId,
        })
      }
      return rows
    })
    for (const { lateS } of fired) metrics.sent(lateS)
    for (const userId of new Set(fired.map((each) => each.userId))) db.noteChange(userId)
    if (fired.some(({ wantsMail }) => wantsMail)) jobs.wake()
    const next = await db.asSystem('find the next reminder', (sql) => sql.row<{ inMs: number }>(NEXT))
    const inMs = next?.inMs ?? PAUSE_MAX_MS
    if (inMs > 0) return { againInMs: Math.min(inMs, PAUSE_MAX_MS) }
    if (fired.length === 0 || stopping.aborted) return { againInMs: LOCKED_RETRY_MS }
  }
}
