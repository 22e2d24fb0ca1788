import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { openServedDatabase } from '../../test/databases.ts'
import { FEATURES } from '../features.ts'
import { openFernet } from '../lib/fernet.ts'
import { Secret } from '../lib/secret.ts'
import { rotate, verify } from './rotation.ts'
import { newSecret, openedSecret, sealedSecret } from '../webhooks/secrets.ts'
import * as store from '../webhooks/store.ts'

test('a change of encryption keys re-encrypts the secrets of webhooks, both of one whose secret was replaced', async () => {
  await using served = await openServedDatabase()
  const user = await served.addUser()
  const [old, current] = [0, 1].map(() => new Secret(`${randomBytes(32).toString('base64url')}=`)) as [Secret, Secret]
  const [first, second] = [newSecret(), newSecret()]
  const seal = (secret: Secret): string => sealedSecret(openFernet([old]), secret)
  await served.db.asUser(user.principal, async (sql) => {
    const { id } = await store.create(sql, { url: 'https://example.com/', events: ['task.created'] }, seal(first))
    await store.create(sql, { url: 'https://example.com/', events: ['task.created'] }, seal(first))
    await store.rotateSecret(sql, id, seal(second), { versions: null, check: () => undefined })
  })
  const columns = FEATURES.flatMap(({ sealed = [] }) => sealed)
  const options = { db: served.db, fernet: openFernet([current, old]), keys: 2, columns, batchRows: 1 }
  assert.equal((await rotate(options)).rotated, 3)
  assert.deepEqual((await verify(options)).openedBy, [3, 0])
  const { rows } = await served.asOwner((client) =>
    client.query<{ sealed_secret: string; previous_secret: string }>(
      'select * from webhooks where previous_secret is not null',
    ),
  )
  const opened = Object.values([rows[0]?.sealed_secret, rows[0]?.previous_secret]).map((sealed) =>
    openedSecret(openFernet([current]), String(sealed))?.reveal(),
  )
  assert.deepEqual(opened, [second.reveal(), first.reveal()])
  const unreadable = await verify({
    ...options,
    fernet: openFernet([new Secret(`${randomBytes(32).toString('base64url')}=`)]),
    keys: 1,
  })
  assert.match(unreadable.unreadableRows[0]?.name ?? '', /^webhook [0-9a-f-]{36}$/)
})
