import { randomUUID } from 'node:crypto'
import { and, eq, sql } from 'drizzle-orm'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { createTask, db, findTask, listTasks, listTasksByStatus, toggleTask } from './db.ts'
import { tasks } from './schema.ts'

type Values = Omit<typeof tasks.$inferInsert, 'dueDate'> & { dueDate?: string | null }

export const taskRoutes = new Hono()

taskRoutes.get('/', async (c) => {
  const userId = c.get('userId')
  const { status, limit = '1000' } = c.req.query()
  return c.json(
    status
      ? await listTasksByStatus.execute({ userId, status, limit: Number(limit) })
      : await listTasks.execute({ userId, limit: Number(limit) }),
  )
})

taskRoutes.get('/:id', async (c) => {
  const [task] = await findTask.execute({ id: c.req.param('id'), userId: c.get('userId') })
  if (!task) throw new HTTPException(404, { message: 'Task not found' })
  return c.json(task)
})

taskRoutes.post('/', async (c) => {
  const { title, description = null, status = 'TODO', priority = 'MEDIUM', dueDate = null, tags = [] } = await c.req.json<Values>()
  const [task] = await createTask.execute({
    id: randomUUID(),
    userId: c.get('userId'),
    title,
    description,
    status,
    priority,
    dueDate,
    tags,
    completedAt: status === 'COMPLETED' ? new Date() : null,
  })
  return c.json(task, 201)
})

// Not prepared, because the set of columns differs between calls.
taskRoutes.patch('/:id', async (c) => {
  const { title, description, status, priority, dueDate, tags } = await c.req.json<Partial<Values>>()
  const [task] = await db
    .update(tasks)
    .set({
      title,
      description,
      status,
      priority,
      dueDate: dueDate ? new Date(dueDate) : (dueDate as null | undefined),
      tags,
      completedAt: status && (status === 'COMPLETED' ? sql`now()` : null),
      updatedAt: sql`now()`,
      version: sql`${tasks.version} + 1`,
    })
    .where(and(eq(tasks.id, c.req.param('id')), eq(tasks.userId, c.get('userId'))))
    .returning()
  if (!task) throw new HTTPException(404, { message: 'Task not found' })
  return c.json(task)
})

taskRoutes.patch('/:id/complete', async (c) => {
  const [task] = await toggleTask.execute({ id: c.req.param('id'), userId: c.get('userId') })
  if (!task) throw new HTTPException(404, { message: 'Task not found' })
  return c.json(task)
})
