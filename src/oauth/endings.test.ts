import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openEvents } from '../../test/event-stream.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { connect, consent, post, register, renew, TRUSTING, type Connected } from './client.testing.ts'
import { oauthJobs } from './jobs.ts'

/** What ends the access of apps, and what is deleted by itself. Times are moved in the database. */

let world: World
let ada: User
before(async () => {
  world = await openWorld({ env: { PUBLIC_URL: 'https://todo.example.com', ...TRUSTING } })
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp('Ada')
})

const auth = (path: string, body: object, token?: string): Promise<Answer> =>
  world.ask('POST', `/api/auth/${path}`, { body, token })
const statusOf = async ({ access }: Connected): Promise<number> =>
  (await world.ask('GET', '/api/tasks', { token: access })).status
/** Neither token gives anything, and nothing is left of the grant. */
async function hasEnded(connected: Connected): Promise<void> {
  assert.equal(await statusOf(connected), 401)
  const { status, json } = await renew(world, connected.clientId, connected.refresh)
  assert.deepEqual([status, json.error], [400, 'invalid_grant'])
  assert.deepEqual(await world.sql('select from oauth_grants where client_id = $1', [connected.clientId]), [])
}

suite('the access of an app ends', () => {
  /** The token of a link in a mail to this user, as the job that sends the mail stores it. */
  async function resetLink(user: User): Promise<string> {
    const token = randomBytes(32).toString('base64url')
    await world.sql(
      `insert into mail_tokens (hash, user_id, purpose, address, expires_at)
       values ($1, $2, 'reset-password', $3, now() + interval '1 hour')`,
      [createHash('sha256').update(token).digest(), user.id, user.email],
    )
    return token
  }

  for (const isVerified of [true, false]) {
    test(`with a reset of the password, of an address that was ${isVerified ? '' : 'not '}verified before`, async () => {
      await world.sql('update users set "emailVerified" = $2 where id = $1', [ada.id, isVerified])
      const connected = await connect(world, ada)
      const token = await resetLink(ada)
      const { status, text } = await auth('reset-password', { token, newPassword: 'another horse battery' })
      assert.equal(status, 200, text)
      await hasEnded(connected)
    })
  }

  test('not with a reset by a link that is void', async () => {
    const connected = await connect(world, ada)
    const { status } = await auth('reset-password', { token: 'x'.repeat(43), newPassword: 'another horse battery' })
    assert.equal(status, 422)
    assert.equal(await statusOf(connected), 200)
  })

  test('with each way to sign out everywhere, and for this user alone', async () => {
    const ben = await world.signUp('Ben')
    const other = await connect(world, ben)
    for (const [path, body] of [
      ['revoke-other-sessions', {}],
      [
        'change-password',
        { currentPassword: ada.password, newPassword: 'another horse battery', revokeOtherSessions: true },
      ],
      ['revoke-sessions', {}],
    ] as const) {
      const connected = await connect(world, ada)
      const { status, text, json } = await auth(path, body, ada.token)
      assert.equal(status, 200, text)
      await hasEnded(connected)
      ada = { ...ada, token: json.token ?? ada.token }
    }
    assert.equal(await statusOf(other), 200)
  })

  test('with the deletion of the user', async () => {
    const connected = await connect(world, ada)
    assert.equal((await auth('delete-user', { password: ada.password }, ada.token)).status, 200)
    await hasEnded(connected)
  })

  test('also where its code was not exchanged yet', async () => {
    const clientId = await register(world)
    await consent(world, ada, { clientId })
    assert.equal((await world.ask('DELETE', `/api/apps/${clientId}`, { token: ada.token })).status, 204)
    assert.deepEqual(await world.sql('select from oauth_grants where client_id = $1', [clientId]), [])
  })
})

