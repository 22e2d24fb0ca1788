import { Type } from 'typebox'
import { scoped } from '../http/access.ts'
import { refusals, RefTo } from '../http/wire.ts'
import { EventHeaders, EventQuery } from './schema.ts'

/** The operation of event streams, as Fastify takes it and the OpenAPI document shows it. */
export const listenToEvents = {
  operationId: 'listenToEvents',
  summary: 'Get the changes of your tasks as they are made',
  description:
    'An event stream (HTML Living Standard, server-sent events). It begins with `ready`, gives each change as `change` within a second of its commit and each reminder that is due as `reminder`, and ends with `end`; `resync` says that changes are missing. Their data are ReadyEvent, Change, ReminderEvent, EndEvent and ResyncEvent. The `id` of an event is a cursor: a client that reconnects with it as Last-Event-ID misses nothing. A comment is sent every 15 seconds. The stream ends after an hour, when the service stops, and within 30 seconds after its session has ended. Counts as one read; a user can have 5 streams.',
  tags: ['sync'],
  security: scoped('tasks:read'),
  querystring: EventQuery,
  headers: EventHeaders,
  response: {
    200: {
      description: 'The stream. It stays open',
      content: {
        'text/event-stream': {
          schema: Type.String({ description: 'Events. The data of each is one line of JSON' }),
          // OpenAPI 3.1 describes a stream as one text. This says what the data of each event is.
          'x-events': {
            ready: RefTo('ReadyEvent'),
            change: RefTo('Change'),
            reminder: RefTo('ReminderEvent'),
            resync: RefTo('ResyncEvent'),
            end: RefTo('EndEvent'),
          },
        },
      },
    },
    ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input'),
  },
}
