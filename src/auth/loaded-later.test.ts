import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { needsServer } from '../../test/databases.ts'
import { loadedPackages } from '../../test/loaded-packages.ts'
import { PRODUCTION } from '../../test/production.ts'

const PACKAGES = ['better-auth', 'kysely', 'zod']

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
