import { createHmac } from 'node:crypto'
import type { RequestHandler } from 'express'
import { prisma } from './prisma.ts'

const secret = process.env.SESSION_HASH_SECRET!

export const authenticate: RequestHandler = async (req, res, next) => {
  const [scheme, token] = req.headers.authorization?.split(' ') ?? []
  if (scheme !== 'Bearer' || !token) return void res.status(401).json({ error: 'Unauthorized' })

  const hash = createHmac('sha256', secret).update(token).digest('hex')
  const session = await prisma.session.findUnique({
    where: { token: hash, expiresAt: { gt: new Date() } },
    select: { userId: true },
  })
  if (!session) return void res.status(401).json({ error: 'Unauthorized' })

  res.locals.userId = session.userId
  next()
}
