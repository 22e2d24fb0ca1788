import { createHash } from 'node:crypto'
import type { Step, UserSql } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'
import { lockOf } from '../db/user-lock.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import { theOnly } from '../lib/the-only.ts'
import { timeZoneNamed } from '../lib/time-zone.ts'
import type { Profile, ProfilePatch } from './schema.ts'

/** A row whatever the user has set. The function reads the auth server's table, the join that of the settings. */
const READ: Statement = {
  name: 'profile.read',
  text: `select profile || jsonb_build_object(
           'timezone', coalesce(settings.timezone, 'UTC'), 'emailReminders', coalesce(settings.email_reminders, false)) as profile
         from (select public.todo_profile() as profile offset 0) kept
         left join (select timezone, email_reminders from user_settings where user_id = $user) settings on true`,
}
const LOCK = lockOf('profile')
const RENAME: Statement = { name: 'profile.rename', text: 'select public.todo_rename($1)::text' }
const SET: Statement = {
  name: 'profile.set',
  text: `insert into user_settings as settings (timezone, email_reminders) values (coalesce($1, 'UTC'), coalesce($2, false))
         on conflict (user_id) do update set
           timezone = coalesce($1, settings.timezone), email_reminders = coalesce($2, settings.email_reminders)
         returning timezone`,
}
const KNOWS_ZONE: Statement = { name: 'profile.knows_zone', text: 'select public.todo_knows_zone($1) as "isKnown"' }

interface Row {
  readonly profile: Profile
}

export const find: Step<Profile> = shortReading(
  READ,
  [],
  // The column of the statement.
  (row) => theOnly(row as Row | undefined).profile,
)

/**
 * Changes what the patch has.
 *
 * @param patch checked by {@link settable}
 * @param check gets the profile before the change, which is locked, and throws to refuse it
 * @returns the profile after the change
 * @throws Problem invalid_input (422) for a time zone that the database does not know
 */
export async function change(
  sql: UserSql,
  { name, timezone, emailReminders }: ProfilePatch,
  check: (current: Profile) => void,
): Promise<Profile> {
  const read = async (): Promise<Profile> => theOnly(await sql.row<Row>(READ)).profile
  // The second statement has a snapshot from after the lock was taken.
  const [, current] = await Promise.all([sql.row(LOCK, [sql.userId]), read()])
  check(current)
  if (timezone !== undefined && timezone !== current.timezone) {
    const { isKnown } = theOnly(await sql.row<{ isKnown: boolean }>(KNOWS_ZONE, [timezone]))
    if (!isKnown) throw refused('timezone', 'is not known to the database of this service')
  }
  if (name !== undefined && name !== current.name) await sql.row(RENAME, [name])
  if (timezone !== undefined || emailReminders !== undefined) {
    await sql.row(SET, [timezone ?? null, emailReminders ?? null])
  }
  return await read()
}

/**
 * The patch with the time zone as the IANA database writes it.
 *
 * @throws Problem invalid_input (422) for a name that is no time zone, and for a new name of a user whom another auth server keeps
 */
export function settable(patch: ProfilePatch, authMode: 'embedded' | 'external'): ProfilePatch {
  if (patch.name !== undefined && authMode === 'external') {
    throw refused('name', 'is kept by another auth server: change it there')
  }
  if (patch.timezone === undefined) return patch
  const timezone = timeZoneNamed(patch.timezone)
  if (timezone === undefined) throw refused('timezone', 'must be the name of an IANA time zone, such as Europe/Berlin')
  return { ...patch, timezone }
}

/** The entity tag of a profile. */
export const tagOf = (profile: Profile): string =>
  `"${createHash('sha256').update(JSON.stringify(profile)).digest('base64url').slice(0, 24)}"`

const refused = (member: keyof ProfilePatch, what: string): Problem =>
  Problem.invalid([{ in: 'body', pointer: `/${member}`, detail: `${member} ${what}` }])
