import { isDay } from '../../lib/instant.ts'
import { weekdayOf } from '../../lib/weekday.ts'
import type { Members } from '../protocol.ts'
import { offsetAt } from './offsets.ts'

/** The time of a call, and how its answers write times: language models count weekdays and offsets wrongly. */
export interface Clock {
  /** `now`, for each result: the weekday, the time and the zone. */
  readonly members: Members
  /**
   * The time as it is in the zone, without a fraction of a second, with the weekday; undefined if the text is neither an instant nor a day.
   *
   * @returns such as 2026-11-30T18:00:00+01:00 and MONDAY
   */
  local(this: void, text: string): LocalTime | undefined
}

interface LocalTime {
  readonly time: string
  readonly weekday: string
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/

/** @param zone an IANA time zone */
export function openClock(zone: string, nowMs: number): Clock {
  const at = (epochMs: number): LocalTime => {
    const { offsetMs, text } = offsetAt(zone, epochMs)
    // The local time as if it were UTC.
    const local = new Date(epochMs + offsetMs)
    return {
      time: local.toISOString().slice(0, '2026-11-30T18:00:00'.length) + text,
      weekday: weekdayOf(local.getUTCDay()),
    }
  }
  const { time, weekday } = at(nowMs)
  return {
    members: { now: `${weekday} ${time} ${zone}` },
    local(text) {
      if (INSTANT.test(text)) return at(Date.parse(text))
      return isDay(text) ? { time: text, weekday: weekdayOf(new Date(text).getUTCDay()) } : undefined
    },
  }
}
