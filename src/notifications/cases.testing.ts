import { randomUUID } from 'node:crypto'
import { asAda, type Attack } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'

const NOTIFICATIONS = '/api/notifications'
const SOME_ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'

const refused = (name: string, expected: Attack['expected'], ...of: Parameters<typeof asAda>): Attack => ({
  name,
  expected,
  send: asAda(...of),
})

export const cases: FeatureCases = {
  writes: (ask, asOwner) => {
    const newNotification = async (): Promise<string> => {
      const { json } = await ask('POST', { path: '/api/tasks', body: { title: 'x' } })
      const id = randomUUID()
      await asOwner((client) =>
        client.query(
          `insert into notifications (user_id, id, kind, task_id, at) values ($1, $2, 'reminder', $3, now())`,
          [json.userId, id, json.id],
        ),
      )
      return id
    }
    return {
      'PATCH /api/notifications/{id}': async () => ({
        path: `${NOTIFICATIONS}/${await newNotification()}`,
        body: { read: true },
      }),
      'POST /api/notifications/read-all': async () => {
        await newNotification()
        return { path: `${NOTIFICATIONS}/read-all` }
      },
    }
  },
  plans: {
    tables: ['notifications'],
    // One of 8 users has nearly all of them, and most are read: else the index of the unread ones would be as large as that of all.
    fill: `
      insert into notifications (user_id, id, kind, task_id, at, read_at)
      select user_id, gen_random_uuid(), 'reminder', gen_random_uuid(), now(), case when n % 10 > 0 then now() end from (
        select $1 as user_id, generate_series(1, 3000) as n union all
        select id, generate_series(1, 5) from users where id like 'other-%') each_of_them`,
    operations: {
      'the notifications': {
        ask: ['GET', `${NOTIFICATIONS}?limit=20`],
        reads: ['notifications_by_age (user_id)'],
      },
      'the unread notifications': {
        ask: ['GET', `${NOTIFICATIONS}?unread=true&limit=20`],
        reads: ['notifications_unread (user_id)'],
      },
    },
  },
  attacks: {
    Notifications: [
      refused('marking a notification that is not yours', [404, 'not_found'], 'PATCH', `${NOTIFICATIONS}/${SOME_ID}`, {
        body: { read: true },
      }),
      refused('an empty patch of one that is not yours', [404, 'not_found'], 'PATCH', `${NOTIFICATIONS}/${SOME_ID}`, {
        body: {},
      }),
      refused('marking one with text', [422, 'invalid_input'], 'PATCH', `${NOTIFICATIONS}/${SOME_ID}`, {
        body: { read: 'true' },
      }),
      refused('marking one with other members', [422, 'invalid_input'], 'PATCH', `${NOTIFICATIONS}/${SOME_ID}`, {
        body: { read: true, readAt: '2020-01-01T00:00:00Z' },
      }),
      refused('a page that is too large', [422, 'invalid_input'], 'GET', `${NOTIFICATIONS}?limit=201`),
      refused('a cursor of another list', [400, 'invalid_cursor'], 'GET', `${NOTIFICATIONS}?cursor=x`),
    ],
  },
}
