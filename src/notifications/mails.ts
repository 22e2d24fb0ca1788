import type { FeatureDeps } from '../feature.ts'
import { USER_ZONE } from '../db/user-zone.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { MailKind, MailTexts } from '../mail/kind.ts'
import type { Task } from '../tasks/schema.ts'

export const REMINDER_MAIL = 'reminder'

interface Values {
  readonly title: string
  /** Undefined without a due date. */
  readonly due: string | undefined
  readonly link: string
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ')

const TEXTS: MailTexts<Values> = {
  en: ({ title, due, link }) => ({
    subject: `Reminder: ${oneLine(title)}`,
    paragraphs: [
      `${title}${due === undefined ? '' : `\nDue: ${due}`}`,
      'You get this mail because you have chosen to get reminders by mail. You can change that in your account.',
    ],
    action: { label: 'Open your tasks', url: link },
  }),
}

const READ: Statement = {
  name: 'notifications.mail',
  text: `select todo_task_json(tasks)::json as task,
      coalesce(tasks.timezone, ${USER_ZONE}) as timezone
    from tasks where user_id = $user and id = (select task_id from notifications where user_id = $user and id = $1)`,
}

interface Row {
  readonly task: Task
  readonly timezone: string
}

/** The mail of a reminder; none if its task is no longer there. */
export const notificationMails = ({ db }: Pick<FeatureDeps, 'db'>): readonly MailKind[] => [
  {
    name: REMINDER_MAIL,
    compose: async ({ principal, reference, language, link }) => {
      if (principal === undefined) return undefined
      const row = await db.asUser(principal, (sql) => sql.row<Row>(READ, [reference['notification']]))
      if (row === undefined) return undefined
      const { title, dueDate } = row.task
      const due = dueDate === null ? undefined : dueText(dueDate, row.timezone, language)
      return { text: TEXTS[language]({ title, due, link: link('/') }) }
    },
  },
]

/** A day, or a time with its zone, in words. */
function dueText(dueDate: string, timezone: string, language: string): string {
  if (!dueDate.includes('T')) return Temporal.PlainDate.from(dueDate).toLocaleString(language, { dateStyle: 'full' })
  return Temporal.Instant.from(dueDate).toLocaleString(language, {
    dateStyle: 'full',
    timeStyle: 'short',
    timeZone: timezone,
  })
}
