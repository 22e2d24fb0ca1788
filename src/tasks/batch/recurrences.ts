import type { UserSql } from '../../db/sql.ts'
import { beginning, checkRule, isRecurring, userZone } from '../recurring.ts'
import type { Operation } from './schema.ts'

/**
 * Checks the recurrences of a batch before its first operation: a rule that is refused, and a new task whose recurrence has no next date.
 * Of a patch, what depends on the task is checked with its operation.
 *
 * @throws Problem invalid_input (422) naming the first that is refused, whether the batch is atomic or not
 */
export async function checkRecurrences(sql: UserSql, operations: readonly Operation[]): Promise<void> {
  if (!operations.some((operation) => isRecurring(givenBy(operation)))) return
  const timezone = await userZone(sql)
  for (const [at, operation] of operations.entries()) {
    if (operation.op === 'update') checkRule(operation.patch, `/operations/${at}/patch`)
    else beginning(givenBy(operation), timezone, `/operations/${at}/task`)
  }
}

const givenBy = (operation: Operation) =>
  operation.op === 'update' ? operation.patch : 'task' in operation ? operation.task : {}
