import { parseInstant } from '../../lib/instant.ts'
import { dayNumber } from './calendar.ts'

/**
 * The recurrence rules that the service accepts: a part of RFC 5545's RRULE, in which the shortest period is a day. A part that is not
 * understood is refused, because a rule that is half understood gives wrong dates.
 */

export const RULE_LENGTH_MAX = 500
const INTERVAL_MAX = 999
const COUNT_MAX = 1000

export const FREQUENCIES = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const
export type Frequency = (typeof FREQUENCIES)[number]

/** In the order of their numbers. */
export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']

export interface WeekdayPart {
  /** 0 is Monday. */
  readonly weekday: number
  /** The second, the last but one (-2) …, of the month or the year; 0 for each. */
  readonly nth: number
}

/** The last moment at which a date can be. */
export type Until =
  | { readonly kind: 'day'; readonly day: number }
  /** A time on the clock of the task's zone. */
  | { readonly kind: 'wall'; readonly day: number; readonly timeMs: number }
  | { readonly kind: 'instant'; readonly epochMs: number }

export interface Rule {
  readonly freq: Frequency
  readonly interval: number
  /** These four are ascending and without duplicates; empty if the rule does not have the part. */
  readonly byMonth: readonly number[]
  readonly byMonthDay: readonly number[]
  readonly byDay: readonly WeekdayPart[]
  readonly bySetPos: readonly number[]
  readonly count: number | undefined
  readonly until: Until | undefined
}

/** Why a rule is refused: a sentence for the client, without what it submitted. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
}

const NAMES = ['FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'BYMONTH', 'BYSETPOS', 'COUNT', 'UNTIL'] as const
type Name = (typeof NAMES)[number]
/** Parts of RFC 5545 that are refused by name. */
const OTHER_NAMES = ['BYSECOND', 'BYMINUTE', 'BYHOUR', 'BYYEARDAY', 'BYWEEKNO', 'WKST'] as const
const isName = (name: string): name is Name => (NAMES as readonly string[]).includes(name)

/** @throws RuleError */
export function parseRule(text: string): Rule {
  const parts = partsOf(text)
  const freq = frequency(parts.get('FREQ'))
  const rule: Rule = {
    freq,
    interval: optional(parts.get('INTERVAL'), (value) => integer('INTERVAL', value, 1, INTERVAL_MAX)) ?? 1,
    byMonth: integers('BYMONTH', parts.get('BYMONTH'), 1, 12),
    byMonthDay: integers('BYMONTHDAY', parts.get('BYMONTHDAY'), -31, 31),
    byDay: weekdays(parts.get('BYDAY'), nthMax(freq, parts.has('BYMONTH'))),
    bySetPos: integers('BYSETPOS', parts.get('BYSETPOS'), -SET_MAX[freq], SET_MAX[freq]),
    count: optional(parts.get('COUNT'), (value) => integer('COUNT', value, 1, COUNT_MAX)),
    until: optional(parts.get('UNTIL'), untilOf),
  }
  refuseContradictions(rule)
  return rule
}

/** The most days that a period can have. */
const SET_MAX: Readonly<Record<Frequency, number>> = { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 }

function partsOf(text: string): Map<Name, string> {
  if (text.length > RULE_LENGTH_MAX) throw new RuleError(`must be at most ${RULE_LENGTH_MAX} characters`)
  if (/^RRULE:/i.test(text)) throw new RuleError('must be the value of an RRULE alone, without "RRULE:"')
  const parts = new Map<Name, string>()
  for (const part of text.toUpperCase().split(';')) {
    const [name = '', value, ...rest] = part.split('=')
    if (!isName(name)) throw unknownPart(name)
    if (value === undefined || value === '') throw new RuleError(`has ${article(name)} ${name} without a value`)
    if (rest.length > 0) throw unknownPart(value)
    if (parts.has(name)) throw new RuleError(`must not have ${name} twice`)
    parts.set(name, value)
  }
  return parts
}

/** @param name is repeated only if it is one of RFC 5545 */
function unknownPart(name: string): RuleError {
  const other = OTHER_NAMES.find((each) => each === name)
  const weeks = other === 'WKST' ? ': weeks begin on Monday' : ''
  return new RuleError(
    `${other === undefined ? '' : `must not have ${other}${weeks}. It `}must have the parts ${NAMES.join(', ')} alone, separated by semicolons`,
  )
}

