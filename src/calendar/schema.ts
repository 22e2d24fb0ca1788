import { Type, type Static } from 'typebox'
import { Instant, Nullable, OneOf } from '../http/wire.ts'

export const CalendarAddress = Type.Object(
  {
    url: Nullable(
      Type.String({
        maxLength: 2048,
        description:
          'The address, in this answer only, because the service does not store it. null in the answer to a dry run, and to a repetition with the same Idempotency-Key: if the first answer was lost, make another address',
      }),
    ),
    createdAt: Instant,
  },
  {
    $id: 'CalendarAddress',
    examples: [
      {
        url: 'https://todo.example.com/api/calendar/todo_cal_5Jx2hWkq8RzT0mYcNvB4LpGd7sFaEu29rS1E.ics',
        createdAt: '2025-12-20T09:30:00.250Z',
      },
    ],
  },
)
export type CalendarAddress = Static<typeof CalendarAddress>

export const FeedPath = Type.Object({ feed: Type.String({ maxLength: 100 }) }, { additionalProperties: false })

export const FeedQuery = Type.Object(
  { as: Type.Optional(OneOf(['todos', 'events'], { description: 'todos by default' })) },
  { additionalProperties: false },
)
