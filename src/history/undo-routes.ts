import type { FastifyReply } from 'fastify'
import type { Database } from '../db/database.ts'
import type { App } from '../http/app.ts'
import { signedIn } from '../http/identify.ts'
import { loggedHeaders } from '../http/logged.ts'
import { once } from '../http/once.ts'
import { JSON_UTF8 } from '../http/wire.ts'
import * as operations from './operations.ts'
import { filterOfUndo } from './query.ts'
import { UNDONE_MAX, UndoOfTime, UndoTime } from './schema.ts'
import { undoAll, undoOne, type Undone } from './undo.ts'

/** A change has few parts, as a rule; a batch has up to 100. The changes of a time may be as many as an undo takes. */
const OF_ONE = { rows: () => 100 }
const OF_TIME = { rows: () => UNDONE_MAX }

/** The routes that take changes back. */
export function undoRoutes(app: App, { db }: { db: Database }): void {
  app.addSchema(UndoTime)
  app.addSchema(UndoOfTime)

  app.post('/api/history/:id/undo', { config: OF_ONE, schema: operations.undoChange }, async (request, reply) => {
    const undone = await db.asUser(signedIn(request), (sql) => undoOne(sql, request.params.id), {
      once: once(request, reply),
    })
    return reply.headers(headersOf(undone, reply)).send(undone.entry)
  })

  app.post('/api/history/undo', { config: OF_TIME, schema: operations.undoChanges }, async (request, reply) => {
    const { skipConflicts = false, ...time } = request.body
    const filter = filterOfUndo(time)
    const undone = await db.asUser(signedIn(request), (sql) => undoAll(sql, filter, skipConflicts), {
      once: once(request, reply),
    })
    return reply.headers(headersOf(undone, reply)).send(undone.entry)
  })
}

/** Sets the status too. */
function headersOf(undone: Undone, reply: FastifyReply): Readonly<Record<string, string>> {
  void reply.code(undone.entry === null ? 204 : 200)
  return { ...loggedHeaders(undone), ...(undone.entry !== null && { 'content-type': JSON_UTF8 }) }
}
