import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openMailServer } from '../../test/mail-server.ts'
import { needsOpenssl, trustedCertificate } from '../../test/trusted-certificate.ts'
import { Secret } from '../lib/secret.ts'
import { MailFailure } from './failures.ts'
import { smtpTransport, type Message } from './transport.ts'

const MESSAGE: Message = {
  from: { name: '', address: 'todo@todo.example' },
  to: 'ada@example.com',
  id: 'a@todo.example',
  subject: 'A note',
  text: 'Text',
  html: '<p>Text</p>',
}

suite('a mail server with a trusted certificate', { skip: needsOpenssl }, () => {
  for (const tls of ['starttls', 'implicit'] as const) {
    test(`gets user, password and mail encrypted (${tls})`, async (t) => {
      const secured: boolean[] = []
      await using server = await openMailServer({
        ...trustedCertificate(t, 'localhost'),
        secure: tls === 'implicit',
        disabledCommands: [],
        onAuth: ({ username, password }, { secure }, callback) => {
          secured.push(secure)
          callback(null, { user: `${username} ${password}` })
        },
      })
      const login = { user: 'todo', password: new Secret('right') }
      const transport = smtpTransport({ host: 'localhost', port: server.port, tls, login }, MESSAGE.from)
      await transport.send(MESSAGE, new AbortController().signal)
      assert.deepEqual([(await server.next()).to, secured], [['ada@example.com'], [true]])
    })

    test(`for another host gets neither (${tls})`, async (t) => {
      await using server = await openMailServer({
        ...trustedCertificate(t, 'mail.example'),
        secure: tls === 'implicit',
        disabledCommands: ['AUTH'],
      })
      const transport = smtpTransport({ host: 'localhost', port: server.port, tls }, MESSAGE.from)
      const isRefusal = (error: unknown): boolean => error instanceof MailFailure && error.kind === 'deferred'
      await assert.rejects(transport.send(MESSAGE, new AbortController().signal), isRefusal)
      assert.equal(server.attempts, 0)
    })
  }
})
