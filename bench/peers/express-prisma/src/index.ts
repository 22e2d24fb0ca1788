import express, { type ErrorRequestHandler } from 'express'
import { Prisma } from '../generated/prisma/client.ts'
import { authenticate } from './auth.ts'
import { tasks } from './tasks.ts'

const app = express()

const notFound: ErrorRequestHandler = (error, _req, res, next) => {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2025')) return next(error)
  res.status(404).json({ error: 'Task not found' })
}

app.use(express.json())
app.get('/health', (_req, res) => {
  res.json({ status: 'healthy' })
})
app.use('/api/tasks', authenticate, tasks)
app.use(notFound)

app.listen(Number(process.env.PORT), process.env.HOST!)
