import { LRUCache } from 'lru-cache'
import type { Database } from '../db/database.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { Queue } from '../jobs/queue.ts'
import { DELIVERY_JOBS, jobsFor, type Waiting } from './rings.ts'

/** Changes of so many milliseconds are looked at together. */
const GATHERED_MS = 20
/** After a user was found to have no webhook, that user's changes are looked at once in this time. */
const UNUSED_MS = 2_000
/** Users whose changes wait to be looked at, or who have no webhook. */
const USERS_MAX = 10_000
/** Webhooks that one statement of a sweep looks at. */
const SWEPT_AT_ONCE = 500

// Users are looked up one by one: an array is estimated at ten of them.
const ACTIVE: Statement = {
  name: 'webhooks.active',
  text: `select webhook.* from unnest($1::text[]) as given (id) cross join lateral (
           select user_id as "userId", id, is_slow as "isSlow" from webhooks where user_id = given.id and active
         ) webhook`,
}
const BEHIND: Statement = {
  name: 'webhooks.behind',
  text: `select user_id as "userId", id, is_slow as "isSlow", is_behind as "isBehind" from public.todo_webhooks_behind($1, $2, $3)`,
}
const BEFORE_THE_FIRST = { userId: '', id: '00000000-0000-0000-0000-000000000000' }

interface DispatcherDeps {
  readonly db: Pick<Database, 'asSystem' | 'onChange'>
  readonly jobs: Queue
  readonly log: { warn(fields: object, message: string): void }
}

/**
 * Adds the jobs that deliver what this process has committed. A change that it could not look at, because the process died or the
 * database was unavailable for long, is found by {@link sweep}.
 */
export function openDispatcher({ db, jobs, log }: DispatcherDeps): AsyncDisposable {
  let changed = new Set<string>()
  /** Changed users who had no webhook a moment ago. */
  let unlikely = new Set<string>()
  const unused = new LRUCache<string, true>({ max: USERS_MAX, ttl: UNUSED_MS, ttlResolution: 100 })
  let isClosed = false
  let isSweepDue = true
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()

  const look = async (users: readonly string[]): Promise<void> => {
    try {
      if (isSweepDue) await sweep({ db, jobs })
      isSweepDue = false
      const found = await ringOf({ db, jobs }, users)
      for (const user of users) if (!found.has(user)) unused.set(user, true)
    } catch (error) {
      if (!isSweepDue)
        log.warn({ err: error }, 'webhooks of changed users could not be looked up; all are looked at later')
      isSweepDue = true
    }
  }
  const flush = (): void => {
    timer = undefined
    const users = [...changed]
    changed = new Set()
    looking = looking.then(() => look(users))
  }
  const note = (userId: string): void => {
    if (isClosed) return
    const set = unused.has(userId) ? unlikely : changed
    if (set.size < USERS_MAX) set.add(userId)
    else isSweepDue = true
    if (set === changed) timer ??= setTimeout(flush, GATHERED_MS)
  }
  const unlikelyTimer = setInterval(() => {
    if (unlikely.size === 0 && !isSweepDue) return
    for (const user of unlikely) changed.add(user)
    unlikely = new Set()
    timer ??= setTimeout(flush, GATHERED_MS)
  }, UNUSED_MS).unref()
  db.onChange(note)
  looking = look([])
  return {
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      clearInterval(unlikelyTimer)
      clearTimeout(timer)
      for (const user of unlikely) changed.add(user)
      if (changed.size > 0) flush()
      await looking
    },
  }
}

/** Adds the jobs of the active webhooks of some users. @returns the users who have any */
async function ringOf(
  { db, jobs }: Pick<DispatcherDeps, 'db' | 'jobs'>,
  users: readonly string[],
): Promise<ReadonlySet<string>> {
  if (users.length === 0) return new Set()
  const found = await db.asSystem('webhooks of changed users', async (sql) => {
    const waiting = await sql.rows<Waiting>(ACTIVE, [users])
    await jobs.ring(sql, jobsFor(waiting))
    return waiting
  })
  if (found.length > 0) DELIVERY_JOBS.forEach((name) => jobs.wake(name))
  return new Set(found.map(({ userId }) => userId))
}

/** Adds the jobs of all active webhooks that have not seen the end of the log of their user. */
export async function sweep({ db, jobs }: Pick<DispatcherDeps, 'db' | 'jobs'>, signal?: AbortSignal): Promise<void> {
  let after: Pick<Waiting, 'userId' | 'id'> | undefined = BEFORE_THE_FIRST
  while (after !== undefined) {
    if (signal?.aborted === true) return
    const place: readonly unknown[] = [after.userId, after.id, SWEPT_AT_ONCE]
    const seen = await db.asSystem('find webhooks that are behind', async (sql) => {
      const page = await sql.rows<Waiting & { readonly isBehind: boolean }>(BEHIND, place)
      await jobs.ring(sql, jobsFor(page.filter(({ isBehind }) => isBehind)))
      return page
    })
    if (seen.some(({ isBehind }) => isBehind)) DELIVERY_JOBS.forEach((name) => jobs.wake(name))
    after = seen.length < SWEPT_AT_ONCE ? undefined : seen.at(-1)
  }
}

/** Makes the next attempt of a webhook due now, after its owner has changed it. */
export async function resume(
  { db, jobs }: Pick<DispatcherDeps, 'db' | 'jobs'>,
  userId: string,
  webhookId: string,
): Promise<void> {
  await db.asSystem('resume a webhook', async (sql) => {
    const waiting = await sql.rows<Waiting>(ACTIVE, [[userId]])
    const ringing = jobsFor(waiting.filter(({ id }) => id === webhookId))
    await jobs.ring(sql, ringing)
    await jobs.hurry(sql, ringing)
  })
  DELIVERY_JOBS.forEach((name) => jobs.wake(name))
}
