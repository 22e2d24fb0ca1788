import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isTimeZone, timeZoneNamed } from './time-zone.ts'

suite('a time zone', () => {
  test('must be an IANA name that Node knows, and no offset or rule', () => {
    for (const name of ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Asia/Kathmandu', 'Etc/GMT+5']) {
      assert.ok(isTimeZone(name), name)
    }
    for (const name of [
      '',
      'Mars/Olympus',
      '+02:00',
      '-0500',
      'UTC+1',
      'Europe/Berlin ',
      'Europe',
      'EST5EDT,M3.2.0',
      '\0',
    ]) {
      assert.ok(!isTimeZone(name), name)
    }
  })

  test('has the case of the IANA database, and a link keeps its name', () => {
    for (const [name, known] of [
      ['europe/berlin', 'Europe/Berlin'],
      ['EUROPE/KIEV', 'Europe/Kiev'],
      ['utc', 'UTC'],
    ] as const) {
      assert.equal(timeZoneNamed(name), known)
    }
  })
})
