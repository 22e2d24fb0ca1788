import { positionNow } from '../../db/change-log.ts'
import type { UserSql } from '../../db/sql.ts'
import type { Logged } from '../../http/logged.ts'
import { eraseAll, removeAll } from '../store.ts'

/**
 * Deletes those of the tasks that are there: into the trash, or for good if `isPermanent`. The result is stored for an
 * Idempotency-Key: the ids, and at the end the JSON of {@link Logged}. So it is an array in which the ids are looked up, as processes
 * of the version before the log expect it.
 */
export async function deletion(sql: UserSql, ids: readonly string[], isPermanent: boolean): Promise<readonly string[]> {
  const removed = await removeAll(sql, ids)
  if (isPermanent) await eraseAll(sql, idsOf(removed))
  const logged: Logged = { userId: sql.userId, position: removed.at(-1)?.position ?? (await positionNow(sql)) }
  return [...idsOf(removed), JSON.stringify(logged)]
}

const idsOf = (tasks: readonly { readonly id: string }[]): string[] => tasks.map(({ id }) => id)

/** @param result of {@link deletion}, or the ids alone that such a process has stored */
export function readDeletion(result: readonly string[]): {
  readonly deleted: ReadonlySet<string>
  readonly logged: Partial<Logged>
} {
  const last = result.at(-1)
  // Written by `deletion`: ids do not begin like this.
  const logged = last?.startsWith('{') === true ? (JSON.parse(last) as Logged) : {}
  return { deleted: new Set(result), logged }
}
