import { defineSettings } from '../config/settings.ts'
import { httpUrl } from '../lib/env-reader.ts'

/** Base URL of each provider's API, without a slash at the end. */
export const vaultSettings = defineSettings(
  'vault',
  { GEMINI_BASE_URL: [], OPENAI_BASE_URL: [], ANTHROPIC_BASE_URL: [] },
  (reader) => ({
    baseUrls: {
      gemini: reader.value('GEMINI_BASE_URL', 'https://generativelanguage.googleapis.com', httpUrl),
      openai: reader.value('OPENAI_BASE_URL', 'https://api.openai.com/v1', httpUrl),
      anthropic: reader.value('ANTHROPIC_BASE_URL', 'https://api.anthropic.com', httpUrl),
    },
  }),
)

export type VaultSettings = ReturnType<typeof vaultSettings.of>
