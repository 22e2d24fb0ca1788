import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { findBinary } from '../../test/faults/postgres.ts'
import { openMailServer } from '../../test/mail-server.ts'
import { Secret } from '../lib/secret.ts'
import { MailFailure } from './failures.ts'
import { smtpTransport, type Message } from './transport.ts'

const needsOpenssl = findBinary('openssl') === undefined ? 'needs openssl, to make certificates' : false

const MESSAGE: Message = {
  from: { name: '', address: 'todo@todo.example' },
  to: 'ada@example.com',
  id: 'a@todo.example',
  subject: 'A note',
  text: 'Text',
  html: '<p>Text</p>',
}

/** A certificate that this process trusts until the end of the test. */
function trustedCertificate(t: TestContext, host: string): { readonly key: string; readonly cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'mail-tls-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const named = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...named, '-keyout', 'key.pem', '-out', 'cert.pem'],
    { cwd: directory, stdio: 'pipe' },
  )
  const [key, cert] = ['key.pem', 'cert.pem'].map((file) => readFileSync(join(directory, file), 'utf8')) as [
    string,
    string,
  ]
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cert])
  t.after(() => setDefaultCACertificates(before))
  return { key, cert }
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
