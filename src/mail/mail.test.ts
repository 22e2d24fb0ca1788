import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { Registry } from 'prom-client'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { openMailServer, parsedMail } from '../../test/mail-server.ts'
import type { MailConfig, SmtpServer } from '../config/mail-config.ts'
import { openQueue, type Queue } from '../jobs/queue.ts'
import { openRunner } from '../jobs/runner.ts'
import { Secret } from '../lib/secret.ts'
import type { JobOutcome } from '../observer.ts'
import type { MailKind, MailText } from './kind.ts'
import { openMail, type Mail } from './mail.ts'

let served: ServedDatabase
let ada: TestUser
let queue: Queue

before(async () => {
  served = await openServedDatabase()
  ada = await served.addUser('ada')
  queue = openQueue(served.db)
})
after(() => served[Symbol.asyncDispose]())
afterEach(async () => void (await asOwner('delete from jobs')))

const asOwner = async (text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> =>
  served.asOwner(async (client) => (await client.query<Record<string, unknown>>(text, [...values])).rows)

const FROM = { name: 'Todo', address: 'todo@todo.example' }
const at = ({ port }: { readonly port: number }, server: Partial<SmtpServer> = {}): MailConfig => ({
  via: 'smtp',
  server: { host: '127.0.0.1', port, tls: 'none', ...server },
  from: FROM,
  linksUrl: 'https://todo.example/app',
})

const NOTE: MailText = {
  subject: 'A note',
  paragraphs: ['First & <b>foremost</b>.', 'Then “others”.'],
  action: { label: 'Open', url: 'https://todo.example/app/?a=1&b=2' },
}
const note = (text: MailText = NOTE, to?: string): MailKind => ({
  name: 'note',
  compose: async () => ({ text, ...(to !== undefined && { to }) }),
})

/** Sends with a runner of its own. */
function sending(t: TestContext, config: MailConfig, kinds: readonly MailKind[] = [note()]) {
  const registry = new Registry()
  const logged: { readonly fields: object; readonly message: string }[] = []
  const write = (fields: object, message: string): void => void logged.push({ fields, message })
  const log = { debug: write, info: write, warn: write, error: write }
  const mail = openMail(config, { db: served.db, jobs: queue, log, metrics: { registry } })
  const ends: JobOutcome[] = []
  let next = Promise.withResolvers<undefined>()
  const jobEnded = (_name: string, outcome: JobOutcome): void => {
    ends.push(outcome)
    next.resolve(undefined)
  }
  const runner = openRunner(served.db, queue, mail.jobs(kinds), { log, observer: { jobEnded }, pollMs: 50 })
  // The runner's timers do not keep the process alive, so something else must.
  const alive = setInterval(() => undefined, 1000)
  t.after(async () => {
    clearInterval(alive)
    await runner[Symbol.asyncDispose]()
  })
  return {
    mail,
    logged,
    ended: async (count = 1): Promise<readonly JobOutcome[]> => {
      while (ends.length < count) {
        await next.promise
        next = Promise.withResolvers()
      }
      return ends
    },
    counted: async (): Promise<Record<string, number>> => {
      const { values = [] } = (await registry.getSingleMetric('mail_messages_total')?.get()) ?? {}
      return Object.fromEntries(values.map(({ labels, value }) => [`${labels['kind']} ${labels['outcome']}`, value]))
    },
  }
}

const addFor = (mail: Mail, user: TestUser, reference = {}): Promise<void> =>
  served.db.asUser(user.principal, (sql) => mail.enqueue(sql, { kind: 'note', reference }))

const retryNow = (): Promise<unknown> => asOwner('update jobs set run_at = now()')

suite('a mail', () => {
  test("goes to the user's verified address, in plain text and HTML, with what the receiver needs to recognise it", async (t) => {
    await using server = await openMailServer()
    const { mail, ended, counted } = sending(t, at(server))
    await addFor(mail, ada)
    const [{ id } = { id: '' }] = await asOwner('select id from jobs')
    assert.deepEqual(await ended(), ['ok'])
    const { from, to, headers, text, html } = await server.next()
    assert.deepEqual([from, to], ['todo@todo.example', ['ada@example.com']])
    assert.equal(headers.get('from'), 'Todo <todo@todo.example>')
    assert.equal(headers.get('to'), 'ada@example.com')
    assert.equal(headers.get('subject'), 'A note')
    assert.equal(headers.get('auto-submitted'), 'auto-generated')
    assert.equal(headers.get('message-id'), `<${String(id)}@todo.example>`)
    assert.match(
      text,
      /^First & <b>foremost<\/b>\.\r\n\r\nOpen:\r\nhttps:\/\/todo\.example\/app\/\?a=1&b=2\r\n\r\nThen “others”\./,
    )
    assert.match(text, /the task service at https:\/\/todo\.example\/app\./)
    assert.match(html, /<p>First &amp; &lt;b&gt;foremost&lt;\/b&gt;\.<\/p>/)
    assert.match(html, /<a href="https:\/\/todo\.example\/app\/\?a=1&amp;b=2"/)
    assert.deepEqual(await asOwner('select 1 from jobs'), [])
    assert.deepEqual(await counted(), { 'note sent': 1 })
  })

  test('is enqueued in the transaction of its cause, and its row has the reference only', async (t) => {
    await using server = await openMailServer()
    const { mail } = sending(t, at(server), [])
    await assert.rejects(
      served.db.asUser(ada.principal, async (sql) => {
        await mail.enqueue(sql, { kind: 'note', reference: { n: 1 } })
        throw new Error('rolled back')
      }),
    )
    await addFor(mail, ada, { n: 2 })
    await served.db.asSystem('test', (sql) => mail.enqueue(sql, { kind: 'note', userId: ada.id, key: 'k' }))
    assert.deepEqual(await asOwner('select name, for_user, reference, key from jobs order by created_at'), [
      { name: 'mail-note', for_user: 'ada', reference: { n: 2 }, key: null },
      { name: 'mail-note', for_user: 'ada', reference: {}, key: 'k' },
    ])
  })

  test('is not sent to an address that is not verified, nor when there is no longer a reason', async (t) => {
    await using server = await openMailServer()
    const silent: MailKind = { name: 'silent', compose: async () => undefined }
    const { mail, ended, counted } = sending(t, at(server), [note(), silent])
    const eve = await served.addUser('eve')
    await asOwner(`update users set "emailVerified" = false where id = 'eve'`)
    await addFor(mail, eve)
    await served.db.asUser(ada.principal, (sql) => mail.enqueue(sql, { kind: 'silent' }))
    assert.deepEqual(await ended(2), ['ok', 'ok'])
    assert.deepEqual([server.attempts, await counted()], [0, { 'note skipped': 1, 'silent skipped': 1 }])
  })

  for (const [what, text] of [
    ['line breaks', 'A\r\nBcc: victim@example.com\r\n\r\nnote'],
    ['a line separator', 'A\u2028Bcc: victim@example.com'],
    ['a NUL', 'A\0note'],
    ['half a surrogate pair', `${'a'.repeat(199)}\u{1f600}`],
  ] as const) {
    test(`whose subject has ${what} has one line of subject and no other recipient`, async (t) => {
      await using server = await openMailServer()
      const { mail, ended } = sending(t, at(server), [note({ ...NOTE, subject: text })])
      await addFor(mail, ada)
      assert.deepEqual(await ended(), ['ok'])
      const { to, headers } = await server.next()
      assert.deepEqual([to, headers.get('bcc')], [['ada@example.com'], undefined])
    })
  }

  for (const address of [
    'a@b.example\r\nRCPT TO:<victim@example.com>',
    'a@b.example, victim@example.com',
    'Victim <victim@example.com>',
    'a@evil.example(@b.example)',
    '"a@evil.example"@b.example',
    `${'a'.repeat(250)}@b.example`,
    'a',
    '',
  ]) {
    test(`to ${JSON.stringify(address.slice(0, 40))}, which is no address, is refused without asking the server`, async (t) => {
      await using server = await openMailServer()
      const { mail, ended, counted } = sending(t, at(server), [note(NOTE, address)])
      await addFor(mail, ada)
      assert.deepEqual(await ended(), ['ok'])
      assert.deepEqual([server.attempts, await counted()], [0, { 'note refused': 1 }])
    })
  }
})

suite('a mail server', () => {
  test('that refuses the recipient ends the mail: it is logged and counted, and not repeated', async (t) => {
    await using server = await openMailServer()
    server.onRecipient = (address) => ({ status: 550, answer: `5.1.1 <${address}> user unknown` })
    const { mail, ended, counted, logged } = sending(t, at(server))
    await addFor(mail, ada)
    assert.deepEqual(await ended(), ['ok'])
    assert.deepEqual(await asOwner('select 1 from jobs'), [])
    assert.deepEqual([server.attempts, await counted()], [1, { 'note refused': 1 }])
    const warning = logged.find(({ message }) => message === 'a mail was refused and is not repeated')
    assert.match(JSON.stringify(warning), /"mail":"note".*"code":"EENVELOPE-550"/)
    assert.doesNotMatch(JSON.stringify(logged, detailed), /ada@example/)
  })

  test('that refuses the message ends the mail', async (t) => {
    await using server = await openMailServer()
    server.onMessage = () => ({ status: 554, answer: '5.7.1 looks like spam' })
    const { mail, ended, counted } = sending(t, at(server))
    await addFor(mail, ada)
    assert.deepEqual([await ended(), await counted()], [['ok'], { 'note refused': 1 }])
  })

  test('that cannot take it now gets it again later, with the same Message-ID', async (t) => {
    await using server = await openMailServer()
    server.onRecipient = () => (server.attempts === 1 ? { status: 451, answer: '4.2.0 greylisted' } : 'take')
    server.onMessage = () => (server.attempts === 2 ? { status: 452, answer: '4.3.1 disk full' } : 'take')
    const { mail, ended, counted, logged } = sending(t, at(server))
    await addFor(mail, ada)
    assert.deepEqual(await ended(1), ['failed'])
    const [row] = await asOwner('select id, last_error, run_at > now() as later from jobs')
    assert.deepEqual(row, { id: row?.['id'], last_error: 'MailFailure EENVELOPE-451', later: true })
    await retryNow()
    assert.deepEqual(await ended(2), ['failed', 'failed'])
    await retryNow()
    assert.deepEqual(await ended(3), ['failed', 'failed', 'ok'])
    const { headers } = await server.next()
    assert.equal(headers.get('message-id'), `<${String(row?.['id'])}@todo.example>`)
    assert.deepEqual(await counted(), { 'note deferred': 2, 'note sent': 1 })
    assert.doesNotMatch(JSON.stringify(logged, detailed), /ada@example/)
  })

  test('that never takes it leaves a dead job for an operator, and no loop', async (t) => {
    await using server = await openMailServer()
    server.onRecipient = () => ({ status: 451, answer: 'later' })
    const { mail, ended } = sending(t, at(server))
    await addFor(mail, ada)
    await ended(1)
    await asOwner('update jobs set attempts = 12, run_at = now()')
    assert.deepEqual(await ended(2), ['failed', 'dead'])
  })

  test('that is not running gets it later', async (t) => {
    const server = await openMailServer()
    const { mail, ended } = sending(t, at(server))
    await server[Symbol.asyncDispose]()
    await addFor(mail, ada)
    assert.deepEqual(await ended(), ['failed'])
    assert.match(
      String((await asOwner('select last_error from jobs'))[0]?.['last_error']),
      /^MailFailure E(?:SOCKET|CONNECTION)$/,
    )
  })

  test('that cannot be reached is not asked for a while, so that other jobs do not wait behind timeouts', async (t) => {
    const server = await openMailServer()
    const { mail, ended, counted } = sending(t, at(server))
    await server[Symbol.asyncDispose]()
    await addFor(mail, ada)
    assert.deepEqual(await ended(1), ['failed'])
    await addFor(mail, ada)
    assert.deepEqual(await ended(2), ['failed', 'failed'])
    const codes = (await asOwner('select last_error from jobs order by created_at')).map((row) => row['last_error'])
    assert.match(String(codes[0]), /^MailFailure E(?:SOCKET|CONNECTION)$/)
    assert.equal(codes[1], 'MailFailure EPAUSED')
    assert.deepEqual(await counted(), { 'note deferred': 2 })
  })

  test('that hangs is left when the process stops, and the mail is released', async (t) => {
    await using server = await openMailServer()
    const named = Promise.withResolvers<undefined>()
    server.onRecipient = () => {
      named.resolve(undefined)
      return 'hang'
    }
    const registry = new Registry()
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
    const mail = openMail(at(server), { db: served.db, jobs: queue, log: silent, metrics: { registry } })
    const runner = openRunner(served.db, queue, mail.jobs([note()]), {
      log: silent,
      observer: { jobEnded: () => undefined },
      pollMs: 50,
      drainMs: 1,
    })
    t.after(() => runner[Symbol.asyncDispose]())
    await addFor(mail, ada)
    queue.wake()
    await named.promise
    await runner[Symbol.asyncDispose]()
    assert.deepEqual(await asOwner('select attempts, lease from jobs'), [{ attempts: 0, lease: null }])
  })

  test('without STARTTLS gets neither the mail nor the password', async (t) => {
    let hasAsked = false
    await using server = await openMailServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: (_auth, _session, callback) => {
        hasAsked = true
        callback(null, { user: 'u' })
      },
    })
    const login = { user: 'u', password: new Secret('p') }
    const { mail, ended } = sending(t, at(server, { tls: 'starttls', login }))
    await addFor(mail, ada)
    assert.deepEqual(await ended(), ['failed'])
    assert.equal((await asOwner('select last_error from jobs'))[0]?.['last_error'], 'MailFailure ETLS-500')
    assert.deepEqual([hasAsked, server.attempts], [false, 0])
  })

  for (const tls of ['starttls', 'implicit'] as const) {
    test(`whose certificate is not trusted gets no mail (${tls})`, async (t) => {
      // smtp-server has a self-signed certificate of its own.
      await using server = await openMailServer({ disabledCommands: ['AUTH'], secure: tls === 'implicit' })
      const { mail, ended, logged } = sending(t, at(server, { tls }))
      await addFor(mail, ada)
      assert.deepEqual(await ended(), ['failed'])
      assert.equal(server.attempts, 0)
      assert.match(JSON.stringify(logged, detailed), /certificate is not trusted/)
    })
  }

  test('that refuses user and password keeps the mail for when they are corrected', async (t) => {
    const wrong = Object.assign(new Error('5.7.8 wrong for user todo-user'), { responseCode: 535 })
    await using server = await openMailServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ password }, _session, callback) =>
        password === 'right' ? callback(null, { user: 'todo-user' }) : callback(wrong),
    })
    const login = (password: string) => ({ login: { user: 'todo-user', password: new Secret(password) } })
    const { mail, ended, counted, logged } = sending(t, at(server, login('wrong-password')))
    await addFor(mail, ada)
    assert.deepEqual([await ended(), await counted()], [['failed'], { 'note deferred': 1 }])
    assert.equal((await asOwner('select last_error from jobs'))[0]?.['last_error'], 'MailFailure EAUTH-535')
    assert.doesNotMatch(JSON.stringify(logged, detailed), /wrong-password|todo-user/)
  })
})

