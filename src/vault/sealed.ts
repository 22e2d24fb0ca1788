import type { SealedColumn } from '../feature.ts'

export const PROVIDER_KEYS: SealedColumn = {
  table: 'user_api_keys',
  column: 'encrypted_key',
  key: 'provider',
  keyType: 'text',
  label: 'provider',
}
