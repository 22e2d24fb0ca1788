import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { watchStatements, type Sent } from '../../test/plans.ts'
import { reading } from './step.ts'

const COUNT = { name: 'test.count', text: 'select count(*) as tasks from tasks where user_id = $user and title <> $1' }
const count = reading(COUNT, ['x'], (row: { tasks: number } | undefined) => row?.tasks)

describe('a statement that compares user_id with $user', () => {
  let served: ServedDatabase
  let ada: TestUser
  let take: () => readonly Sent[]
  before(async () => {
    served = await openServedDatabase({ DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0' })
    ;[ada] = [await served.addUser(), await served.addUser()]
    take = watchStatements(served.db.pool)
  })
  after(() => served[Symbol.asyncDispose]())

  const sentCount = (): readonly Sent[] => take().filter(({ text }) => text.includes('from tasks'))

  test('is given the user as its last parameter in a transaction, as a step of one also', async () => {
    const tasks = await served.db.asUser(ada.principal, async (sql) => [
      (await sql.row<{ tasks: number }>(COUNT, ['x']))?.tasks,
      await sql.run(count),
    ])
    assert.deepEqual(tasks, [0, 0])
    const text = 'select count(*) as tasks from tasks where user_id = $2 and title <> $1'
    assert.deepEqual(
      sentCount().map((sent) => [sent.text, sent.values]),
      [
        [text, ['x', ada.id]],
        [text, ['x', ada.id]],
      ],
    )
  })

  test('is left to the policies when it is sent with the proof of its user', async () => {
    assert.equal(await served.db.asUser(ada.principal, count), 0)
    const [sent] = sentCount()
    assert.match(sent?.text ?? '', /from tasks where true and title <> \$1\)/)
    assert.ok(!sent?.values.includes(ada.id))
  })
})
