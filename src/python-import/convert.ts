import { hash, randomUUID } from 'node:crypto'
import { parseInstant } from '../lib/instant.ts'
import { isVisible } from '../lib/visible.ts'
import type { Fernet } from '../lib/fernet.ts'
import { PRIORITIES, STATUSES } from '../tasks/schema.ts'
import { masked, PROVIDER_NAMES } from '../vault/providers.ts'
import { VALIDATION_STATUSES } from '../vault/schema.ts'

/** A row of the old service: its columns as JSON, times in UTC. `id` is text, whatever its type was. */
export interface OldRow {
  readonly id: string
  readonly columns: Readonly<Record<string, unknown>>
}

/** What a row becomes, or every reason why it does not fit. */
export type Converted<Row> = { readonly row: Row } | { readonly faults: readonly string[] }

export interface NewTask {
  readonly id: string
  readonly user_id: string
  readonly title: string
  readonly description: string | null
  readonly status: string
  readonly priority: string
  readonly due_date: string | null
  readonly tags: readonly string[]
  readonly created_at: string
  readonly updated_at: string
  readonly completed_at: string | null
}

export interface NewKey {
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

/** The columns that are read, of both shapes of the old service: what is in others is not imported. */
export const TASK_COLUMNS: ReadonlySet<string> = new Set(
  'id user_id title description status completed priority due_date tags created_at updated_at completed_at'.split(' '),
)
export const KEY_COLUMNS: ReadonlySet<string> = new Set(
  'id user_id provider encrypted_key validation_status last_validated_at created_at updated_at'.split(' '),
)

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const TITLE_MAX = 200
const DESCRIPTION_MAX = 10_000
const TAGS_MAX = 50
const TAG_MAX = 50

/** Code points, as PostgreSQL counts characters. */
const lengthOf = (text: string): number => Array.from(text).length

/** Reads the columns of one row, and collects what is wrong with them. */
class Reader {
  readonly faults: string[] = []
  readonly #columns: OldRow['columns']

  constructor(columns: OldRow['columns']) {
    this.#columns = columns
  }

  value(name: string): unknown {
    return this.#columns[name] ?? null
  }

  text(name: string): string {
    const value = this.value(name)
    return typeof value === 'string' ? value : ''
  }

  /** ISO 8601 in UTC; null when the column is null or missing. A time without a zone is UTC, as PostgreSQL gives it here. */
  instant(name: string, what: string): string | null {
    const value = this.value(name)
    if (value === null) return null
    const text = this.text(name).replace(' ', 'T')
    const zoned = /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(text.slice(10)) ? text : `${text}Z`
    const ms = parseInstant(zoned)
    if (ms !== undefined) return new Date(ms).toISOString()
    this.faults.push(`${what} is not an instant between the years 1900 and 9999`)
    return null
  }

  oneOf<Word extends string>(text: string, words: readonly Word[], what: string, fallback: Word): Word {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    this.faults.push(`${what} is none of ${words.join(', ')}`)
    return fallback
  }
}

/** @param now for rows without a time of creation, ISO 8601 */
export function convertTask({ id, columns }: OldRow, now: string): Converted<NewTask> {
  const reader = new Reader(columns)
  const userId = reader.text('user_id')
  if (userId === '') reader.faults.push('it has no user')
  const title = reader.text('title').trim()
  if (!isVisible(title)) reader.faults.push('its title shows nothing')
  if (lengthOf(title) > TITLE_MAX) reader.faults.push(`its title has more than ${TITLE_MAX} characters`)
  const description = reader.value('description') === null ? null : reader.text('description')
  if (lengthOf(description ?? '') > DESCRIPTION_MAX) {
    reader.faults.push(`its description has more than ${DESCRIPTION_MAX} characters`)
  }
  const createdAt = reader.instant('created_at', 'its time of creation') ?? now
  const updatedAt = reader.instant('updated_at', 'the time of its last change') ?? createdAt
  const status = statusOf(reader)
  const completedAt = reader.instant('completed_at', 'the time of its completion') ?? updatedAt
  const row: NewTask = {
    id: UUID.test(id) ? id.toLowerCase() : newIdOf(userId, id, createdAt),
    user_id: userId,
    title,
    description,
    status,
    priority: reader.oneOf((reader.text('priority') || 'MEDIUM').toUpperCase(), PRIORITIES, 'its priority', 'MEDIUM'),
    due_date: reader.instant('due_date', 'its due date'),
    tags: tagsOf(reader),
    created_at: createdAt,
    updated_at: updatedAt,
    completed_at: status === 'COMPLETED' ? completedAt : null,
  }
  return reader.faults.length === 0 ? { row } : { faults: reader.faults }
}

/** The published service has a column `completed`, the documented one `status`. */
function statusOf(reader: Reader): (typeof STATUSES)[number] {
  const completed = reader.value('completed')
  if (typeof completed === 'boolean') return completed ? 'COMPLETED' : 'TODO'
  return reader.oneOf((reader.text('status') || 'TODO').toUpperCase(), STATUSES, 'its status', 'TODO')
}

function tagsOf(reader: Reader): readonly string[] {
  const value = reader.value('tags')
  if (value === null) return []
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === 'string')) {
    reader.faults.push('its tags are not a list of texts')
    return []
  }
  const tags = [...new Set(value.map((tag) => tag.trim()))]
  if (tags.length > TAGS_MAX) reader.faults.push(`it has more than ${TAGS_MAX} tags`)
  if (!tags.every(isVisible)) reader.faults.push('one of its tags shows nothing')
  if (tags.some((tag) => lengthOf(tag) > TAG_MAX)) {
    reader.faults.push(`one of its tags has more than ${TAG_MAX} characters`)
  }
  return tags
}

/**
 * A UUID of version 7 whose time is the task's creation, and whose other bits are a hash of what the task was: the same task
 * has the same id in every run, so that nothing is imported twice even where the file of ids was lost.
 */
export function newIdOf(userId: string, oldId: string, createdAt: string): string {
  const bytes = hash(
    'sha256',
    JSON.stringify(['todo-backend import-python', userId, oldId, createdAt]),
    'buffer',
  ).subarray(0, 16)
  // Before 1970 there is no such time.
  bytes.writeUIntBE(Math.max(0, Date.parse(createdAt)), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** What is shown of a key that no encryption key opens. */
export const UNKNOWN_MASK = '....'

/** The README of the old service has other words than its code. */
const OLD_WORDS: Readonly<Record<string, string>> = { valid: 'success', invalid: 'failure', '': 'unreachable' }

/** The ciphertext stays as it is; it is opened only for what is shown of the key. */
export function convertKey({ columns }: OldRow, fernet: Fernet, now: string): Converted<NewKey> {
  const reader = new Reader(columns)
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