suite('an event stream of an app', () => {
  for (const [what, end] of [
    ['was disconnected', ({ clientId }) => world.ask('DELETE', `/api/apps/${clientId}`, { token: ada.token })],
    [
      'has revoked its token',
      ({ clientId, access }) => post(world, '/oauth/revoke', { token: access, client_id: clientId }),
    ],
    [
      'has an expired token',
      () => world.sql('update oauth_tokens set expires_at = now() where user_id = $1', [ada.id]),
    ],
    ['was ended with all sessions', () => auth('revoke-other-sessions', {}, ada.token)],
  ] as const satisfies readonly (readonly [string, (connected: Connected) => Promise<unknown>])[]) {
    test(`ends within 30 s after the app ${what}, and that of the session continues`, async (t) => {
      const connected = await connect(world, ada)
      t.mock.timers.enable({ apis: ['setInterval'] })
      await using app = await openEvents(`${world.url}/api/events`, { token: connected.access })
      await using mine = await openEvents(`${world.url}/api/events`, { token: ada.token })
      await Promise.all([app.named('ready'), mine.named('ready')])
      await end(connected)
      t.mock.timers.tick(30_000)
      assert.deepEqual((await app.named('end')).data, { reason: 'credential' })
      await app.ended
      await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 'x' } })
      await mine.next(({ event }) => event === 'change')
    })
  }
})

suite('the job purge-apps', () => {
  const run = async (): Promise<void> => {
    for (const job of oauthJobs(world.deps.db)) {
      await job.run({
        id: randomUUID(),
        reference: {},
        attempts: 1,
        signal: new AbortController().signal,
        stopping: new AbortController().signal,
        principal: undefined,
      })
    }
  }
  const tokens = (userId: string): Promise<readonly Answer['json'][]> =>
    world.sql('select kind from oauth_tokens where user_id = $1 order by kind', [userId])

  test('deletes tokens that have expired, and no others', async () => {
    const { clientId } = await connect(world, ada)
    await world.sql(`update oauth_tokens set expires_at = now() where user_id = $1 and kind = 'access'`, [ada.id])
    await run()
    assert.deepEqual(await tokens(ada.id), [{ kind: 'refresh' }])
    assert.equal((await world.ask('GET', '/api/apps', { token: ada.token })).json[0].clientId, clientId)
  })

  test('deletes grants that have ended with their tokens, and those whose code was not exchanged in time', async () => {
    const ben = await world.signUp('Ben')
    const kept = await connect(world, ada)
    const ended = await connect(world, ben)
    const unused = await register(world)
    await consent(world, ben, { clientId: unused })
    await world.sql(`update oauth_grants set expires_at = now() where client_id = $1`, [ended.clientId])
    await world.sql(`update oauth_grants set code_expires_at = now() where client_id = any ($1)`, [
      [unused, kept.clientId],
    ])
    await run()
    assert.deepEqual(
      await world.sql('select client_id from oauth_grants where user_id = any ($1)', [[ada.id, ben.id]]),
      [{ client_id: kept.clientId }],
    )
    assert.deepEqual(await tokens(ben.id), [])
    assert.equal(await statusOf(kept), 200)
  })

  test('deletes registrations that no user connected within a day, and those unused for 90 days, unless a grant is left', async () => {
    const [fresh, unused, abandoned] = [await register(world), await register(world), await register(world)]
    const connected = await connect(world, ada)
    await world.sql(`update oauth_clients set created_at = now() - interval '25 hours' where id = $1`, [unused])
    await world.sql(
      `update oauth_clients set created_at = now() - interval '91 days', connected_at = now() - interval '91 days' where id = any ($1)`,
      [[abandoned, connected.clientId]],
    )
    await run()
    const ids = [fresh, unused, abandoned, connected.clientId]
    const left = await world.sql('select id from oauth_clients where id = any ($1)', [ids])
    assert.deepEqual(new Set(left.map(({ id }) => id)), new Set([fresh, connected.clientId]))
    assert.equal((await renew(world, connected.clientId, connected.refresh)).status, 200)
  })
})
