import { asAda, request, type Attack, type Scene } from '../../test/attacks/scene.ts'
import type { Ask, FeatureCases } from '../../test/feature-cases.ts'

const WEBHOOKS = '/api/webhooks'
const BODY = { url: 'https://example.com/hook', events: ['task.created'] }

const DELIVERY = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a14'

/** The path of a new webhook. The older ones are deleted, because a user can have only a few. */
async function created(ask: Ask): Promise<string> {
  const { json } = await ask('GET', { path: WEBHOOKS })
  for (const { id } of json) await ask('DELETE', { path: `${WEBHOOKS}/${id}` })
  return `${WEBHOOKS}/${(await ask('POST', { path: WEBHOOKS, body: BODY })).json.id}`
}

const withoutSecret = (text: string): string => text.replace(/"secret":(?:null|"[^"]*")/, '')

const refusedUrl = (name: string, url: string): Attack => ({
  name,
  expected: [422, 'invalid_input'],
  send: asAda('POST', WEBHOOKS, { body: { ...BODY, url } }),
})

const onBens = (name: string, method: string, of: (webhook: string) => string, body?: unknown): Attack => ({
  name,
  expected: [404, 'not_found'],
  send: asAda(method, ({ benWebhook }: Scene) => of(benWebhook), body === undefined ? {} : { body }),
})

export const cases: FeatureCases = {
  parameters: { deliveryId: DELIVERY },
  writes: (ask) => ({
    'POST /api/webhooks': async () => {
      await created(ask)
      return { path: WEBHOOKS, body: BODY }
    },
    'PATCH /api/webhooks/{id}': async () => ({ path: await created(ask), body: { active: false } }),
    'DELETE /api/webhooks/{id}': async () => ({ path: await created(ask) }),
    'POST /api/webhooks/{id}/secret': async () => ({ path: `${await created(ask)}/secret` }),
    'POST /api/webhooks/{id}/test': async () => ({ path: `${await created(ask)}/test` }),
    'POST /api/webhooks/{id}/deliveries/{deliveryId}/redeliver': async () => {
      const webhook = await created(ask)
      const { json } = await ask('POST', { path: `${webhook}/test` })
      return { path: `${webhook}/deliveries/${json.id}/redeliver` }
    },
  }),
  masks: {
    'POST /api/webhooks': withoutSecret,
    'POST /api/webhooks/{id}/secret': withoutSecret,
    'POST /api/webhooks/{id}/test': (text) => text.replace(/"messageId":"[^"]*"/, ''),
  },
  attacks: {
    "Other users' tasks": [
      onBens("reading another user's webhook", 'GET', (webhook) => webhook),
      onBens("reading the deliveries of another user's webhook", 'GET', (webhook) => `${webhook}/deliveries`),
      onBens("sending another user's changes to the attacker", 'PATCH', (webhook) => webhook, {
        url: 'https://example.org/',
      }),
      onBens("making a new secret for another user's webhook", 'POST', (webhook) => `${webhook}/secret`),
      onBens("testing another user's webhook", 'POST', (webhook) => `${webhook}/test`),
      onBens("deleting another user's webhook", 'DELETE', (webhook) => webhook),
      {
        name: "making a webhook for another user's changes",
        expected: [422, 'invalid_input'],
        send: asAda('POST', WEBHOOKS, ({ ben }) => ({ body: { ...BODY, userId: ben.id } })),
      },
    ],
    Credentials: [
      {
        name: 'a webhook without a credential',
        expected: [401, 'unauthenticated'],
        send: () => request('POST', WEBHOOKS, { body: BODY }),
      },
      {
        name: 'a personal token without webhooks:manage that makes a webhook',
        expected: [403, 'insufficient_scope'],
        send: asAda('POST', WEBHOOKS, ({ readOnlyToken: token }) => ({ token, body: BODY })),
      },
      {
        name: 'a webhook with a chosen secret',
        expected: [422, 'invalid_input'],
        send: asAda('POST', WEBHOOKS, { body: { ...BODY, secret: 'whsec_AAAA' } }),
      },
    ],
    'Requests to other servers': [
      refusedUrl("a webhook to the cloud provider's credentials", 'http://169.254.169.254/latest/meta-data'),
      refusedUrl('the same as an IPv4-mapped address', 'http://[::ffff:a9fe:a9fe]/'),
      refusedUrl('a webhook to the unspecified address', 'http://0/'),
      refusedUrl('a webhook to an IPv4-compatible address', 'http://[::127.0.0.1]/'),
      refusedUrl('a webhook to a NAT64 address', 'https://[64:ff9b::7f00:1]/'),
      refusedUrl('a webhook with a user name in its URL', 'https://example.com@127.0.0.1/'),
      refusedUrl('a webhook to a file', 'file:///etc/passwd'),
    ],
  },
}
