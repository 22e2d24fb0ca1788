import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { findBinary } from './faults/postgres.ts'

export const needsOpenssl = findBinary('openssl') === undefined ? 'needs openssl, to make certificates' : false

/** A certificate that this process trusts until the end of the test. */
export function trustedCertificate(t: TestContext, host: string): { readonly key: string; readonly cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'todo-tls-'))
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
