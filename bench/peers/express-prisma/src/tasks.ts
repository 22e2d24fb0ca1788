import { Router } from 'express'
import { prisma } from './prisma.ts'

export const tasks = Router()

tasks.get('/', async (req, res) => {
  const { status, limit = 1000 } = req.query as any
  const found = await prisma.task.findMany({
    where: { userId: res.locals.userId, status },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: Number(limit),
  })
  res.json(found)
})

tasks.get('/:id', async (req, res) => {
  const task = await prisma.task.findUnique({ where: { id: req.params.id, userId: res.locals.userId } })
  if (!task) return void res.status(404).json({ error: 'Task not found' })
  res.json(task)
})

tasks.post('/', async (req, res) => {
  const { title, description, status, priority, dueDate, tags } = req.body
  const task = await prisma.task.create({
    data: {
      userId: res.locals.userId,
      title,
      description,
      status,
      priority,
      dueDate,
      tags,
      completedAt: status === 'COMPLETED' ? new Date() : undefined,
    },
  })
  res.status(201).json(task)
})

// The error handler answers 404 for P2025, "record to update not found".
tasks.patch('/:id', async (req, res) => {
  const { title, description, status, priority, dueDate, tags } = req.body
  const task = await prisma.task.update({
    where: { id: req.params.id, userId: res.locals.userId },
    data: {
      title,
      description,
      status,
      priority,
      dueDate,
      tags,
      completedAt: status && (status === 'COMPLETED' ? new Date() : null),
      version: { increment: 1 },
    },
  })
  res.json(task)
})

tasks.patch('/:id/complete', async (req, res) => {
  const where = { id: req.params.id, userId: res.locals.userId }
  const { status } = await prisma.task.findUniqueOrThrow({ where, select: { status: true } })
  const task = await prisma.task.update({
    where,
    data: {
      ...(status === 'COMPLETED' ? { status: 'TODO', completedAt: null } : { status: 'COMPLETED', completedAt: new Date() }),
      version: { increment: 1 },
    },
  })
  res.json(task)
})
