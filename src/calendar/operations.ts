import { Type } from 'typebox'
import { SESSION_ONLY as security } from '../http/access.ts'
import { IdempotentHeaders, ONCE_REFUSALS, REPLAYED, refusals, RefTo } from '../http/wire.ts'
import { FeedPath, FeedQuery, type CalendarAddress } from './schema.ts'

/** The operations on the address of the calendar, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['calendar']

export const createCalendar = {
  operationId: 'createCalendar',
  summary: 'Make the address of your calendar',
  description:
    'An address under which calendar programs read your tasks as iCalendar, without a credential: every program that has it can read them. It replaces the previous one, which ends. The calendar has to-dos; with `?as=events` it has events, for programs that show no to-dos.',
  tags,
  security,
  headers: IdempotentHeaders,
  response: {
    201: RefTo<CalendarAddress>('CalendarAddress', { description: 'Made', headers: REPLAYED }),
    ...refusals('unauthenticated', 'forbidden', 'invalid_input', 'outcome_unknown', ...ONCE_REFUSALS),
  },
}

export const deleteCalendar = {
  operationId: 'deleteCalendar',
  summary: 'End the address of your calendar',
  description: 'From the next request on it is 404. Programs keep what they have read.',
  tags,
  security,
  headers: IdempotentHeaders,
  response: {
    204: Type.Null({ description: 'Ended', headers: REPLAYED }),
    ...refusals('unauthenticated', 'forbidden', 'not_found', 'invalid_input', 'outcome_unknown', ...ONCE_REFUSALS),
  },
}

/** Not in the OpenAPI document, because it is for calendar programs and takes no credential. */
export const readCalendar = { hide: true, params: FeedPath, querystring: FeedQuery }
