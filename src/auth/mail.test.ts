import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, suite, test } from 'node:test'
import { createAuthClient } from 'better-auth/client'
import type { PoolClient } from 'pg'
import { until } from '../../test/faults/measures.ts'
import { openMailServer, type MailServer, type ReceivedMail } from '../../test/mail-server.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import { purgeOfMailTokens } from './mail-tokens.ts'

const PASSWORD = 'another horse battery'
const FROM = 'Todo <todo@todo.example>'
const INVALID = 'The link is invalid, was used before or has expired: request a new one'

let server: MailServer
let world: World
/** The same with REQUIRE_EMAIL_VERIFICATION. */
let strict: World
const opened = new AsyncDisposableStack()

before(async () => {
  server = opened.use(await openMailServer())
  const env = { SMTP_URL: server.url, MAIL_FROM: FROM, PUBLIC_URL: 'https://todo.example/app', JOBS_POLL_SECONDS: '1' }
  world = opened.use(await openWorld({ env }))
  strict = opened.use(await openWorld({ env: { ...env, REQUIRE_EMAIL_VERIFICATION: 'true' } }))
  for (const each of [world, strict]) opened.use(await runJobs(each.deps))
  // The timers of jobs do not keep the process alive, so something else must.
  const alive = setInterval(() => undefined, 1000)
  opened.defer(() => clearInterval(alive))
})
after(() => opened.disposeAsync())
afterEach(async () => {
  for (const each of [world, strict]) await idle(each)
  // A mail that a test did not expect would be the next test's.
  assert.equal(server.received.length, read)
})

let read = 0
const nextMail = async (): Promise<ReceivedMail> => {
  const mail = await server.next()
  read++
  return mail
}
/** The next two mails, in the order of their recipients: they are sent at the same time. */
const twoMails = async (): Promise<readonly ReceivedMail[]> =>
  [await nextMail(), await nextMail()].sort((a, b) => (String(a.to) < String(b.to) ? -1 : 1))

const tokenIn = ({ text }: ReceivedMail, page: string): string => {
  const [, found = '', token = ''] = /https:\/\/todo\.example\/app\/account\/([\w-]+)#([\w-]{43})\r?\n/.exec(text) ?? []
  assert.equal(found, page)
  return token
}

const rows = async (text: string, values: readonly unknown[] = [], of = world): Promise<Record<string, unknown>[]> =>
  of.asOwner(async (client) => (await client.query<Record<string, unknown>>(text, [...values])).rows)
const post = (path: string, body: unknown, token?: string, of = world): Promise<Answer> =>
  of.ask('POST', `/api/auth/${path}`, { body, token })
const signIn = (email: string, password: string, of = world): Promise<Answer> =>
  post('sign-in/email', { email, password }, undefined, of)
const newEmail = (): string => `mail-${randomUUID()}@example.com`
/** Waits until no mail waits. */
const idle = (of = world): Promise<void> =>
  until('no mail waits', async () => {
    of.deps.jobs.wake()
    return (await rows(`select 1 from jobs where name like 'mail-%'`, [], of)).length === 0
  })
const isVerified = async ({ id }: Pick<User, 'id'>, of = world): Promise<unknown> =>
  (await rows('select "emailVerified" as is from users where id = $1', [id], of))[0]?.['is']
const verify = (id: string): Promise<unknown> => rows('update users set "emailVerified" = true where id = $1', [id])

async function resetToken(email: string): Promise<string> {
  assert.equal((await post('request-password-reset', { email })).status, 200)
  return tokenIn(await nextMail(), 'reset-password')
}

const assertInvalidLink = ({ status, json }: Answer): void =>
  assert.deepEqual(
    [status, json.code, json.detail, json.errors],
    [422, 'INVALID_TOKEN', INVALID, [{ in: 'body', pointer: '/token', detail: INVALID }]],
  )