const article = (name: Name): string => (/^[IU]/.test(name) ? 'an' : 'a')

const optional = <T>(value: string | undefined, parse: (value: string) => T): T | undefined =>
  value === undefined ? undefined : parse(value)

function frequency(value: string | undefined): Frequency {
  const freq = FREQUENCIES.find((each) => each === value)
  if (freq === undefined) throw new RuleError(`must have a FREQ of ${FREQUENCIES.join(', ')}`)
  return freq
}

function integer(name: Name, value: string, min: number, max: number): number {
  const number = /^[+-]?\d{1,4}$/.test(value) ? Number(value) : NaN
  if (number >= min && number <= max && number !== 0) return number
  throw new RuleError(`has ${article(name)} ${name} that is not ${rangeOf(min, max)}`)
}

function rangeOf(min: number, max: number): string {
  if (min > 0) return `a whole number from ${min} to ${max}`
  return max === 1 ? '1 or -1' : `a whole number from 1 to ${max} or ${min} to -1`
}

const integers = (name: Name, value: string | undefined, min: number, max: number): readonly number[] =>
  [
    ...new Set(
      (value ?? '').split(',').flatMap((each) => (value === undefined ? [] : [integer(name, each, min, max)])),
    ),
  ].toSorted((a, b) => a - b)

/** 0 where a BYDAY cannot be counted. */
function nthMax(freq: Frequency, hasMonths: boolean): number {
  if (freq === 'MONTHLY') return 5
  if (freq === 'YEARLY') return hasMonths ? 5 : 53
  return 0
}

function weekdays(value: string | undefined, nthMost: number): readonly WeekdayPart[] {
  const parts = (value?.split(',') ?? []).map((each) => {
    const [, nth = '', name = ''] = /^([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/.exec(each) ?? []
    if (name === '') throw new RuleError('has a BYDAY that is not MO, TU, WE, TH, FR, SA or SU')
    if (nth !== '' && nthMost === 0)
      throw new RuleError('can have a number before a BYDAY only if it is MONTHLY or YEARLY')
    if (nth !== '' && (Number(nth) === 0 || Math.abs(Number(nth)) > nthMost)) {
      throw new RuleError(`has a number before a BYDAY that is not from 1 to ${nthMost} or -${nthMost} to -1`)
    }
    return { weekday: WEEKDAYS.indexOf(name), nth: Number(nth) }
  })
  const distinct = new Map(parts.map((part) => [part.nth * 7 + part.weekday, part]))
  return [...distinct].toSorted(([a], [b]) => a - b).map(([, part]) => part)
}

function untilOf(value: string): Until {
  const [, year = '', month = '', day = '', time, hour, minute, second, zone] =
    /^(\d{4})(\d{2})(\d{2})(T(\d{2})(\d{2})(\d{2})(Z)?)?$/.exec(value) ?? []
  const epochMs = parseInstant(
    `${year}-${month}-${day}T${time === undefined ? '00:00:00' : `${hour}:${minute}:${second}`}Z`,
  )
  if (epochMs === undefined) {
    throw new RuleError('has an UNTIL that is not a date such as 20261231 or 20261231T235959Z')
  }
  if (zone !== undefined) return { kind: 'instant', epochMs }
  const date = dayNumber(Number(year), Number(month), Number(day))
  return time === undefined ? { kind: 'day', day: date } : { kind: 'wall', day: date, timeMs: epochMs - date * DAY_MS }
}

const DAY_MS = 86_400_000

function refuseContradictions({ freq, byMonth, byMonthDay, byDay, bySetPos, count, until }: Rule): void {
  if (count !== undefined && until !== undefined) throw new RuleError('must not have both COUNT and UNTIL')
  if (freq === 'WEEKLY' && byMonthDay.length > 0) throw new RuleError('must not have BYMONTHDAY if it is WEEKLY')
  const others = byMonth.length + byMonthDay.length + byDay.length
  if (bySetPos.length > 0 && others === 0) {
    throw new RuleError('must have BYDAY, BYMONTHDAY or BYMONTH if it has BYSETPOS')
  }
}
