import { spawnSync } from 'node:child_process'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

const PROBE = fileURLToPath(new URL('loaded-packages-probe.ts', import.meta.url))

/**
 * @param env of the world
 * @returns the packages that a process of the service loads until it has answered a request, in order of their names
 */
export function loadedPackages(env: Readonly<Record<string, string>> = {}): readonly string[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROBE], {
    env: {
      PATH: process.env['PATH'],
      TEST_DATABASE_URL: process.env['TEST_DATABASE_URL'],
      WORLD_ENV: JSON.stringify(env),
    },
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}