suite('a password reset', () => {
  test('by the link of a mail sets the password, ends all sessions, keeps personal tokens, and is confirmed by mail', async () => {
    const user = await world.signUp()
    await verify(user.id)
    const made = await world.ask('POST', '/api/tokens', { token: user.token, body: { name: 'cli' } })
    const asked = await post('request-password-reset', { email: user.email.toUpperCase(), redirectTo: '/x' })
    assert.deepEqual([asked.status, asked.json], [200, { status: true }])
    const mail = await nextMail()
    assert.deepEqual(
      [mail.from, mail.to, mail.headers.get('subject')],
      ['todo@todo.example', [user.email], 'Set a new password'],
    )
    assert.match(mail.html, /href="https:\/\/todo\.example\/app\/account\/reset-password#[\w-]{43}"/)
    const token = tokenIn(mail, 'reset-password')
    const reset = await post('reset-password', { newPassword: PASSWORD, token })
    assert.deepEqual([reset.status, reset.json], [200, { status: true }])
    assert.deepEqual([(await nextMail()).to, await isVerified(user)], [[user.email], true])
    assert.equal((await world.ask('GET', '/api/tasks', { token: user.token })).status, 401)
    assert.equal((await world.ask('GET', '/api/tasks', { token: made.json.token })).status, 200)
    assert.equal((await signIn(user.email, user.password)).status, 401)
    assert.equal((await signIn(user.email, PASSWORD)).status, 200)
  })

  test('that proves the address for the first time also ends the tokens and webhooks that were made before', async () => {
    const [attacker, other] = [await world.signUp(), await world.signUp()]
    const make = async ({ token }: User): Promise<string> => {
      const hook = { url: 'http://127.0.0.1:9/', events: ['task.created'] }
      assert.equal((await world.ask('POST', '/api/webhooks', { token, body: hook })).status, 201)
      return (await world.ask('POST', '/api/tokens', { token, body: { name: 'x' } })).json.token
    }
    const [dead, alive] = [await make(attacker), await make(other)]
    const token = await resetToken(attacker.email)
    assert.equal((await post('reset-password', { newPassword: PASSWORD, token })).status, 200)
    await nextMail()
    const owner = (await signIn(attacker.email, PASSWORD)).json.token
    assert.equal((await world.ask('GET', '/api/tasks', { token: dead })).status, 401)
    assert.deepEqual((await world.ask('GET', '/api/webhooks', { token: owner })).json, [])
    assert.equal((await world.ask('GET', '/api/tasks', { token: alive })).status, 200)
    assert.equal((await world.ask('GET', '/api/webhooks', { token: other.token })).json.length, 1)
  })

  test('of a user without a password gives the user one', async () => {
    const user = await world.signUp()
    await rows('delete from user_accounts where "userId" = $1', [user.id])
    const token = await resetToken(user.email)
    assert.equal((await post('reset-password', { newPassword: PASSWORD, token })).status, 200)
    await nextMail()
    assert.equal((await signIn(user.email, PASSWORD)).status, 200)
  })

  test('works once', async () => {
    const user = await world.signUp()
    const token = await resetToken(user.email)
    assert.equal((await post('reset-password', { newPassword: PASSWORD, token })).status, 200)
    await nextMail()
    assertInvalidLink(await post('reset-password', { newPassword: 'a third password', token }))
    assert.equal((await signIn(user.email, PASSWORD)).status, 200)
  })

  test('works once if its link is used twice at the same time, or two links are', async () => {
    const user = await world.signUp()
    const [one, two] = [await resetToken(user.email), await resetToken(user.email)]
    assert.notEqual(one, two)
    const answers = await Promise.all(
      [one, one, two, two].map((token, index) =>
        post('reset-password', { newPassword: `${PASSWORD} ${index}`, token }),
      ),
    )
    await nextMail()
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 422, 422, 422],
    )
    const winner = answers.findIndex(({ status }) => status === 200)
    assert.equal((await signIn(user.email, `${PASSWORD} ${winner}`)).status, 200)
    assert.deepEqual(await rows('select 1 from mail_tokens where user_id = $1 and used_at is null', [user.id]), [])
  })

  test('is refused with a link that has expired, is for another purpose, or was sent to an earlier address', async () => {
    const user = await world.signUp()
    const body = async (token: string) => ({ newPassword: PASSWORD, token })
    const expired = await resetToken(user.email)
    await rows(`update mail_tokens set expires_at = now() where user_id = $1`, [user.id])
    assertInvalidLink(await post('reset-password', await body(expired)))
    await post('send-verification-email', { email: user.email })
    const verification = tokenIn(await nextMail(), 'verify-email')
    assertInvalidLink(await post('reset-password', await body(verification)))
    const earlier = await resetToken(user.email)
    await rows('update users set email = $2 where id = $1', [user.id, newEmail()])
    assertInvalidLink(await post('reset-password', await body(earlier)))
    for (const token of ['x', 'A'.repeat(43), '%00', "' or 1=1"]) {
      assertInvalidLink(await post('reset-password', await body(token)))
    }
    assert.equal((await world.ask('GET', '/api/tasks', { token: user.token })).status, 200)
  })

  test('hashes no password for a link that cannot be used, and refuses a bad password before it uses the link', async () => {
    const user = await world.signUp()
    const token = await resetToken(user.email)
    for (const newPassword of ['short', 'x'.repeat(129), 7, null]) {
      const { status, json } = await post('reset-password', { newPassword, token })
      assert.deepEqual([status, json.errors[0].pointer], [422, '/newPassword'])
    }
    assert.equal((await post('reset-password', { newPassword: PASSWORD, token })).status, 200)
    await nextMail()
  })

  test('does not act on a GET, which mail scanners send', async () => {
    const user = await world.signUp()
    const token = await resetToken(user.email)
    for (const path of [
      `/api/auth/reset-password?token=${token}`,
      `/api/auth/reset-password/${token}?callbackURL=/`,
      `/api/auth/verify-email?token=${token}`,
      `/account/reset-password?token=${token}`,
    ]) {
      assert.ok([200, 404, 405].includes((await world.ask('GET', path)).status))
    }
    assert.equal((await post('reset-password', { newPassword: PASSWORD, token })).status, 200)
    await nextMail()
  })
})

