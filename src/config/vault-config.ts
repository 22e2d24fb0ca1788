import { type EnvReader, httpUrl, type VariableTable } from '../lib/env-reader.ts'
import type { Secret, SecretRules } from '../lib/secret.ts'

export const VAULT_VARIABLES = {
  ENCRYPTION_KEY: [],
  GEMINI_BASE_URL: [],
  OPENAI_BASE_URL: [],
  ANTHROPIC_BASE_URL: [],
} as const satisfies VariableTable

export interface VaultConfig {
  /** Fernet keys: the first encrypts, all decrypt. At least one. */
  readonly encryptionKeys: readonly Secret[]
  /** Where each provider is asked whether a key works: no slash at the end. */
  readonly baseUrls: { readonly gemini: string; readonly openai: string; readonly anthropic: string }
}

type Reader = Pick<EnvReader<keyof typeof VAULT_VARIABLES>, 'list' | 'value'>

export function readVault(reader: Reader, rules: SecretRules): VaultConfig {
  return {
    encryptionKeys: reader.list('ENCRYPTION_KEY', [], (entry) => rules.acceptFernetKey('ENCRYPTION_KEY', entry)),
    baseUrls: {
      gemini: reader.value('GEMINI_BASE_URL', 'https://generativelanguage.googleapis.com', httpUrl),
      openai: reader.value('OPENAI_BASE_URL', 'https://api.openai.com/v1', httpUrl),
      anthropic: reader.value('ANTHROPIC_BASE_URL', 'https://api.anthropic.com', httpUrl),
    },
  }
}
