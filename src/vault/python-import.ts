import { randomUUID } from 'node:crypto'
import type { ConversionContext, ImportKind } from '../python-import/kind.ts'
import { RowReader, type Converted, type OldRow } from '../python-import/old-row.ts'
import { masked, PROVIDER_NAMES } from './providers.ts'
import { VALIDATION_STATUSES } from './schema.ts'

interface NewKey {
  readonly key_id: string
  readonly user_id: string
  readonly provider: string
  readonly encrypted_key: string
  readonly masked_key: string
  readonly validation_status: string
  readonly last_validated_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

/** The masked form of a key that no encryption key decrypts. */
const UNKNOWN_MASK = '....'

/** The README and the code of the old service use different values. */
const OLD_WORDS: Readonly<Record<string, string>> = { valid: 'success', invalid: 'failure', '': 'unreachable' }

/** The ciphertext is copied unchanged; it is decrypted only to build the masked form. */
function convertKey({ columns }: OldRow, { fernet, now }: ConversionContext): Converted<NewKey> {
  const reader = new RowReader(columns)
  const userId = reader.text('user_id')
  if (userId === '') reader.faults.push('it has no user')
  const encryptedKey = reader.text('encrypted_key')
  if (encryptedKey === '') reader.faults.push('its column encrypted_key is empty')
  const word = reader.text('validation_status').toLowerCase()
  const createdAt = reader.instant('created_at', 'its time of creation') ?? now
  const plaintext = fernet.decrypt(encryptedKey)?.plaintext
  const row: NewKey = {
    key_id: randomUUID(),
    user_id: userId,
    provider: reader.oneOf(reader.text('provider').toLowerCase(), PROVIDER_NAMES, 'its provider', 'gemini'),
    encrypted_key: encryptedKey,
    masked_key: plaintext === undefined ? UNKNOWN_MASK : masked(plaintext.toString()),
    validation_status: reader.oneOf(
      OLD_WORDS[word] ?? word,
      VALIDATION_STATUSES,
      'its validation status',
      'unreachable',
    ),
    last_validated_at: reader.instant('last_validated_at', 'the time of its last check'),
    created_at: createdAt,
    updated_at: reader.instant('updated_at', 'the time of its last change') ?? createdAt,
  }
  plaintext?.fill(0)
  return reader.faults.length === 0 ? { row } : { faults: reader.faults }
}

export const KEY_IMPORT: ImportKind<NewKey> = {
  name: 'key',
  table: 'user_api_keys',
  columns: new Set(
    'id user_id provider encrypted_key validation_status last_validated_at created_at updated_at'.split(' '),
  ),
  insert: `with new as (
      select * from jsonb_to_recordset($1::jsonb) as r (at int, key_id uuid, user_id text, provider text, encrypted_key text,
        masked_key text, validation_status text, last_validated_at timestamptz, created_at timestamptz, updated_at timestamptz)
    ), done as (
      insert into public.user_api_keys
        (user_id, provider, key_id, encrypted_key, masked_key, validation_status, last_validated_at, created_at, updated_at)
      select user_id, provider, key_id, encrypted_key, masked_key, validation_status, last_validated_at, created_at, updated_at
      from new on conflict (user_id, provider) do nothing returning user_id, provider
    )
    select new.at from done join new using (user_id, provider)`,
  convert: convertKey,
  remark: ({ masked_key: mask }) =>
    mask === UNKNOWN_MASK ? 'no ENCRYPTION_KEY opens it: give the one of the Python service' : undefined,
}