suite('an address', () => {
  /** As long as that of a user of a world. */
  const unknownAddress = (): string => `ada-${randomUUID()}@example.com`

  /** The embedded engine sends it after each function that sets the path for itself, though the path is then as before. */
  const PATH_REPORT = /S\0{3}.search_path\0[^\0]*\0/gs

  /** A world whose jobs no process runs, and what the database connection of a request carries. */
  async function openMeasured(more: Readonly<Record<string, string>> = {}) {
    const env = { SMTP_URL: server.url, MAIL_FROM: FROM, DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0', ...more }
    const quiet = await openWorld({ env })
    const sent: number[] = []
    let received = ''
    const watched = new WeakSet<PoolClient>()
    quiet.deps.db.pool.on('acquire', (client) => {
      if (watched.has(client)) return
      watched.add(client)
      const { stream } = client.connection
      const write = stream.write.bind(stream)
      stream.write = ((chunk: Buffer, ...rest: []) => {
        sent.push(chunk.length)
        return write(chunk, ...rest)
        // The overloads of `write` differ in the arguments after the chunk, which are passed on unchanged.
      }) as typeof stream.write
      stream.prependListener('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    })
    const cost = async (path: string, body: { readonly email: string }, headers: Record<string, string> = {}) => {
      const ask = (email: string): Promise<Answer> =>
        quiet.ask('POST', `/api/auth/${path}`, { body: { ...body, email }, headers })
      await rows('delete from jobs', [], quiet)
      // Connects again, after the one of `rows`.
      await post('sign-out', {}, undefined, quiet)
      await ask(unknownAddress())
      sent.length = 0
      received = ''
      const answer = await ask(body.email)
      const seen = { sent: [...sent], received: received.replaceAll(PATH_REPORT, '').length }
      const jobs = await rows(
        'select name, for_user, key, length(reference::text) as length from jobs order by run_at',
        [],
        quiet,
      )
      return { answer, seen: { status: answer.status, headers: [...answer.headers.keys()], ...seen }, jobs }
    }
    return { quiet, cost }
  }

  test('that has no user is answered alike, and costs the same bytes to and from the database, and the same jobs', async () => {
    const { quiet, cost } = await openMeasured()
    await using _ = quiet
    const user = await quiet.signUp()
    await rows('update users set "emailVerified" = false where id = $1', [user.id], quiet)
    for (const path of ['request-password-reset', 'send-verification-email']) {
      const known = await cost(path, { email: user.email })
      assert.match(JSON.stringify(known.seen), /"status":200.*"sent":\[\d+.*"received":[1-9]/)
      const unknown = await cost(path, { email: unknownAddress() })
      assert.deepEqual([unknown.seen, unknown.jobs, unknown.answer.text], [known.seen, known.jobs, known.answer.text])
    }
  })

  test('that has a user costs a sign-up the same statements, bytes and hashes as one that has none, if it has to be verified', async () => {
    const { quiet, cost } = await openMeasured({ REQUIRE_EMAIL_VERIFICATION: 'true' })
    await using _ = quiet
    const user = await quiet.signUp()
    for (const zone of [{}, { 'x-timezone': 'Europe/Berlin' }]) {
      const body = (email: string) => ({ name: 'Ada', password: PASSWORD, email })
      const known = await cost('sign-up/email', body(user.email), zone)
      assert.match(JSON.stringify(known.seen), /"status":200.*"sent":\[\d+.*"received":[1-9]/)
      const unknown = await cost('sign-up/email', body(unknownAddress()), zone)
      assert.deepEqual(unknown.seen, known.seen)
      // The jobs differ in the mail, which only its recipient sees.
      assert.deepEqual(
        [known, unknown].map(({ jobs }) => jobs.at(-1)),
        ['mail-account-exists', 'mail-verify-email'].map((name) => ({ ...known.jobs.at(-1), name })),
      )
      const masked = ({ answer: { json } }: typeof known) => ({
        ...json,
        user: { ...json.user, id: json.user.id.length, email: 0, createdAt: json.user.createdAt.length, updatedAt: 0 },
      })
      assert.deepEqual(masked(unknown), masked(known))
    }
    const { rowCount } = await quiet.asOwner((client) =>
      client.query(`select from user_settings where timezone = 'Europe/Berlin'`),
    )
    assert.equal(rowCount, 3, 'the zone of each new user')
  })

  test('that has no user gets no mail, and one that is verified no link to verify it', async () => {
    const user = await world.signUp()
    await verify(user.id)
    assert.equal((await post('request-password-reset', { email: newEmail() })).status, 200)
    for (const email of [newEmail(), user.email]) {
      assert.equal((await post('send-verification-email', { email })).status, 200)
    }
    await idle()
    assert.deepEqual(await rows('select 1 from mail_tokens where user_id = $1', [user.id]), [])
  })

  for (const email of [
    'a@b.example\r\nBcc: victim@example.com',
    'a@b.example,victim@example.com',
    'A <a@b.example>',
    'a@b.example(x)',
    'a\0@b.example',
    'a b@b.example',
    `${'a'.repeat(250)}@b.example`,
    '',
    7,
    null,
    ['a@b.example', 'victim@example.com'],
    { address: 'a@b.example' },
  ]) {
    test(`of the form ${JSON.stringify(email)?.slice(0, 60)} is refused by each route that sends mails, with its field`, async () => {
      const { token, password } = await world.signUp()
      for (const [path, field, more] of [
        ['request-password-reset', 'email', {}],
        ['send-verification-email', 'email', {}],
        ['change-email', 'newEmail', { password }],
      ] as const) {
        const { status, json } = await post(path, { [field]: email, ...more }, token)
        assert.deepEqual([status, json.errors[0].pointer], [422, `/${field}`], path)
      }
    })
  }
})

suite('a verification', () => {
  test('is sent at a sign-up, does not contain the name, and verifies the address by POST, once', async () => {
    const email = newEmail()
    const name = 'Win at http://evil.example <b>now</b>'
    const { json } = await post('sign-up/email', { name, email, password: PASSWORD })
    assert.equal(json.user.emailVerified, false)
    const mail = await nextMail()
    assert.deepEqual([mail.to, mail.headers.get('to')], [[email], email])
    assert.doesNotMatch(mail.raw + mail.text + mail.html, /evil|Win at/)
    const token = tokenIn(mail, 'verify-email')
    assert.deepEqual((await post('verify-email', { token })).json, { status: true })
    assert.equal(await isVerified(json.user), true)
    assertInvalidLink(await post('verify-email', { token }))
    assert.equal((await world.ask('GET', '/api/tasks', { token: json.token })).status, 200)
  })

  test('used twice at the same time verifies once', async () => {
    const user = await world.signUp()
    await post('send-verification-email', { email: user.email })
    const token = tokenIn(await nextMail(), 'verify-email')
    const answers = await Promise.all([1, 2, 3].map(() => post('verify-email', { token })))
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 422, 422],
    )
  })

  test('of one address does not verify another', async () => {
    const [user, other] = [await world.signUp(), await world.signUp()]
    await post('send-verification-email', { email: user.email })
    const token = tokenIn(await nextMail(), 'verify-email')
    await rows('update users set email = $2 where id = $1', [user.id, newEmail()])
    assertInvalidLink(await post('verify-email', { token }))
    assert.deepEqual([await isVerified(user), await isVerified(other)], [false, false])
  })

  test('is refused with a link that has expired or is for a password, and with an invalid body', async () => {
    const user = await world.signUp()
    const reset = await resetToken(user.email)
    assertInvalidLink(await post('verify-email', { token: reset }))
    await post('send-verification-email', { email: user.email })
    const token = tokenIn(await nextMail(), 'verify-email')
    await rows('update mail_tokens set expires_at = now() where user_id = $1', [user.id])
    assertInvalidLink(await post('verify-email', { token }))
    for (const body of [{}, { token: '' }, { token: 7 }, { token: 'x'.repeat(129) }, { token, more: 1 }]) {
      assert.equal((await post('verify-email', body)).status, 422)
    }
  })
})

suite('a required verification', () => {
  const signUp = (email: string): Promise<Answer> =>
    post('sign-up/email', { name: 'Ada', email, password: PASSWORD }, undefined, strict)

  test('is needed to sign in; a sign-up gives no session', async () => {
    const email = newEmail()
    const { status, json, headers } = await signUp(email)
    assert.deepEqual([status, json.token, json.user.email], [200, null, email])
    assert.deepEqual([headers.get('set-auth-token'), headers.getSetCookie()], [null, []])
    tokenIn(await nextMail(), 'verify-email')
    assert.equal((await signIn(email, 'wrong password', strict)).status, 401)
    const refused = await signIn(email, PASSWORD, strict)
    assert.deepEqual([refused.status, refused.json.code], [403, 'EMAIL_NOT_VERIFIED'])
    const token = tokenIn(await nextMail(), 'verify-email')
    assert.equal((await post('verify-email', { token }, undefined, strict)).status, 200)
    assert.equal((await signIn(email, PASSWORD, strict)).status, 200)
  })

  test('makes sign-ups with a new and with a known address look alike; the owner of the address learns of it', async () => {
    const email = newEmail()
    const first = await signUp(email)
    tokenIn(await nextMail(), 'verify-email')
    const second = await post('sign-up/email', { name: 'Eve', email, password: 'password of Eve' }, undefined, strict)
    assert.equal((await nextMail()).headers.get('subject'), 'You have an account already')
    const shape = ({ status, json, headers }: Answer): unknown => [
      status,
      json.token,
      Object.keys(json.user).sort(),
      [typeof json.user.id, json.user.id.length, json.user.email, json.user.emailVerified],
      [...headers.keys()].filter((name) => !name.startsWith('x-ratelimit')),
    ]
    assert.deepEqual(shape(second), shape(first))
    assert.equal((await signIn(email, 'password of Eve', strict)).status, 401)
  })

  test('lets one of several sign-ups of the same time create the user; the others inform the owner', async () => {
    const email = newEmail()
    const answers = await Promise.all([signUp(email), signUp(email.toUpperCase()), signUp(email)])
    assert.deepEqual(
      answers.map(({ status, json }) => [status, json.user.email]),
      answers.map(() => [200, email]),
    )
    const mails = [await nextMail(), await nextMail(), await nextMail()]
    assert.equal(mails.filter((mail) => mail.headers.get('subject') === 'You have an account already').length, 2)
    const { id } = (await rows('select id from users where email = $1', [email], strict))[0] ?? {}
    const made = answers.filter(({ json }) => json.user.id === id)
    assert.equal(made.length, 1, 'the answer has the id of the user')
    const accounts = await rows('select "providerId", "accountId" from user_accounts where "userId" = $1', [id], strict)
    assert.deepEqual(accounts, [{ providerId: 'credential', accountId: id }])
  })

  test('leaves the refusals of a sign-up as they are', async () => {
    const body = { name: 'Ada', email: newEmail(), password: PASSWORD }
    for (const [field, value] of [
      ['name', ' '],
      ['name', 7],
      ['email', 'ada@'],
      ['password', 'x'.repeat(7)],
      ['password', 'x'.repeat(129)],
      ['image', 'javascript:alert(1)'],
      ['emailVerified', true],
    ] as const) {
      const { status, json } = await post('sign-up/email', { ...body, [field]: value }, undefined, strict)
      assert.deepEqual([status, json.errors[0].pointer], [422, `/${field}`])
    }
    const elsewhere = await post('sign-up/email', { ...body, callbackURL: 'https://evil.example/' }, undefined, strict)
    assert.equal(elsewhere.status, 403)
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    assert.equal((await strict.ask('POST', '/api/auth/sign-up/email', { body, headers })).status, 403)
    assert.deepEqual(await rows('select from users where email = $1', [body.email], strict), [])
    const image = 'https://ada.example/picture'
    assert.equal((await post('sign-up/email', { ...body, image }, undefined, strict)).json.user.image, image)
    tokenIn(await nextMail(), 'verify-email')
    assert.deepEqual(await rows('select name, image from users where email = $1', [body.email], strict), [
      { name: 'Ada', image },
    ])
  })

  test('is in the OpenAPI document', async () => {
    const tokenIn = async (of: World) => {
      const { json } = await of.ask('GET', '/openapi.json')
      return json.components.schemas.SignUpAnswer.properties.token.type
    }
    assert.deepEqual([await tokenIn(world), await tokenIn(strict)], ['string', 'null'])
  })

  test('is also done by a password reset, whose mail has proven the address', async () => {
    const email = newEmail()
    await signUp(email)
    await nextMail()
    await post('request-password-reset', { email }, undefined, strict)
    const token = tokenIn(await nextMail(), 'reset-password')
    assert.equal(
      (await post('reset-password', { newPassword: 'a third password', token }, undefined, strict)).status,
      200,
    )
    await nextMail()
    assert.equal((await signIn(email, 'a third password', strict)).status, 200)
  })
})

suite('a change of the address', () => {
  const change = (user: User, newEmail: string, password = user.password): Promise<Answer> =>
    post('change-email', { newEmail, password }, user.token)

  test('happens by the link in the mail to the new address; the old one is informed before and after', async () => {
    const user = await world.signUp()
    await verify(user.id)
    const address = `zoe-${randomUUID()}@example.com`
    assert.deepEqual((await change(user, address.toUpperCase())).json, { status: true })
    const [notice, mail] = await twoMails()
    assert.ok(notice && mail)
    assert.deepEqual([notice.to, mail.to], [[user.email], [address]])
    assert.match(notice.text, /is to become zo•••@example\.com\./)
    assert.doesNotMatch(notice.text, /#/)
    const earlier = await resetToken(user.email)
    const token = tokenIn(mail, 'verify-email')
    assert.equal((await signIn(address, user.password)).status, 401)
    assert.equal((await post('verify-email', { token })).status, 200)
    const after = await nextMail()
    assert.deepEqual([after.to, after.headers.get('subject')], [[user.email], 'Your e-mail address was changed'])
    assert.equal((await signIn(address, user.password)).status, 200)
    assert.equal((await signIn(user.email, user.password)).status, 401)
    assert.equal((await world.ask('GET', '/api/tasks', { token: user.token })).status, 200)
    // A link in the mailbox of the old address is no longer worth anything.
    assertInvalidLink(await post('reset-password', { newPassword: PASSWORD, token: earlier }))
    assertInvalidLink(await post('verify-email', { token }))
  })

  test('to an address that another user has is answered alike, and informs that user only', async () => {
    const [user, other] = [await world.signUp(), await world.signUp()]
    assert.deepEqual((await change(user, other.email)).json, { status: true })
    const mail = await nextMail()
    assert.deepEqual([mail.to, mail.headers.get('subject')], [[other.email], 'You have an account already'])
    await idle()
  })

  test('to an address that is taken while the mail is on its way is refused, and the link stays unused', async () => {
    const user = await world.signUp()
    const address = newEmail()
    await change(user, address)
    const token = tokenIn(await nextMail(), 'verify-email')
    const other = await world.signUp()
    await rows('update users set email = $2 where id = $1', [other.id, address])
    const refused = await post('verify-email', { token })
    assert.deepEqual([refused.status, refused.json.code], [422, 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL'])
    await rows('delete from users where id = $1', [other.id])
    assert.equal((await post('verify-email', { token })).status, 200)
    await idle()
  })

  test('requires a session and the password, and an address that differs', async () => {
    const user = await world.signUp()
    const address = newEmail()
    assert.equal((await post('change-email', { newEmail: address, password: user.password })).status, 401)
    const wrong = await change(user, address, 'wrong password')
    assert.deepEqual(
      [wrong.status, wrong.json.code, wrong.json.errors[0].pointer],
      [422, 'INVALID_PASSWORD', '/password'],
    )
    const missing = await post('change-email', { newEmail: address }, user.token)
    assert.deepEqual([missing.status, missing.json.errors[0].pointer], [422, '/password'])
    const same = await change(user, user.email.toUpperCase())
    assert.deepEqual(
      [same.status, same.json.code, same.json.errors[0].pointer],
      [422, 'EMAIL_IS_THE_SAME', '/newEmail'],
    )
    await idle()
  })

  test('that waits for its link is void after a change of the password, which is confirmed by mail', async () => {
    const user = await world.signUp()
    await verify(user.id)
    await change(user, `zoe-${randomUUID()}@example.com`)
    const [, mail] = await twoMails()
    assert.ok(mail)
    const token = tokenIn(mail, 'verify-email')
    const body = { currentPassword: user.password, newPassword: PASSWORD }
    assert.equal((await post('change-password', body, user.token)).status, 200)
    const notice = await nextMail()
    assert.deepEqual([notice.to, notice.headers.get('subject')], [[user.email], 'Your password was changed'])
    assertInvalidLink(await post('verify-email', { token }))
  })

  test('is void, too, if the password is changed or reset before the mail with the link is sent', async () => {
    // Until its jobs run no mail is sent.
    await using quiet = await openWorld({
      env: { SMTP_URL: server.url, MAIL_FROM: FROM, PUBLIC_URL: 'https://todo.example/app' },
    })
    const ask = (path: string, body: unknown, token?: string): Promise<Answer> => post(path, body, token, quiet)
    const [ada, ben] = [await quiet.signUp(), await quiet.signUp()]
    for (const user of [ada, ben]) {
      const body = { newEmail: newEmail(), password: user.password }
      assert.equal((await ask('change-email', body, user.token)).status, 200)
    }
    const body = { currentPassword: ada.password, newPassword: PASSWORD }
    assert.equal((await ask('change-password', body, ada.token)).status, 200)
    await rows(`update user_accounts set "updatedAt" = now() where "userId" = $1`, [ben.id], quiet)
    await using _jobs = await runJobs(quiet.deps)
    await idle(quiet)
    assert.deepEqual(await rows('select 1 from mail_tokens', [], quiet), [])
  })

  test('by a cookie is refused for a page of another origin', async () => {
    const user = await world.signUp()
    const cookie = (await signIn(user.email, user.password)).headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const ask = (origin: string): Promise<Answer> =>
      world.ask('POST', '/api/auth/change-email', {
        body: { newEmail: newEmail(), password: user.password },
        headers: { cookie, origin },
      })
    assert.equal((await ask('https://evil.example')).status, 403)
    assert.equal((await ask('https://todo.example')).status, 200)
    await nextMail()
  })
})

test('a deletion of the account requires the password and is confirmed by mail', async () => {
  const user = await world.signUp()
  await verify(user.id)
  assert.equal((await post('delete-user', { password: 'wrong password' }, user.token)).status, 422)
  assert.equal((await post('delete-user', { password: user.password }, user.token)).status, 200)
  const mail = await nextMail()
  assert.deepEqual([mail.to, mail.headers.get('subject')], [[user.email], 'Your account was deleted'])
})

test('neither the rows of jobs and tokens nor the log have an address or a usable token', async () => {
  const env = { SMTP_URL: server.url, MAIL_FROM: FROM, PUBLIC_URL: 'https://todo.example/app' }
  await using quiet = await openWorld({ env })
  const user = await quiet.signUp()
  await post('request-password-reset', { email: user.email }, undefined, quiet)
  await post('change-email', { newEmail: newEmail(), password: user.password }, user.token, quiet)
  const queued = JSON.stringify(await rows('select * from jobs', [], quiet))
  assert.doesNotMatch(queued, /example\.com/)
  const jobs = await runJobs(quiet.deps)
  const mails = [await nextMail(), await nextMail()]
  await idle(quiet)
  await jobs[Symbol.asyncDispose]()
  const stored = JSON.stringify(await rows('select encode(hash, $1) as hash, t.* from mail_tokens t', ['hex'], quiet))
  for (const mail of mails) {
    const [, token = ''] = /#([\w-]{43})/.exec(mail.text) ?? []
    assert.equal(token.length, 43)
    for (const text of [queued, stored, ...quiet.logged]) assert.ok(!text.includes(token))
  }
  assert.ok(!quiet.logged.join().includes('@example.com'))
})

test('a mail that is sent again has the same token, and does not bring a used one back', async () => {
  const user = await world.signUp()
  server.onMessage = () => {
    server.onMessage = () => 'take'
    return { status: 451, answer: 'try again' }
  }
  await post('request-password-reset', { email: user.email })
  const waiting = async (): Promise<boolean> =>
    (await rows(`select 1 from jobs where last_error = 'MailFailure EMESSAGE-451' and lease is null`)).length === 1
  await until('the mail is to be sent again', waiting)
  const issued = await rows('select hash, expires_at from mail_tokens where user_id = $1', [user.id])
  await rows(`update jobs set run_at = now() where name = 'mail-reset-password'`)
  const token = tokenIn(await nextMail(), 'reset-password')
  await idle()
  const again = await rows('select hash, expires_at from mail_tokens where user_id = $1', [user.id])
  assert.deepEqual([again.length, again[0]?.['hash']], [1, issued[0]?.['hash']])
  assert.equal((await post('reset-password', { newPassword: PASSWORD, token })).status, 200)
  await nextMail()
  await rows(`update mail_tokens set used_at = now() where user_id = $1`, [user.id])
  assertInvalidLink(await post('reset-password', { newPassword: PASSWORD, token }))
})

test('tokens are deleted a day after they have expired, and with their user', async () => {
  const [user, other] = [await world.signUp(), await world.signUp()]
  for (const { email } of [user, other]) await resetToken(email)
  const left = async (): Promise<unknown> =>
    (await rows('select user_id from mail_tokens where user_id in ($1, $2)', [user.id, other.id])).map(
      (each) => each['user_id'],
    )
  const purge = purgeOfMailTokens(world.deps.db)
  const { signal: idleSignal } = new AbortController()
  const job = { id: '', reference: {}, attempts: 1, signal: idleSignal, stopping: idleSignal, principal: undefined }
  await rows(`update mail_tokens set expires_at = now() - interval '23 hours' where user_id = $1`, [user.id])
  await purge.run(job)
  assert.deepEqual([...((await left()) as string[])].sort(), [user.id, other.id].sort())
  await rows(`update mail_tokens set expires_at = now() - interval '25 hours' where user_id = $1`, [user.id])
  await purge.run(job)
  assert.deepEqual(await left(), [other.id])
  await rows('delete from users where id = $1', [other.id])
  assert.deepEqual(await left(), [])
})

suite('limits', () => {
  const env = () => ({
    SMTP_URL: server.url,
    MAIL_FROM: FROM,
    PUBLIC_URL: 'https://todo.example',
    ENVIRONMENT: 'staging',
    // An earlier run of the tests may have used up the limits.
    RATE_LIMIT_KEY_PREFIX: `${randomUUID()}:`,
  })

  test('for one client: three mails a minute, whatever addresses it names', async () => {
    await using limited = await openWorld({ env: env() })
    for (const path of ['request-password-reset', 'send-verification-email']) {
      for (let n = 0; n < 3; n++)
        assert.equal((await post(path, { email: newEmail() }, undefined, limited)).status, 200)
      const { status, headers } = await post(path, { email: newEmail() }, undefined, limited)
      assert.equal(status, 429)
      assert.ok(Number(headers.get('retry-after')) >= 1)
    }
  })

  test('for one address, with or without a user: five mails an hour, whichever clients ask', async () => {
    await using limited = await openWorld({ env: { ...env(), TRUST_PROXY: '127.0.0.1' } })
    const user = await limited.signUp()
    let client = 0
    const ask = (path: string, email: string): Promise<Answer> =>
      limited.ask('POST', `/api/auth/${path}`, {
        body: { email },
        headers: { 'x-forwarded-for': `203.0.113.${++client}` },
      })
    for (const email of [user.email, newEmail()]) {
      for (let n = 0; n < 5; n++) {
        const path = n % 2 === 0 ? 'request-password-reset' : 'send-verification-email'
        assert.equal((await ask(path, n === 1 ? email.toUpperCase() : email)).status, 200)
      }
      const { status, json, headers } = await ask('request-password-reset', email)
      assert.deepEqual([status, json.code], [429, 'too_many_requests'])
      assert.match(json.detail, /^At most 5 mails to this address in 3600 s/)
      assert.ok(Number(headers.get('retry-after')) > 3000)
    }
    assert.equal((await ask('request-password-reset', newEmail())).status, 200)
  })

  test('for sign-ups with a required verification: three in ten seconds from one client, and five mails to one address', async () => {
    const required = { TRUST_PROXY: '127.0.0.1', REQUIRE_EMAIL_VERIFICATION: 'true' }
    await using limited = await openWorld({ env: { ...env(), ...required } })
    const signUp = (client: number, email: string): Promise<Answer> =>
      limited.ask('POST', '/api/auth/sign-up/email', {
        body: { name: 'Ada', email, password: PASSWORD },
        headers: { 'x-forwarded-for': `203.0.113.${client}` },
      })
    const email = newEmail()
    for (let n = 0; n < 6; n++) assert.equal((await signUp(n, email)).status, 200)
    const jobs = await rows(`select name from jobs where name like 'mail-%' order by run_at, id`, [], limited)
    assert.deepEqual(
      jobs.map(({ name }) => name),
      ['mail-verify-email', ...Array<string>(4).fill('mail-account-exists')],
    )
    for (let n = 0; n < 3; n++) assert.equal((await signUp(7, newEmail())).status, 200)
    assert.equal((await signUp(7, newEmail())).status, 429)
  })
})

suite('without mails', () => {
  const BODIES = {
    'request-password-reset': { email: 'ada@example.com' },
    'send-verification-email': { email: 'ada@example.com' },
    'reset-password': { newPassword: PASSWORD, token: 'A'.repeat(43) },
    'verify-email': { token: 'A'.repeat(43) },
    'change-email': { newEmail: 'ada@example.com', password: PASSWORD },
  }

  test('the routes answer 503 mail_unavailable, the pages do not exist, and accounts work as before', async () => {
    await using silent = await openWorld({ env: { ENVIRONMENT: 'staging' } })
    const user = await silent.signUp()
    for (const [path, body] of Object.entries(BODIES)) {
      const { status, json, headers } = await post(path, body, user.token, silent)
      assert.deepEqual(
        [status, json.code, json.retryAfter, headers.get('retry-after')],
        [503, 'mail_unavailable', 3600, '3600'],
      )
    }
    assert.equal((await silent.ask('GET', '/account/forgot-password')).status, 404)
    const body = { currentPassword: user.password, newPassword: PASSWORD }
    assert.equal((await post('change-password', body, user.token, silent)).status, 200)
    assert.equal((await post('delete-user', { password: PASSWORD }, user.token, silent)).status, 200)
    assert.deepEqual(await rows('select 1 from jobs', [], silent), [])
  })

  test('of another auth server the routes do not exist', async () => {
    await using external = await openWorld({ env: { AUTH_MODE: 'external' } })
    for (const [path, body] of Object.entries(BODIES)) {
      assert.equal((await post(path, body, undefined, external)).status, 404, path)
    }
  })
})

test("better-auth's client requests and uses a reset", async () => {
  const user = await world.signUp()
  const client = createAuthClient({ baseURL: `${world.url}/api/auth` })
  const asked = await client.requestPasswordReset({ email: user.email, redirectTo: '/reset' })
  assert.deepEqual(asked.error, null)
  const token = tokenIn(await nextMail(), 'reset-password')
  const reset = await client.resetPassword({ newPassword: PASSWORD, token })
  assert.deepEqual([reset.error, reset.data], [null, { status: true }])
  await nextMail()
  assert.deepEqual((await client.sendVerificationEmail({ email: user.email })).data, { status: true })
  await idle()
  const again = await client.resetPassword({ newPassword: PASSWORD, token })
  assert.deepEqual([again.error?.status, again.error?.code, again.error?.message], [422, 'INVALID_TOKEN', INVALID])
})
