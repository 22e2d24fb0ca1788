import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../../test/faults/measures.ts'
import { openWorld, type World } from '../../test/world.ts'
import { openPlanner, SEND_REMINDERS } from './planner.ts'

const OF_JOB = `where name = '${SEND_REMINDERS}' and key = 'periodic'`

let world: World

before(async () => (world = await openWorld()))
after(() => world[Symbol.asyncDispose]())

/** The instants of a query, in milliseconds. */
const instants = (query: string): Promise<number[]> =>
  world.asOwner(async (client) => {
    const { rows } = await client.query<{ ms: number }>(
      `select extract(epoch from at)::float8 * 1000 as ms from (${query}) found (at)`,
    )
    return rows.map(({ ms }) => ms)
  })

for (const [name, failures] of [
  ['the next reminder is planned as soon as the job exists, also if it was looked for before', 0],
  ['the next reminder is looked for again after an error of the database', 1],
] as const) {
  test(name, { timeout: 120_000 }, async () => {
    const { db, log, jobs } = world.deps
    const { token } = await world.signUp()
    const at = new Date(Date.now() + 5 * 60_000).toISOString()
    const task = await world.ask('POST', '/api/tasks', { token, body: { title: 'Call', reminders: [{ at }] } })
    assert.equal(task.status, 201, task.text)

    let looks = 0
    const asSystem: typeof db.asSystem = async (...call) => {
      looks += 1
      if (looks <= failures) throw new Error('the database is busy')
      return await db.asSystem(...call)
    }
    await using _planner = openPlanner({ db: { ...db, asSystem }, jobs, log })
    await until('it was looked for', () => looks > 0)
    await world.asOwner(async (client) => {
      await client.query(
        `insert into jobs (name, key, run_at) values ('${SEND_REMINDERS}', 'periodic', now() + interval '1 hour')`,
      )
    })
    await until('the job is due with the reminder', async () => {
      const [due] = await instants('select min(due_at) from reminders')
      return (await instants(`select run_at from jobs ${OF_JOB}`))[0] === due
    })
    await world.asOwner((client) => client.query(`delete from jobs ${OF_JOB}`))
  })
}
