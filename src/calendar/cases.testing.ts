import { request, type Attack } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'

const ADDRESS = '/api/calendar'

const making = (name: string, send: Attack['send']): Attack => ({ name, expected: [403, 'forbidden'], send })

export const cases: FeatureCases = {
  writes: (ask) => ({
    'POST /api/calendar': async () => ({ path: ADDRESS }),
    'DELETE /api/calendar': async () => {
      await ask('POST', { path: ADDRESS })
      return { path: ADDRESS }
    },
  }),
  masks: {
    'POST /api/calendar': (text) => text.replace(/"url":(?:null|"[^"]*")/, '').replace(/"createdAt":"[^"]*"/, ''),
  },
  attacks: {
    Credentials: [
      making('a personal token that makes the address of the calendar', ({ readOnlyToken: token }) =>
        request('POST', ADDRESS, { token }),
      ),
      {
        name: 'an invented address of a calendar',
        expected: [404, 'not_found'],
        send: () => request('GET', `${ADDRESS}/todo_cal_${'a'.repeat(36)}.ics`),
      },
      {
        name: 'a session token as the address of a calendar',
        expected: [404, 'not_found'],
        send: ({ ben }) => request('GET', `${ADDRESS}/${ben.token}.ics`),
      },
    ],
  },
}
