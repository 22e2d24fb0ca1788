import { spawnSync } from 'node:child_process'

/** The same dates by python3-dateutil and zoneinfo, which share no code with this service or with Node. */

export interface DateCase {
  readonly rule: string
  /** On the clock of the zone, `2026-01-31T09:00:00`. */
  readonly start: string
  readonly zone: string
}

/** Dates until this many years after the start are compared, because dateutil looks for impossible dates up to the year 9999. */
const YEARS = 30
export const DATES = 6

const PROGRAM = `
import json, sys
from datetime import datetime, timezone
from itertools import islice, takewhile
from zoneinfo import ZoneInfo
from dateutil.rrule import rrulestr

def dates(case):
    start = datetime.fromisoformat(case["start"])
    rule = rrulestr(case["rule"], dtstart=start)
    # Later than the last one that is compared, in every zone.
    rule = rule.replace(until=start.replace(day=3, year=start.year + ${YEARS}))
    zone = ZoneInfo(case["zone"])
    # fold=0: the first of two equal times; a time that is skipped keeps the offset of before.
    instants = (each.replace(tzinfo=zone).astimezone(timezone.utc) for each in rule if each > start)
    texts = (each.strftime("%Y-%m-%dT%H:%M:%SZ") for each in instants)
    return islice(takewhile(lambda text: text <= case["last"], texts), ${DATES})

json.dump([list(dates(case)) for case in json.load(sys.stdin)], sys.stdout)
`

/** The next dates of each case after its start, in UTC; undefined where Python has no dateutil. */
export function byDateutil(cases: readonly DateCase[]): readonly (readonly string[])[] | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', PROGRAM], {
    input: JSON.stringify(cases.map((each) => ({ ...each, last: horizon(each.start) }))),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  // The program has written this.
  return status === 0 ? (JSON.parse(stdout) as string[][]) : undefined
}

/** The last date that is compared. */
export const horizon = (start: string): string => `${Number(start.slice(0, 4)) + YEARS}${start.slice(4, 8)}01T00:00:00Z`