suite('the outbox', () => {
  test('has each mail as a private file, and the log has its link', async (t) => {
    const parent = await mkdtemp(join(tmpdir(), 'mail-'))
    t.after(() => rm(parent, { recursive: true }))
    const directory = join(parent, 'outbox')
    const { mail, ended, logged } = sending(t, {
      via: 'outbox',
      directory,
      from: FROM,
      linksUrl: 'http://localhost:8000',
    })
    await addFor(mail, ada)
    assert.deepEqual(await ended(), ['ok'])
    const [name = '', ...others] = await readdir(directory)
    assert.match(name, /^\d{4}-.*\.eml$/)
    assert.deepEqual(others, [])
    const file = join(directory, name)
    assert.deepEqual([(await stat(directory)).mode & 0o777, (await stat(file)).mode & 0o777], [0o700, 0o600])
    const { headers, text } = parsedMail(await readFile(file, 'utf8'))
    assert.equal(headers.get('to'), 'ada@example.com')
    assert.match(text, /^First & /)
    assert.deepEqual(
      logged.filter(({ message }) => message === 'a mail was written to the outbox'),
      [
        {
          message: 'a mail was written to the outbox',
          fields: { mail: 'note', file, link: NOTE.action?.url },
        },
      ],
    )
  })
})

test('without a server and outside development nothing is enqueued', async (t) => {
  const { mail } = sending(t, { via: 'nothing' })
  assert.equal(mail.isAvailable, false)
  await addFor(mail, ada)
  assert.deepEqual(await asOwner('select 1 from jobs'), [])
})

/** `JSON.stringify` drops the members of errors. */
const detailed = (_key: string, value: unknown): unknown =>
  value instanceof Error ? inspect(value, { depth: 9 }) : value
