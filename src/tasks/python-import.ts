import { hash } from 'node:crypto'
import { isUuid } from '../lib/uuid.ts'
import { isVisible } from '../lib/visible.ts'
import type { ConversionContext, ImportKind } from '../python-import/kind.ts'
import { RowReader, type Converted, type OldRow } from '../python-import/old-row.ts'
import { PRIORITIES, STATUSES } from './fields.ts'

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

const TITLE_MAX = 200
const DESCRIPTION_MAX = 10_000
const TAGS_MAX = 50
const TAG_MAX = 50

/** Code points, as PostgreSQL counts characters. */
const lengthOf = (text: string): number => Array.from(text).length

export function convertTask({ id, columns }: OldRow, { now }: Pick<ConversionContext, 'now'>): Converted<NewTask> {
  const reader = new RowReader(columns)
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
    id: isUuid(id) ? id.toLowerCase() : newIdOf(userId, id, createdAt),
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
function statusOf(reader: RowReader): (typeof STATUSES)[number] {
  const completed = reader.value('completed')
  if (typeof completed === 'boolean') return completed ? 'COMPLETED' : 'TODO'
  return reader.oneOf((reader.text('status') || 'TODO').toUpperCase(), STATUSES, 'its status', 'TODO')
}

function tagsOf(reader: RowReader): readonly string[] {
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
 * A UUID of version 7: its time is the task's creation, the other bits are a hash of the task's user and old id. The same task gets
 * the same id in every run, so that no task is imported twice even if the file of ids was lost.
 */
export function newIdOf(userId: string, oldId: string, createdAt: string): string {
  const bytes = hash(
    'sha256',
    JSON.stringify(['todo-backend import-python', userId, oldId, createdAt]),
    'buffer',
  ).subarray(0, 16)
  // A UUID of version 7 cannot represent times before 1970.
  bytes.writeUIntBE(Math.max(0, Date.parse(createdAt)), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The columns are those of both shapes of the old service. */
export const TASK_IMPORT: ImportKind<NewTask> = {
  name: 'task',
  table: 'tasks',
  columns: new Set(
    'id user_id title description status completed priority due_date tags created_at updated_at completed_at'.split(
      ' ',
    ),
  ),
  insert: `with new as (
      select * from jsonb_to_recordset($1::jsonb) as r (at int, id uuid, user_id text, title text, description text, status task_status,
        priority task_priority, due_date timestamptz, tags jsonb, created_at timestamptz, updated_at timestamptz, completed_at timestamptz)
    ), done as (
      insert into public.tasks
        (id, user_id, title, description, status, priority, due_date, tags, created_at, updated_at, completed_at)
      select id, user_id, title, description, status, priority, due_date, array(select jsonb_array_elements_text(tags)),
        created_at, updated_at, completed_at
      from new on conflict (user_id, id) do nothing returning user_id, id
    )
    select new.at from done join new using (user_id, id)`,
  convert: convertTask,
  newId: ({ id }) => id,
}
