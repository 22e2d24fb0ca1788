import { request, type Attack } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'

const ME = '/api/me'

const changing = (name: string, expected: Attack['expected'], body: object): Attack => ({
  name,
  expected,
  send: ({ ada: { token } }) => request('PATCH', ME, { token, body }),
})

export const cases: FeatureCases = {
  writes: (ask) => ({
    'PATCH /api/me': async () => {
      const { json } = await ask('GET', { path: ME })
      // Another zone each time, so that a second execution shows in the settings.
      return { path: ME, body: { timezone: json.timezone === 'Asia/Tokyo' ? 'Asia/Seoul' : 'Asia/Tokyo' } }
    },
  }),
  attacks: {
    Credentials: [
      {
        name: 'a read-only personal token that reads the profile',
        expected: [403, 'insufficient_scope'],
        send: ({ readOnlyToken: token }) => request('GET', ME, { token }),
      },
      {
        name: 'a personal token that changes the profile',
        expected: [403, 'forbidden'],
        send: ({ readOnlyToken: token }) => request('PATCH', ME, { token, body: { name: 'x' } }),
      },
    ],
    JSON: [changing('a time zone that is SQL', [422, 'invalid_input'], { timezone: `UTC' or 'a` })],
    "Other users' tasks": [
      changing("changing another user's profile by its id", [422, 'invalid_input'], { id: 'x', name: 'x' }),
    ],
    'Members that callers may not set': [
      changing('an e-mail address that is changed without its verification', [422, 'invalid_input'], {
        email: 'eve@example.com',
      }),
    ],
  },
}
