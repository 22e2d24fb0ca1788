import { lockingLog } from '../db/change-log.ts'
import type { Step, UserSql } from '../db/sql.ts'
import { writing } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { Expectation } from '../http/conditional.ts'
import { columnsOf, fieldOf, parameterTypeOf, type ContentField, type KeptField } from './fields.ts'
import { changeOf, isInReach, reachOf, skipping, type Change } from './recurring.ts'
import type { Task, TaskPatch } from './schema.ts'
import {
  found,
  IS_EXPECTED,
  lock,
  sentValue,
  SETTABLE,
  storedValue,
  taskOf,
  WRITTEN,
  type Positioned,
} from './store.ts'

/** Changes of one task: patches, completions, and the skipping of dates. */

// A transaction that waited for the row's lock has an older now() than the one that held it. updatedAt must never decrease.
const stamped = (status: string): string =>
  `completed_at = case when ${status} = 'COMPLETED'::task_status then coalesce(completed_at, greatest(now(), updated_at)) end,
   version = version + 1, updated_at = greatest(now(), updated_at)`

/** Sets columns of the task $1 in one of the versions $2, if it meets the condition and any of them gets another value than it has. */
function change(name: string, condition: string, values: Readonly<Record<string, string>>): Statement {
  const columns = Object.keys(values).join(', ')
  const given = Object.values(values).join(', ')
  const text = `update tasks set (${columns}) = row(${given}), ${stamped(values['status'] ?? 'status')}
    where user_id = $user and id = $1
      and ${lockingLog(`${IS_EXPECTED} and ${condition} and (${columns}) is distinct from (${given})`)}
    returning ${WRITTEN}`
  return { name, text }
}

/**
 * The new value of each column. For a column that cannot be null, null means unchanged; for a nullable one a second parameter says
 * whether it changes.
 */
const PATCH = change('tasks.patch', isInReach(3), patchedValues(4))

function patchedValues(first: number): Record<string, string> {
  let parameter = first
  return Object.fromEntries(
    SETTABLE.flatMap((name) => {
      const field = fieldOf(name)
      const changes = field.isNullable === true ? `$${parameter++}::boolean` : undefined
      return columnsOf(field, `$${parameter++}::${parameterTypeOf(field)}`).map(([column, value]) => [
        column,
        changes === undefined
          ? `coalesce(${value}, ${column})`
          : `case when ${changes} then ${value} else ${column} end`,
      ])
    }),
  )
}

// Completing a task that recurs moves it on, which takes its rule.
const COMPLETE = change('tasks.complete', `(recurrence is null or $3 is false or status = 'COMPLETED')`, {
  status: `case when not coalesce($3, status <> 'COMPLETED') then
             case when status = 'COMPLETED' then 'TODO' else status end
           else 'COMPLETED' end`,
})
/** A statement and its parameters. */
type Call = readonly [Statement, readonly unknown[]]

const asIs = (task: Positioned): Positioned => task

/** Applies a merge patch. If nothing changes, version and updatedAt do not change either. */
export const update = (id: string, patch: TaskPatch, expected: Expectation): Step<Positioned> =>
  writing(...patching(id, patch, expected.versions), asIs, async (sql) =>
    patched(sql, await lock(sql, id, expected), patch),
  )

/** `current` must be locked. */
export async function patched(sql: UserSql, current: Positioned, patch: TaskPatch): Promise<Positioned> {
  const task = taskOf(current)
  const isInSeries = task.recurrence !== null || reachOf(patch) === 'none'
  return changed(sql, current, isInSeries ? await changeOf(sql, task, patch) : patch)
}

async function changed(sql: UserSql, current: Positioned, change: Change): Promise<Positioned> {
  const changes = differences(taskOf(current), change)
  if (Object.keys(changes).length === 0) return current
  return found(await sql.row<Positioned>(...patching(current.id, changes, null, 'any')))
}

/** The members of the change whose values differ from the current ones. */
function differences(current: Task, change: Change): Change {
  const differs = (field: ContentField | KeptField): boolean =>
    change[field] !== undefined && JSON.stringify(storedValue(field, change[field])) !== JSON.stringify(current[field])
  return Object.fromEntries(SETTABLE.filter(differs).map((field) => [field, change[field]]))
}

const patching = (id: string, patch: Change, versions: readonly number[] | null, reach = reachOf(patch)): Call => [
  PATCH,
  [
    id,
    versions,
    reach,
    ...SETTABLE.flatMap((field) => {
      const value = patch[field] === undefined ? null : sentValue(field, storedValue(field, patch[field]))
      return fieldOf(field).isNullable === true ? [patch[field] !== undefined, value] : [value]
    }),
  ],
]

/** Completes or reopens the task; without `completed` it is toggled. */
export const complete = (id: string, completed: boolean | undefined, expected: Expectation): Step<Positioned> =>
  writing(COMPLETE, [id, expected.versions, completed], asIs, async (sql) =>
    completedOrReopened(sql, await lock(sql, id, expected), completed),
  )

/** `current` must be locked. */
export async function completedOrReopened(
  sql: UserSql,
  current: Positioned,
  completed: boolean | undefined,
): Promise<Positioned> {
  const { recurrence, status } = taskOf(current)
  if (recurrence !== null && status !== 'COMPLETED' && completed !== false) {
    return patched(sql, current, { status: 'COMPLETED' })
  }
  return (await sql.row<Positioned>(COMPLETE, [current.id, null, completed])) ?? current
}

/**
 * Moves a task that recurs on to its next date without completing it.
 *
 * @throws Problem conflict (409) if it has no date to skip, or none after it
 */
export async function skip(sql: UserSql, id: string, expected: Expectation): Promise<Positioned> {
  const current = await lock(sql, id, expected)
  return changed(sql, current, (await skipping(sql, taskOf(current))) ?? {})
}
