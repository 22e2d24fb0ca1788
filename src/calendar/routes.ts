import { Problem } from '../errors.ts'
import type { FeatureDeps } from '../feature.ts'
import { tooManyRequests } from '../http/admission.ts'
import type { App } from '../http/app.ts'
import { isDryRun } from '../http/dry-run.ts'
import { signedIn } from '../http/identify.ts'
import { conditionOf, openAnswerHash } from '../http/list-condition.ts'
import { once } from '../http/once.ts'
import { isIntactToken, newToken, openHashing } from '../http/opaque-token.ts'
import { formatInstant } from '../lib/instant.ts'
import { servicePrincipal } from '../principal.ts'
import { calendarOf } from './calendar.ts'
import * as operations from './operations.ts'
import { CalendarAddress } from './schema.ts'
import * as store from './store.ts'

const ADDRESS = '/api/calendar'
const FEED = `${ADDRESS}/:feed`
const SUFFIX = '.ics'
const PREFIX = 'todo_cal_'
/** Separates the keys of the HMAC. */
const PURPOSE = 'todo-backend calendar v1'
const DAY_MS = 86_400_000

/** Several devices that look every few minutes. In addition to the limit of the client's address. */
const READS: { readonly name: string; readonly limit: number; readonly windowSeconds: number } = {
  name: 'calendar',
  limit: 60,
  windowSeconds: 600,
}

/** The address of the calendar. Only sessions reach these routes: who has the address reads all tasks. */
export function calendarRoutes(app: App, { db, config }: FeatureDeps): void {
  app.addSchema(CalendarAddress)
  const hashing = openHashing(config.encryptionKeys, PURPOSE)

  app.post(ADDRESS, { schema: operations.createCalendar }, async (request, reply) => {
    const token = newToken(PREFIX)
    const repeatable = once(request, reply)
    let isReplayed = false
    // The result, which is stored under the Idempotency-Key, is without the address.
    const made = await db.asUser(signedIn(request), (sql) => store.put(sql, hashing(token)[0]), {
      once: repeatable && {
        ...repeatable,
        onReplay: () => {
          isReplayed = true
          repeatable.onReplay()
        },
      },
    })
    const url = isReplayed || isDryRun(request) ? null : app.links.to(`${ADDRESS}/${token}${SUFFIX}`)
    return reply.code(201).send({ url, ...made })
  })

  app.delete(ADDRESS, { schema: operations.deleteCalendar }, async (request, reply) => {
    await db.asUser(signedIn(request), store.remove, { once: once(request, reply) })
    return reply.code(204).send(null)
  })
}

/** The calendar itself, whose address is the credential. Logs, traces and metrics have the route, never the path of a request. */
export function feedRoutes(app: App, { db, config, cursors, limits }: FeatureDeps): void {
  const hashing = openHashing(config.encryptionKeys, PURPOSE)
  const hashOf = openAnswerHash(cursors)

  app.get(
    FEED,
    {
      config: { rows: () => 2 * store.OPEN_TASKS_MAX },
      schema: operations.readCalendar,
    },
    async (request, reply) => {
      const { feed } = request.params
      const token = feed.endsWith(SUFFIX) ? feed.slice(0, -SUFFIX.length) : ''
      // The checksum refuses what was never an address without a query.
      if (!isIntactToken(token, PREFIX)) throw unknownAddress()
      const hashes = hashing(token)
      const verdict = await limits.take(READS, hashes[0])
      if (!verdict.allowed) throw tooManyRequests(verdict, 'reads of this calendar')
      const userId = await db.asSystem('find the user of a calendar', (sql) => store.userOf(sql, hashes))
      if (userId === null) throw unknownAddress()
      const { as = 'todos' } = request.query
      const principal = {
        ...servicePrincipal('calendar', userId),
        origin: { requestId: request.id, operation: 'readCalendar' },
      }
      const nowMs = Date.now()
      const condition = conditionOf(request, hashOf(FEED, [as]))
      const found = await db.asUser(principal, store.read(hashes, completedSince(nowMs), condition))
      if (!found.isAlive) throw unknownAddress()
      void reply.header('etag', found.etag)
      if (found.isKnown) return reply.code(304).send()
      return reply
        .type('text/calendar; charset=utf-8')
        .header('content-disposition', 'inline; filename="tasks.ics"')
        .send(calendarOf(found.tasks, as === 'events' ? 'VEVENT' : 'VTODO', found.zone, nowMs))
    },
  )
}

/** The beginning of a day in UTC, so that the calendar changes once a day at most without a change of the tasks. */
const completedSince = (nowMs: number): string =>
  formatInstant(Math.floor(nowMs / DAY_MS) * DAY_MS - store.COMPLETED_DAYS_MAX * DAY_MS)

/** The same for an address that never existed and one that has ended. */
const unknownAddress = (): Problem => new Problem('not_found', 'There is no calendar at this address')
