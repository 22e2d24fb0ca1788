import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { prepare, start, versionsOf, type Variant } from '../bench/variants.ts'

/** Checks the set-up of the variants of a comparison. */

const variant = (script: string): Variant => ({
  name: 'one',
  title: 'One',
  directory: import.meta.dirname,
  command: ['node', '-e', `process.stderr.write(String(process.env.NPM_CONFIG_CAFILE)); process.exit(1)`],
  setup: ['node', '-e', script],
  versions: ['node', '-p', 'process.env.NPM_CONFIG_CAFILE'],
})

suite('a variant of the benchmark', () => {
  test("is set up with the caller's environment, and measured without it", async (context) => {
    process.env['NPM_CONFIG_CAFILE'] = '/etc/ssl/of-the-proxy.pem'
    context.after(() => delete process.env['NPM_CONFIG_CAFILE'])
    const one = variant(
      `if (process.env.NPM_CONFIG_CAFILE !== '/etc/ssl/of-the-proxy.pem') throw new Error('stripped')`,
    )
    assert.equal(prepare(one), undefined)
    assert.equal(versionsOf(one), '/etc/ssl/of-the-proxy.pem')
    await assert.rejects(start(one, {}), /undefined/)
  })

  test('is omitted, with the reason, when its set-up fails', () => {
    assert.match(
      prepare(variant(`console.error('no registry'); process.exit(1)`)) ?? '',
      /its set-up failed: no registry/,
    )
  })
})
