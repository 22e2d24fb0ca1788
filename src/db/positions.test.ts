import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { servicePrincipal, sessionPrincipal } from '../principal.ts'

let served: ServedDatabase
let ada: TestUser
let ben: TestUser

before(async () => {
  // One connection: what a scope leaves on it would affect the next one.
  served = await openServedDatabase({ DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0' })
  ada = await served.addUser()
  ben = await served.addUser()
})
after(() => served[Symbol.asyncDispose]())

const insert = { name: '', text: `insert into tasks (id, title) values (gen_random_uuid(), 'x') returning id` }
const create = ({ principal }: TestUser) => served.db.asUser(principal, (sql) => sql.rows(insert))

suite('the positions of many logs', () => {
  test('come in the order of the principals, each of the log of its own user, and undefined where none is proven', async () => {
    for (let n = 0; n < 3; n++) await create(ada)
    await create(ben)
    const positions = await served.db.positionsOf([
      ben.principal,
      sessionPrincipal(['unknown']),
      ada.principal,
      servicePrincipal('test', 'unknown'),
      servicePrincipal('test', ada.id),
    ])
    assert.deepEqual(
      positions.map((position) => position?.seq),
      [1, undefined, 3, undefined, 3],
    )
    assert.equal(positions[2]?.changeId, positions[4]?.changeId)
    assert.deepEqual(await served.db.positionsOf([]), [])
  })

  test('leave no user on the connection', async () => {
    await served.db.positionsOf([ada.principal])
    const { rows } = await served.db.pool.query('select id from tasks')
    assert.deepEqual(rows, [])
  })
})

suite('a commit', () => {
  test('is announced if it has changed rows of its user, and not if it has only read, or was rolled back', async () => {
    const changed: string[] = []
    served.db.onChange((userId) => void changed.push(userId))
    await create(ada)
    await served.db.asUser(ben.principal, (sql) => sql.rows({ name: '', text: 'select id from tasks for update' }))
    await assert.rejects(
      served.db.asUser(ben.principal, async (sql) => {
        await sql.rows(insert)
        throw new Error('no')
      }),
    )
    assert.deepEqual(changed, [ada.id])
  })
})
