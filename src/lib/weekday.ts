/** In the order of ISO 8601, in which Monday is 1. */
export const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** @param dayOfWeek from 1 for Monday to 7 for Sunday, as Temporal counts; 0 is Sunday too, as `Date` counts */
export const weekdayOf = (dayOfWeek: number): Weekday => WEEKDAYS[(dayOfWeek + 6) % 7] ?? 'SUNDAY'
