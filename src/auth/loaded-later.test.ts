import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { needsServer } from '../../test/databases.ts'
import { loadedPackages } from '../../test/loaded-packages.ts'

const PACKAGES = ['better-auth', 'kysely', 'zod']

const secret = (): string => randomBytes(32).toString('base64url')
const PRODUCTION = {
  ENVIRONMENT: 'production',
  SESSION_HASH_SECRET: secret(),
  SERVICE_AUTH_TOKEN: secret(),
  ENCRYPTION_KEY: `${secret()}=`,
  BETTER_AUTH_SECRET: secret(),
}

suite('the packages of the auth server', () => {
  test('are not loaded in development before a request of it', () => {
    const loaded = loadedPackages()
    assert.ok(loaded.includes('fastify'))
    assert.deepEqual(
      loaded.filter((name) => PACKAGES.includes(name)),
      [],
    )
  })

  test('are loaded in production before the first request, which would wait for them', { skip: needsServer }, () => {
    const loaded = loadedPackages(PRODUCTION)
    assert.deepEqual(
      loaded.filter((name) => PACKAGES.includes(name)),
      PACKAGES,
    )
  })
})
