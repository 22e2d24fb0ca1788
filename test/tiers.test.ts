import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DATABASE, SECOND_TIER } from './tiers.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

suite('the tiers of the tests', () => {
  test('name files that exist', () => {
    assert.deepEqual(
      Object.keys(SECOND_TIER).filter((file) => !existsSync(join(ROOT, file))),
      [],
    )
    assert.deepEqual(
      DATABASE.filter((pattern) => globSync(pattern, { cwd: ROOT }).length === 0),
      [],
    )
  })
})
