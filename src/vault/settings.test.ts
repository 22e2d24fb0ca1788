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

test('an invalid base URL is refused with the name of its variable', () => {
  assert.throws(() => testConfig({ OPENAI_BASE_URL: 'ftp://x' }), /^StartError: OPENAI_BASE_URL: must be an http/)
})

test('a configuration without the feature has no settings of the vault', () => {
  assert.throws(() => vaultSettings.of({ features: {} }), /was read without the settings of vault/)
})
