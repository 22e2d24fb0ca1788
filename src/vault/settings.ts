import { defineSettings } from '../config/settings.ts'
import { httpUrl } from '../lib/env-reader.ts'

/** Base URL of each provider's API, without a slash at the end. */
export const vaultSettings = defineSettings(
  'vault',
  {
    GEMINI_BASE_URL: {
      default: 'https://generativelanguage.googleapis.com',
      does: "Base URL for checks of Gemini keys, to which users' keys are sent, with or without the API's version at the end.",
    },
    OPENAI_BASE_URL: {
      default: 'https://api.openai.com/v1',
      does: 'The same for OpenAI.',
    },
    ANTHROPIC_BASE_URL: {
      default: 'https://api.anthropic.com',
      does: 'The same for Anthropic.',
    },
  },
  (reader) => ({
    baseUrls: {
      gemini: reader.value('GEMINI_BASE_URL', 'https://generativelanguage.googleapis.com', httpUrl),
      openai: reader.value('OPENAI_BASE_URL', 'https://api.openai.com/v1', httpUrl),
      anthropic: reader.value('ANTHROPIC_BASE_URL', 'https://api.anthropic.com', httpUrl),
    },
  }),
)

export type VaultSettings = ReturnType<typeof vaultSettings.of>
