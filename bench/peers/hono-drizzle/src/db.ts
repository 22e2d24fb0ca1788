import { and, desc, eq, gt, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Pool } from 'pg'
import { sessions, tasks } from './schema.ts'

// `max: 10` is the pool's own default.
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 })

export const db = drizzle({ client: pool })

export const findSession = db
  .select({ userId: sessions.userId })
  .from(sessions)
  .where(and(eq(sessions.token, sql.placeholder('token')), gt(sessions.expiresAt, sql`now()`)))
  .prepare('find_session')

export const listTasks = db
  .select()
  .from(tasks)
  .where(eq(tasks.userId, sql.placeholder('userId')))
  .orderBy(desc(tasks.createdAt), desc(tasks.id))
  .limit(sql.placeholder('limit'))
  .prepare('list_tasks')

export const listTasksByStatus = db
  .select()
  .from(tasks)
  .where(and(eq(tasks.userId, sql.placeholder('userId')), eq(tasks.status, sql.placeholder('status'))))
  .orderBy(desc(tasks.createdAt), desc(tasks.id))
  .limit(sql.placeholder('limit'))
  .prepare('list_tasks_by_status')

export const findTask = db
  .select()
  .from(tasks)
  .where(and(eq(tasks.id, sql.placeholder('id')), eq(tasks.userId, sql.placeholder('userId'))))
  .prepare('find_task')

export const createTask = db
  .insert(tasks)
  .values({
    id: sql.placeholder('id'),
    userId: sql.placeholder('userId'),
    title: sql.placeholder('title'),
    description: sql.placeholder('description'),
    status: sql.placeholder('status'),
    priority: sql.placeholder('priority'),
    // Inside `sql`, because a placeholder for a timestamp column does not accept null.
    dueDate: sql`${sql.placeholder('dueDate')}`,
    tags: sql.placeholder('tags'),
    completedAt: sql`${sql.placeholder('completedAt')}`,
  })
  .returning()
  .prepare('create_task')

export const toggleTask = db
  .update(tasks)
  .set({
    status: sql`case when ${tasks.status} = 'COMPLETED' then 'TODO'::task_status else 'COMPLETED' end`,
    completedAt: sql`case when ${tasks.status} = 'COMPLETED' then null else now() end`,
    updatedAt: sql`now()`,
    version: sql`${tasks.version} + 1`,
  })
  .where(and(eq(tasks.id, sql.placeholder('id')), eq(tasks.userId, sql.placeholder('userId'))))
  .returning()
  .prepare('toggle_task')
