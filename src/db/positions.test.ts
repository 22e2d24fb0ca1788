import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { servicePrincipal, sessionPrincipal } from '../principal.ts'
import { logPositionOf, positionNow } from './change-log.ts'

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

  test('are those that a scope reads, also of logs without entries: where the purge ended, or the origin of all logs', async () => {
    const [fresh, purged] = [await served.addUser(), await served.addUser()]
    await create(purged)
    const [before] = await served.db.positionsOf([purged.principal])
    await served.asOwner(async (client) => {
      await client.query(
        'alter table changes disable row level security; alter table change_logs disable row level security',
      )
      await client.query(
        `update change_logs set (purged_seq, purged_change_id) =
        (select seq, change_id from changes where changes.user_id = change_logs.user_id) where user_id = $1`,
        [purged.id],
      )
      await client.query('delete from changes where user_id = $1', [purged.id])
      await client.query(
        'alter table changes enable row level security; alter table change_logs enable row level security',
      )
    })
    const all = [fresh, purged, ada].map(({ principal }) => principal)
    const positions = await served.db.positionsOf(all)
    const read = all.map(async (each) => logPositionOf(await served.db.asUser(each, positionNow)))
    assert.deepEqual(await Promise.all(read), positions)
    assert.equal(positions[0]?.seq, 0)
    assert.deepEqual(positions[1], before)
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
