import { Type, type Static } from 'typebox'
import { Instant, Nullable, UserId } from '../http/wire.ts'
import { ZONE_LENGTH_MAX } from '../lib/time-zone.ts'

/** As for a sign-up. */
const NAME_LENGTH_MAX = 200
const EMAIL_LENGTH_MAX = 254

const TIMEZONE =
  'An IANA time zone. Days in queries begin and end in it, unless a request names another one, and so do the days of tasks without a time zone of their own'

export const Profile = Type.Object(
  {
    id: UserId,
    name: Type.String({ maxLength: NAME_LENGTH_MAX }),
    email: Type.String({ maxLength: EMAIL_LENGTH_MAX }),
    emailVerified: Type.Boolean(),
    timezone: Type.String({
      maxLength: ZONE_LENGTH_MAX,
      description: `${TIMEZONE}. That of a new user is what the header X-Timezone names, else UTC`,
    }),
    emailReminders: Type.Boolean({ description: 'Whether reminders are sent by mail too; false by default' }),
    createdAt: Nullable({ ...Instant, description: 'Null where another auth server does not keep it' }),
  },
  {
    $id: 'Profile',
    examples: [
      {
        id: 'hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E',
        name: 'Ada',
        email: 'ada@example.com',
        emailVerified: true,
        timezone: 'Europe/Berlin',
        emailReminders: false,
        createdAt: '2025-12-20T09:30:00.250Z',
      },
    ],
  },
)
export type Profile = Static<typeof Profile>

export const ProfilePatch = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        'x-trim': true,
        'x-visible': true,
        minLength: 1,
        maxLength: NAME_LENGTH_MAX,
        format: 'text',
        description: 'Not where another auth server keeps the users (AUTH_MODE=external): there it is 422',
      }),
    ),
    timezone: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: ZONE_LENGTH_MAX,
        format: 'text',
        description: `${TIMEZONE}. Links such as Europe/Kiev are accepted, and keep their name`,
      }),
    ),
    emailReminders: Type.Optional(Type.Boolean({ description: 'Whether reminders are sent by mail too' })),
  },
  {
    $id: 'ProfilePatch',
    additionalProperties: false,
    description: 'Absent members do not change',
    examples: [{ timezone: 'Europe/Berlin' }],
  },
)
export type ProfilePatch = Static<typeof ProfilePatch>
