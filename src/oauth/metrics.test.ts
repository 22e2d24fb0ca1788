import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { openWorld, type User, type World } from '../../test/world.ts'
import {
  connect,
  consent,
  decide,
  exchange,
  fromElsewhere,
  post,
  register,
  renew,
  requestOf,
  TRUSTING,
} from './client.testing.ts'

let world: World
let ada: User
let clientId: string

before(async () => {
  world = await openWorld({ env: { PUBLIC_URL: 'https://todo.example.com', ...TRUSTING } })
  ada = await world.signUp()
  clientId = await register(world)
})
after(() => world[Symbol.asyncDispose]())

/** @returns the samples of OAuth by their name with labels */
async function samples(): Promise<ReadonlyMap<string, number>> {
  const { text } = await world.ask('GET', '/metrics')
  const lines = [...text.matchAll(/^(oauth_\S+) (\S+)$/gm)]
  return new Map(lines.map(([, name = '', value]) => [name, Number(value)]))
}

/** What the work has added to the samples of OAuth. */
async function counted(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const earlier = await samples()
  await work()
  const changes = [...(await samples())].map(([name, value]) => [name, value - (earlier.get(name) ?? 0)] as const)
  return Object.fromEntries(changes.filter(([, change]) => change !== 0))
}

const connected = () => connect(world, ada, 'tasks:read', clientId)

const ALLOWED = { 'oauth_decisions_total{decision="allow"}': 1 }
const ISSUED = { ...ALLOWED, 'oauth_tokens_issued_total{grant="authorization_code"}': 1 }
const REFUSED = { 'oauth_refusals_total{error="invalid_grant"}': 1 }

suite('the metrics of OAuth', () => {
  test('have every value of their labels from the beginning', async () => {
    const known = await samples()
    for (const name of [
      'decisions_total{decision="deny"}',
      'replays_total{what="refresh"}',
      'refusals_total{error="invalid_scope"}',
    ]) {
      assert.ok(known.has(`oauth_${name}`), name)
    }
  })

  for (const [what, work, expected] of [
    ['a registration', () => register(world), { oauth_registrations_total: 1 }],
    [
      'a refused registration',
      () => world.ask('POST', '/oauth/register', { body: { redirect_uris: [] }, headers: fromElsewhere() }),
      { 'oauth_refusals_total{error="invalid_redirect_uri"}': 1 },
    ],
    ['a consent', () => consent(world, ada, { clientId }), ALLOWED],
    [
      'a consent that is repeated with its Idempotency-Key',
      async () => {
        const asking = {
          token: ada.token,
          body: { request: requestOf({ clientId }), decision: 'allow' },
          headers: { 'idempotency-key': randomUUID() },
        }
        for (let time = 0; time < 2; time++) await world.ask('POST', '/api/apps/authorization', asking)
      },
      ALLOWED,
    ],
    [
      'a denial',
      () => decide(world, ada, requestOf({ clientId }), { decision: 'deny' }),
      { 'oauth_decisions_total{decision="deny"}': 1 },
    ],
    [
      'a dry run of a decision',
      () =>
        world.ask('POST', '/api/apps/authorization?dryRun=true', {
          token: ada.token,
          body: { request: requestOf({ clientId }), decision: 'deny' },
        }),
      {},
    ],
    ['a connection', connected, ISSUED],
    [
      'a renewal',
      async () => renew(world, clientId, (await connected()).refresh),
      { ...ISSUED, 'oauth_tokens_issued_total{grant="refresh_token"}': 1 },
    ],
    [
      'a code that is used again',
      async () => exchange(world, await connected()),
      { ...ISSUED, ...REFUSED, 'oauth_replays_total{what="code"}': 1 },
    ],
    [
      'an unknown grant type',
      () => post(world, '/oauth/token', { grant_type: 'password', client_id: clientId }),
      { 'oauth_refusals_total{error="unsupported_grant_type"}': 1 },
    ],
    [
      'a revocation without a token',
      () => post(world, '/oauth/revoke', { client_id: clientId }),
      { 'oauth_refusals_total{error="invalid_request"}': 1 },
    ],
  ] as const) {
    test(`count ${what}`, async () => {
      assert.deepEqual(await counted(work), expected)
    })
  }
})
