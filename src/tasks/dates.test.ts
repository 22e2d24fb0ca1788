import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, mock, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { begun, movedOn, next } from './recurrence/series.ts'

/** Executes the tables of docs/dates.md. */

const TASKS = '/api/tasks'
const page = readFileSync(new URL('../../docs/dates.md', import.meta.url), 'utf8')

/** The rows of the first table below a heading. */
function tableOf(heading: string): readonly (readonly string[])[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? assert.fail(heading)
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

let world: World
let ada: User
before(async () => {
  world = await openWorld()
  ada = await world.signUp('Ada')
})
after(() => world[Symbol.asyncDispose]())

const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
  const answer = await world.ask(method, path, { token: ada.token, body })
  assert.ok(answer.status < 300, answer.text)
  return answer
}
const create = async (dueDate: string): Promise<string> => (await ask('POST', TASKS, { title: 'x', dueDate })).json.id

/** The ids of the tasks that a filter finds at a moment. */
async function found(due: string, zone: string, now: string): Promise<ReadonlySet<string>> {
  mock.timers.enable({ apis: ['Date'], now: Date.parse(now) })
  try {
    const { json } = await ask('GET', `${TASKS}?due=${due}&fields=id&timezone=${encodeURIComponent(zone)}`)
    return new Set(json.map(({ id }: { id: string }) => id))
  } finally {
    mock.timers.reset()
  }
}

suite('days begin and end where docs/dates.md says', () => {
  for (const [zone = '', day = '', begins = '', ends = ''] of tableOf('Where a day begins and ends')) {
    test(`${day} in ${zone}`, async () => {
      const { rows } = await world.asOwner((client) =>
        client.query<{ begins: number; ends: number }>(
          `select extract(epoch from todo_day_start($1::date, $2))::float8 * 1000 as begins,
             extract(epoch from todo_day_start($1::date + 1, $2))::float8 * 1000 as ends`,
          [day, zone],
        ),
      )
      const date = Temporal.PlainDate.from(day)
      const temporal = [date, date.add({ days: 1 })].map(
        (each) => each.toZonedDateTime({ timeZone: zone }).epochMilliseconds,
      )
      const wanted = [begins, ends].map((each) => Date.parse(each))
      assert.deepEqual([rows[0]?.begins, rows[0]?.ends], wanted, 'PostgreSQL')
      assert.deepEqual(temporal, wanted, 'Temporal')
    })
  }
})

suite('tasks are overdue when docs/dates.md says', () => {
  for (const [dueDate = '', zone = '', before = '', overdue = ''] of tableOf('The deadline')) {
    test(`${dueDate} in ${zone}`, async () => {
      const id = await create(dueDate)
      assert.equal((await found('overdue', zone, before)).has(id), false)
      assert.equal((await found('overdue', zone, overdue)).has(id), true)
    })
  }
})

suite('weeks have the days of docs/dates.md', () => {
  for (const [now = '', zone = '', monday = '', sunday = ''] of tableOf('Weeks')) {
    test(`at ${now} in ${zone}`, async () => {
      const shifted = (day: string, days: number): string => Temporal.PlainDate.from(day).add({ days }).toString()
      const days = [shifted(monday, -1), monday, sunday, shifted(sunday, 1)]
      const ids = await Promise.all(days.map(create))
      const week = await found('week', zone, now)
      assert.deepEqual(
        ids.map((id) => week.has(id)),
        [false, true, true, false],
      )
    })
  }
})

suite('recurring tasks move to the dates of docs/dates.md', () => {
  for (const [from = '', zone = '', rule = '', dates = ''] of tableOf('Recurrence')) {
    test(`${rule} from ${from} in ${zone}`, () => {
      let place = begun({ rule, basis: 'DUE' }, from, zone)
      const seen = dates.split(' ').map(() => {
        const following = next(place)
        if (following !== undefined) place = movedOn(place, following)
        return following?.dueDate ?? 'none'
      })
      assert.deepEqual(seen, dates.split(' '))
    })
  }

  test('all rows of the tables were read', () => {
    const sizes = ['Where a day begins and ends', 'The deadline', 'Weeks', 'Recurrence'].map(
      (each) => tableOf(each).length,
    )
    assert.deepEqual(sizes, [20, 10, 6, 24])
  })
})
