import type { Scopes } from '../db/scopes.ts'
import type { SystemSql, UserSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'

/** A job to be done later. It is executed at least once: its work must be safe to repeat. */
export interface JobRequest {
  /** The name of a kind in `jobs.ts`. */
  readonly name: string
  /** Ids of the objects concerned, never content; at most 1 KiB of JSON. */
  readonly reference?: Readonly<Record<string, string | number>>
  /** While a job of this name has the same key, no second one is added. 1 to 255 characters. */
  readonly key?: string
  readonly delayMs?: number
  /** With `SystemSql`: the user that it acts for, if any. With `UserSql` it is always the user of the scope. */
  readonly userId?: string
}

/** A job for {@link Queue.ring}. */
export interface RingingJob {
  readonly name: string
  readonly userId: string
  readonly reference: Readonly<Record<string, string | number>>
  readonly key: string
}

/** A job that this process has claimed. */
export interface Claimed {
  readonly id: string
  /** A random id set by the claim. A statement with it has an effect only while this process holds the job. */
  readonly lease: string
  readonly name: string
  /** The user it acts for; null for work outside a user's scope. */
  readonly userId: string | null
  readonly reference: Readonly<Record<string, string | number>>
  /** How often it was claimed since it last succeeded, this time included. */
  readonly attempts: number
}

export interface QueueState {
  readonly dead: number
  /** Seconds since the oldest waiting job was due; 0 if none is waiting. */
  readonly oldestDueS: number
}

export interface Queue {
  /** Adds a job in the transaction that it is called in. Call `wake` after the commit. */
  enqueue(this: void, sql: UserSql | SystemSql, job: JobRequest): Promise<void>
  /**
   * Adds jobs with keys, or makes those that are running at the moment run again afterwards: what caused the call may have happened
   * after they looked. A job that waits stays as it is. Call `wake` after the commit.
   */
  ring(this: void, sql: SystemSql, jobs: readonly RingingJob[]): Promise<void>
  /** Makes those of the jobs due now that wait for a later time. Call `wake` after the commit. */
  hurry(this: void, sql: SystemSql, jobs: readonly Pick<RingingJob, 'name' | 'key'>[]): Promise<void>
  /**
   * Makes the runner of this process look for due jobs now. Other processes find them when they poll.
   *
   * @param name of the jobs that were added; all if not given
   */
  wake(this: void, name?: string): void
  /** @param listener is called by `wake` until it is replaced */
  onWake(this: void, listener: (name?: string) => void): void
  state(this: void): Promise<QueueState>
}

const ENQUEUE: Statement = {
  name: 'jobs.enqueue',
  text: `insert into jobs (name, for_user, reference, key, run_at)
         values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond') on conflict do nothing`,
}
const RING: Statement = {
  name: 'jobs.ring',
  // In one order, so that two processes that ring the same jobs cannot deadlock.
  text: `insert into jobs (name, for_user, reference, key)
         select name, "userId", reference, key from json_to_recordset($1::json)
           as given (name text, "userId" text, reference jsonb, key text) order by name, key
         on conflict (name, key) do update set runs_again = true where jobs.lease is not null and not jobs.runs_again`,
}
const HURRY: Statement = {
  name: 'jobs.hurry',
  text: `update jobs set run_at = now() from json_to_recordset($1::json) as given (name text, key text)
         where jobs.name = given.name and jobs.key = given.key and lease is null and dead_at is null and run_at > now()`,
}
export const STATE: Statement = {
  name: 'jobs.state',
  text: `select (select count(*) from jobs where dead_at is not null) as dead,
           coalesce((select extract(epoch from now() - run_at)::float8 from jobs
                     where dead_at is null and run_at <= now() order by run_at limit 1), 0) as "oldestDueS"`,
}

export function openQueue(db: Pick<Scopes, 'asSystem'>): Queue {
  let listener: (name?: string) => void = () => undefined
  return {
    enqueue: async (sql, { name, reference = {}, key = null, delayMs = 0, userId = null }) => {
      const forUser = 'userId' in sql ? sql.userId : userId
      await sql.rows(ENQUEUE, [name, forUser, JSON.stringify(reference), key, Math.round(delayMs)])
    },
    ring: async (sql, jobs) => {
      if (jobs.length > 0) await sql.rows(RING, [JSON.stringify(jobs)])
    },
    hurry: async (sql, jobs) => {
      if (jobs.length > 0) await sql.rows(HURRY, [JSON.stringify(jobs)])
    },
    wake: (name) => listener(name),
    onWake: (given) => {
      listener = given
    },
    state: async () =>
      (await db.asSystem('count jobs', (sql) => sql.row<QueueState>(STATE))) ?? { dead: 0, oldestDueS: 0 },
  }
}

// One statement, so that it works behind any pooler. `skip locked` lets several processes claim at once. A name that this
// version does not know is left for the process that does.
export const CLAIM: Statement = {
  name: 'jobs.claim',
  text: `with due as (
           select id from jobs where dead_at is null and run_at <= now() and name = any ($1::text[])
           order by run_at limit $2 for update skip locked
         )
         update jobs j set attempts = j.attempts + 1, lease = gen_random_uuid(), run_at = now() + $3 * interval '1 millisecond'
         from due where j.id = due.id
         returning j.id, j.lease, j.name, j.for_user as "userId", j.reference, j.attempts`,
}
export const NEXT: Statement = {
  name: 'jobs.next',
  text: `select ceil(extract(epoch from run_at - now()) * 1000)::float8 as "inMs" from jobs
         where dead_at is null and name = any ($1::text[]) order by run_at limit 1`,
}
const EXTEND: Statement = {
  name: 'jobs.extend',
  text: `update jobs set run_at = now() + $3 * interval '1 millisecond'
         where id = $1 and lease = $2 and run_at > now() returning true as extended`,
}
const DONE: Statement = {
  name: 'jobs.done',
  text: `delete from jobs where id = $1 and lease = $2 and not runs_again returning true as settled`,
}
const AGAIN: Statement = {
  name: 'jobs.again',
  text: `update jobs set run_at = now() + $3 * interval '1 millisecond', attempts = $4, last_error = $5, lease = null, runs_again = false
         where id = $1 and lease = $2 returning true as settled`,
}
const DEAD: Statement = {
  name: 'jobs.dead',
  text: `update jobs set dead_at = now(), last_error = $3, lease = null
         where id = $1 and lease = $2 returning true as settled`,
}

type Db = Pick<Scopes, 'asSystem'>

/** Claims due jobs, oldest first. @returns them, and in how many milliseconds the next one is due, if there is one */
export function claim(
  db: Db,
  names: readonly string[],
  { jobsMax, leaseMs }: { jobsMax: number; leaseMs: number },
): Promise<{ jobs: readonly Claimed[]; nextInMs: number | undefined }> {
  return db.asSystem('claim jobs', async (sql) => {
    const jobs = await sql.rows<Claimed>(CLAIM, [names, jobsMax, leaseMs])
    const next = await sql.row<{ inMs: number }>(NEXT, [names])
    return { jobs, nextInMs: next?.inMs }
  })
}

/** @returns whether the lease was still held */
export const extend = ({ id, lease }: Claimed, db: Db, leaseMs: number): Promise<boolean> =>
  settle(db, EXTEND, [id, lease, leaseMs])

/** Removes the job, or makes it due now if it was asked for while it ran. @returns whether the lease was still held */
export const done = ({ id, lease }: Claimed, db: Db): Promise<boolean> =>
  db.asSystem(
    'settle a job',
    async (sql) =>
      (await sql.row(DONE, [id, lease])) !== undefined || (await sql.row(AGAIN, [id, lease, 0, 0, null])) !== undefined,
  )

/** Schedules the job to run again. @returns whether the lease was still held */
export const retryLater = (
  { id, lease }: Claimed,
  db: Db,
  { inMs, attempts, error }: { inMs: number; attempts: number; error: string | null },
): Promise<boolean> => settle(db, AGAIN, [id, lease, Math.round(inMs), attempts, error])

/** Keeps the job for an operator. @returns whether the lease was still held */
export const markDead = ({ id, lease }: Claimed, db: Db, error: string): Promise<boolean> =>
  settle(db, DEAD, [id, lease, error])

const settle = (db: Db, statement: Statement, values: readonly unknown[]): Promise<boolean> =>
  db.asSystem('settle a job', async (sql) => (await sql.row(statement, values)) !== undefined)
