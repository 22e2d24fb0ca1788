import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { ATTACKS, sectionOfAttacks, titleOf } from './attacks/all.ts'
import { TASKS, type Attack, type Scene } from './attacks/scene.ts'
import { SLOW_ATTACKS, SLOW_EXPECTED } from './attacks/slow.ts'
import { checksum } from './checksum.ts'
import { assertProblem, assertSecurityHeaders, dial, lines } from './wire.ts'
import { openWorld, type Answer, type User, type World } from './world.ts'

/** Longer than the answer to any attack takes, except for the slow ones. */
const PATIENCE_MS = 30_000

/** Refusals of better-auth have its own code, and its message in addition to the detail. */
const isOfBetterAuth = (code: string): boolean => code === code.toUpperCase()

/** The change log keeps what was created and deleted again. */
const isNoLog = (table: string): boolean => !/^change(s|_logs)$/.test(table)

const connectionsOf = ({ app }: World): Promise<number> =>
  new Promise((resolve, reject) =>
    app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  )

/** Waits for a condition, because the other side of a socket reacts after a moment. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAt, what)
    await new Promise(setImmediate)
  }
}

/** Asserts that no client connection is left, and that no database connection is in use or waited for. */
async function assertNothingHeld(world: World, connections: number): Promise<void> {
  const { pool } = world.deps.db
  await until('a connection of a client is held', async () => (await connectionsOf(world)) <= connections)
  await until(
    'a connection to the database is held',
    () => pool.idleCount === pool.totalCount && pool.waitingCount === 0,
  )
}

async function arrange(world: World): Promise<Omit<Scene, 'canary'>> {
  const [ada, ben] = [await world.signUp('Ada'), await world.signUp('Ben')]
  const createFor = async ({ token }: User): Promise<Headers> =>
    (await world.ask('POST', TASKS, { token, body: { title: 'a' } })).headers
  const createdBy = async (user: User): Promise<string> => (await createFor(user)).get('location') ?? assert.fail()
  const [adaTask, benTask] = [await createdBy(ada), await createdBy(ben)]
  const benTrashed = await createdBy(ben)
  await world.ask('DELETE', benTrashed, { token: ben.token })
  const benChangeId = (await createFor(ben)).get('x-change-id') ?? assert.fail('no X-Change-Id')
  const { headers } = await world.ask('GET', `${TASKS}?limit=1`, { token: ben.token })
  const signIn = async (): Promise<Answer> =>
    world.ask('POST', '/api/auth/sign-in/email', { body: { email: ada.email, password: ada.password } })
  const [kept, signedOut, expired] = [await signIn(), await signIn(), await signIn()]
  await world.ask('POST', '/api/auth/sign-out', { token: signedOut.json.token, body: {} })
  const personal = async ({ token }: User): Promise<Answer['json']> =>
    (await world.ask('POST', '/api/tokens', { token, body: { name: 'a' } })).json
  const readOnly = await personal(ada)
  await world.ask('GET', TASKS, { token: readOnly.token })
  await until('its use is not noted', async () => {
    const { json } = await world.ask('GET', `/api/tokens/${readOnly.id}`, { token: ada.token })
    return json.lastUsedAt !== null
  })
  const webhook = await world.ask('POST', '/api/webhooks', {
    token: ben.token,
    body: { url: 'https://example.com/', events: ['task.created'] },
  })
  const storedHash = await world.asOwner(async (client) => {
    const newest = await client.query<{ id: string }>(
      `select id from user_sessions where "userId" = $1 order by "createdAt" desc, id limit 1`,
      [ada.id],
    )
    await client.query(`update user_sessions set "expiresAt" = now() where id = $1`, [newest.rows[0]?.id])
    const { rows } = await client.query<{ token: string }>(
      `select token from user_sessions where "userId" = $1 and "expiresAt" > now() limit 1`,
      [ada.id],
    )
    return rows[0]?.token ?? assert.fail('no session')
  })
  return {
    ada,
    ben,
    adaTask,
    benTask,
    benTrashed: benTrashed.replace(`${TASKS}/`, ''),
    readOnlyToken: readOnly.token,
    benTokenId: (await personal(ben)).id,
    benWebhook: webhook.headers.get('location') ?? assert.fail('no webhook'),
    benCursor: headers.get('x-next-cursor') ?? assert.fail('no cursor'),
    benSyncCursor: headers.get('x-sync-cursor') ?? assert.fail('no cursor'),
    benChangeId,
    storedHash,
    expiredToken: expired.json.token,
    signedOutToken: signedOut.json.token,
    cookie: kept.headers.getSetCookie()[0]?.split(';', 1)[0] ?? assert.fail('no cookie'),
  }
}

