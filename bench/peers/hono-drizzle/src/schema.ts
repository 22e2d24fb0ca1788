import { sql } from 'drizzle-orm'
import { integer, pgEnum, pgTable, text, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'

export const taskStatus = pgEnum('task_status', ['TODO', 'IN_PROGRESS', 'COMPLETED'])
export const taskPriority = pgEnum('task_priority', ['LOW', 'MEDIUM', 'HIGH', 'URGENT'])

export const sessions = pgTable('user_sessions', {
  id: text().primaryKey(),
  token: text().notNull().unique(),
  expiresAt: timestamp({ withTimezone: true }).notNull(),
  userId: text().notNull(),
})

export const tasks = pgTable('tasks', {
  id: uuid().primaryKey(),
  title: varchar({ length: 200 }).notNull(),
  description: text(),
  status: taskStatus().notNull().default('TODO'),
  priority: taskPriority().notNull().default('MEDIUM'),
  dueDate: timestamp('due_date', { withTimezone: true, precision: 3 }),
  tags: text().array().notNull().default(sql`'{}'`),
  userId: text('user_id').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  completedAt: timestamp('completed_at', { withTimezone: true, precision: 3 }),
  version: integer().notNull().default(1),
})
