import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, afterEach, before, suite, test } from 'node:test'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import type { Database } from '../db/database.ts'
import { openFernet, type Fernet } from '../lib/fernet.ts'
import { Secret } from '../lib/secret.ts'
import { rotate, verify, type Progress } from './rotation.ts'
import { PROVIDER_KEYS } from './sealed.ts'
import * as store from './store.ts'

const newKey = (): Secret => new Secret(`${randomBytes(32).toString('base64url')}=`)
const [OLD, CURRENT, LOST] = [newKey(), newKey(), newKey()]
const [old, lost] = [openFernet([OLD]), openFernet([LOST])]
/** The configuration during a rotation. */
const both = openFernet([CURRENT, OLD])
const PROVIDERS = ['anthropic', 'gemini', 'openai'] as const

suite('rotation', () => {
  let served: ServedDatabase
  const users: TestUser[] = []
  before(async () => {
    served = await openServedDatabase()
    for (let count = 0; count < 5; count++) users.push(await served.addUser(`user ${count}, "quoted" \\ ünïcode`))
  })
  after(() => served[Symbol.asyncDispose]())
  afterEach(() => served.asOwner((client) => client.query('delete from user_api_keys')))

  const seal = (fernet: Fernet, text: string) => ({
    encryptedKey: fernet.encrypt(Buffer.from(text)),
    maskedKey: 'x...x',
  })
  const put = (user: TestUser, provider: (typeof PROVIDERS)[number], fernet: Fernet, text: string) =>
    served.db.asUser(user.principal, (sql) => store.put(sql, provider, seal(fernet, text)))
  const textOf = (user: TestUser, provider: string): string => `key of ${user.id} at ${provider}`
  /** Three keys of each of five users. */
  const fill = async (fernet: Fernet): Promise<void> => {
    for (const user of users)
      for (const provider of PROVIDERS) await put(user, provider, fernet, textOf(user, provider))
  }
  const stored = () =>
    served.asOwner(async (client) => {
      const { rows } = await client.query<{ user_id: string; provider: string; encrypted_key: string }>(
        'select * from user_api_keys order by user_id, provider',
      )
      return rows
    })
  /** Asserts that each row has the plaintext that was stored, and that only `current` decrypts it. */
  const assertRotated = async (): Promise<void> => {
    const current = openFernet([CURRENT])
    for (const row of await stored()) {
      const user = users.find(({ id }) => id === row.user_id)
      assert.ok(user)
      assert.equal(current.decrypt(row.encrypted_key)?.plaintext.toString(), textOf(user, row.provider))
    }
  }
  const options = (more: Partial<Parameters<typeof rotate>[0]> = {}) => ({
    db: served.db,
    fernet: both,
    keys: 2,
    columns: [PROVIDER_KEYS],
    batchRows: 4,
    ...more,
  })
  const counts = ({ seen, rotated, openedBy, unreadable }: Progress) => ({ seen, rotated, openedBy, unreadable })

  test('encrypts every row under the first key, in batches, and reports its progress', async () => {
    await fill(old)
    const reported: unknown[] = []
    const outcome = await rotate(options({ onProgress: ({ seen, rotated }) => reported.push([seen, rotated]) }))
    assert.deepEqual(counts(outcome), { seen: 15, rotated: 15, openedBy: [15, 0], unreadable: 0 })
    assert.deepEqual(
      reported,
      [4, 8, 12, 15].map((rows) => [rows, rows]),
    )
    await assertRotated()
  })

  test('changes only the ciphertext, and keeps the time at which a key was encrypted', async () => {
    await fill(old)
    const before = await stored()
    await rotate(options())
    const after = await stored()
    const shown = (rows: typeof before) => rows.map((row) => ({ ...row, encrypted_key: undefined }))
    assert.deepEqual(shown(after), shown(before))
    const times = (rows: typeof before) => rows.map((row) => both.decrypt(row.encrypted_key)?.timestampS)
    assert.deepEqual(times(after), times(before))
  })

  test('a second time changes nothing', async () => {
    await fill(old)
    await rotate(options())
    const before = await stored()
    assert.deepEqual(counts(await rotate(options())), { seen: 15, rotated: 0, openedBy: [15, 0], unreadable: 0 })
    assert.deepEqual(await stored(), before)
  })

  test('that was interrupted after any batch is finished by the next', async () => {
    for (let batches = 0; batches < 4; batches++) {
      await fill(old)
      let left = batches
      const breaking: Pick<Database, 'asSystem'> = {
        asSystem: async (reason, work) => {
          if (left-- === 0) throw new Error('killed')
          return served.db.asSystem(reason, work)
        },
      }
      await assert.rejects(rotate(options({ db: breaking })), /killed/)
      assert.deepEqual((await verify(options())).openedBy, [batches * 4, 15 - batches * 4])
      assert.equal((await rotate(options())).rotated, 15 - batches * 4)
      await assertRotated()
    }
  })

  test('does not change rows that no key opens, names them, and continues', async () => {
    await fill(old)
    const [user] = users
    assert.ok(user)
    await put(user, 'gemini', lost, 'lost')
    const unreadable = async () => (await stored()).find((row) => lost.decrypt(row.encrypted_key) !== undefined)
    const before = await unreadable()
    const outcome = await rotate(options())
    assert.deepEqual(counts(outcome), { seen: 15, rotated: 14, openedBy: [14, 0], unreadable: 1 })
    assert.deepEqual(outcome.unreadableRows, [{ userId: user.id, name: 'gemini' }])
    assert.deepEqual(await unreadable(), before)
  })

  test('can be checked with verify, which changes nothing', async () => {
    await fill(old)
    const [user] = users
    assert.ok(user)
    await put(user, 'openai', both, 'new')
    await put(user, 'gemini', lost, 'lost')
    const before = await stored()
    assert.deepEqual(counts(await verify(options())), { seen: 15, rotated: 0, openedBy: [1, 13], unreadable: 1 })
    assert.deepEqual(await stored(), before)
  })

  test('of an empty table ends at once', async () => {
    assert.deepEqual(counts(await rotate(options())), { seen: 0, rotated: 0, openedBy: [0, 0], unreadable: 0 })
  })

  test('runs several times at once and while users store keys without losing a key', async () => {
    for (let round = 0; round < 5; round++) {
      await fill(old)
      const busy = users.slice(0, 3)
      const latest = new Map<string, string>()
      const putting = busy.map(async (user) => {
        for (let count = 0; count < 6; count++) {
          const text = `put ${round}.${count} by ${user.id}`
          // A process that has not been restarted yet still encrypts under the old key.
          await put(user, 'gemini', count % 2 === 0 ? old : both, text)
          latest.set(user.id, text)
        }
      })
      await Promise.all([...putting, rotate(options()), rotate(options())])
      await rotate(options())
      for (const row of await stored()) {
        const user = users.find(({ id }) => id === row.user_id)
        assert.ok(user)
        const wanted = row.provider === 'gemini' ? latest.get(user.id) : undefined
        const opened = both.decrypt(row.encrypted_key)
        assert.equal(opened?.plaintext.toString(), wanted ?? textOf(user, row.provider))
        assert.equal(opened.key, 0)
      }
    }
  })
})
