import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testConfig } from '../../test/wire.ts'
import { vaultSettings } from './settings.ts'

test('the base URLs are those of the providers by default, and those of the variables if they are set', () => {
  assert.deepEqual(vaultSettings.of(testConfig()).baseUrls, {
    gemini: 'https://generativelanguage.googleapis.com',
    openai: 'https://api.openai.com/v1',
    anthropic: 'https://api.anthropic.com',
  })
  const { baseUrls } = vaultSettings.of(testConfig({ GEMINI_BASE_URL: 'https://proxy.example/gemini/' }))
  assert.equal(baseUrls.gemini, 'https://proxy.example/gemini')
})

test('an invalid base URL is refused with the name of its variable, without the value', () => {
  for (const name of Object.keys(vaultSettings.variables)) {
    for (const wrong of ['x.example', 'file:///etc/passwd', 'https://u:secret@x.example', 'https://x.example/?key=x']) {
      assert.throws(
        () => testConfig({ [name]: wrong }),
        (error: Error) => error.message.startsWith(`${name}: must be an http`) && !error.message.includes('x.example'),
        `${name}=${wrong}`,
      )
    }
  }
})

test('a configuration without the feature has no settings of the vault', () => {
  assert.throws(() => vaultSettings.of({ features: {} }), /was read without the settings of vault/)
})
