import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { authenticate } from './auth.ts'
import { taskRoutes } from './tasks.ts'

const app = new Hono()

app.get('/health', (c) => c.json({ status: 'healthy' }))
app.use('/api/*', authenticate)
app.route('/api/tasks', taskRoutes)

serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: process.env.HOST })
