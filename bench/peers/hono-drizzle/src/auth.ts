import { createHmac } from 'node:crypto'
import { bearerAuth } from 'hono/bearer-auth'
import { findSession } from './db.ts'

declare module 'hono' {
  interface ContextVariableMap {
    userId: string
  }
}

const secret = process.env.SESSION_HASH_SECRET!

export const authenticate = bearerAuth({
  verifyToken: async (token, c) => {
    const hash = createHmac('sha256', secret).update(token).digest('hex')
    const [session] = await findSession.execute({ token: hash })
    if (session) c.set('userId', session.userId)
    return session !== undefined
  },
})