suite('an attack', () => {
  let world: World
  let scene: Omit<Scene, 'canary'>
  before(async () => {
    world = await openWorld({ env: { METRICS_TOKEN: randomBytes(32).toString('base64url') } })
    scene = await arrange(world)
  })
  after(() => world[Symbol.asyncDispose]())

  for (const [subject, attacks] of Object.entries(ATTACKS)) {
    suite(subject, () => {
      for (const attack of attacks) {
        test(titleOf(attack), async () => {
          const [before, connections] = [await checksum(world), await connectionsOf(world)]
          const canary = `canary-${randomBytes(12).toString('hex')}`
          const sent = [attack.send({ ...scene, canary })].flat()
          const answer = await strike(world.url, sent, attack)

          const [status, code] = attack.expected
          assert.ok(!answer.text.includes(canary), `the answer contains a value of the request: ${answer.text}`)
          assertSecurityHeaders(answer)
          assert.equal(answer.headers.get('server'), null)
          if (code === undefined) assert.equal(answer.status, status, answer.text)
          else assertProblem(answer, { status, code, more: isOfBetterAuth(code) ? ['message'] : [] })
          attack.check?.(answer, { ...scene, canary })

          assert.equal(await checksum(world), before, 'something was changed')
          await assertNothingHeld(world, connections)
        })
      }
    })
  }

  test('by SQL in a text stores exactly this text', async () => {
    const { token } = scene.ada
    const before = await checksum(world, isNoLog)
    for (const text of [
      "'; drop table tasks; --",
      "'||(select token from users limit 1)||'",
      '$1',
      '\\',
      '${7*7}{{7*7}}',
      '%s%n',
      '<script>',
    ]) {
      const body = { title: text, description: text, tags: [text] }
      const { json, status } = await world.ask('POST', TASKS, { token, body })
      assert.deepEqual([status, json.title, json.description, json.tags], [201, text, text, [text]])
      assert.equal((await world.ask('DELETE', `${TASKS}/${json.id}`, { token })).status, 204)
    }
    assert.equal(await checksum(world, isNoLog), before)
  })

  test('has no effect: after all attacks both users have the same data as before', async () => {
    for (const user of [scene.ada, scene.ben]) {
      const { json } = await world.ask('GET', TASKS, { token: user.token })
      assert.equal(json.length, user === scene.ada ? 1 : 2)
    }
  })
})

/** Sends all pieces on one connection and returns the answer, after which there must be no other. */
async function strike(
  url: string,
  parts: readonly (string | Uint8Array)[],
  { isHiding = false, answersBefore = 0 }: Pick<Attack, 'isHiding' | 'answersBefore'>,
): Promise<Answer> {
  using wire = await dial(url)
  const sending = wire.send(...parts)
  for (let before = 0; before < answersBefore; before++) await wire.answer()
  const answer = await wire.answer(/^[A-Z]+(?= )/.exec(String(parts[0]))?.[0])
  await sending
  if (answer.headers.get('connection') === 'close') assert.equal(await wire.ended(), '', 'a second answer')
  if (isHiding) {
    await wire.send(lines('GET /health HTTP/1.1', 'Host: x', 'X-Request-Id: next'))
    assert.equal((await wire.answer()).headers.get('x-request-id'), 'next', 'the hidden request has been answered')
  }
  return answer
}

/** The documented timeout of an incomplete request. */
const SLOW_LIMIT_MS = 15_000
/** The pause between two bytes: shorter than any idle timeout. */
const DRIP_INTERVAL_MS = 250

suite('an attack by slowness', { concurrency: true }, () => {
  let world: World
  let token: string
  let unchanged: string
  before(async () => {
    world = await openWorld()
    token = (await world.signUp()).token
    unchanged = await checksum(world)
  })
  after(async () => {
    assert.equal(await checksum(world), unchanged)
    await assertNothingHeld(world, 1)
    await world[Symbol.asyncDispose]()
  })

  for (const { name, begin, drip } of SLOW_ATTACKS) {
    test(`${name}: ${SLOW_EXPECTED}`, async () => {
      using wire = await dial(world.url)
      const from = performance.now()
      await wire.send(begin.replace('TOKEN', token))
      const dripping = setInterval(() => drip !== '' && void wire.send(drip), DRIP_INTERVAL_MS)
      try {
        const first = await wire.answer()
        const answer = first.status === 200 ? await wire.answer() : first
        assertProblem(answer, { status: 408, code: 'request_timeout' })
        assert.equal(await wire.ended(), '')
      } finally {
        clearInterval(dripping)
      }
      const tookMs = performance.now() - from
      assert.ok(tookMs < SLOW_LIMIT_MS, `took ${tookMs} ms`)
    })
  }
})

test('SECURITY.md lists exactly the attacks of this file with their answers', () => {
  const text = readFileSync(new URL('../SECURITY.md', import.meta.url), 'utf8')
  const [section] = /^## Tested attacks\n[^]*?(?=^## )/m.exec(text) ?? []
  assert.equal(section, sectionOfAttacks())
})
