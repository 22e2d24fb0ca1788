import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { servicePrincipal, sessionPrincipal, type Principal } from '../principal.ts'
import { GUESSES_AT_ONCE, KnownUsers } from './known-users.ts'

const session = (token: string): Principal => sessionPrincipal([token])
const here = (): string => 'here'

/** The only valid tokens are those of `valid`, which belong to a user of the same name. */
function open(valid: Set<string>) {
  const clock = { nowMs: 0 }
  const asked: string[] = []
  const users = new KnownUsers(
    async (principal) => {
      const token = String(principal.proof)
      asked.push(token)
      return valid.has(token) ? token : undefined
    },
    () => clock.nowMs,
  )
  const guess = (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, (_, at) => users.userOf(session(`guess ${asked.length} ${at}`), here)))
  return { users, asked, clock, guess }
}

suite('known users', () => {
  test('a user is looked up once a minute, and only once for concurrent requests', async () => {
    const { users, asked, clock } = open(new Set(['ada']))
    const ask = (): Promise<string | undefined> => users.userOf(session('ada'), here)
    assert.deepEqual(await Promise.all([ask(), ask(), ask()]), ['ada', 'ada', 'ada'])
    clock.nowMs = 59_999
    assert.equal(await ask(), 'ada')
    assert.equal(asked.length, 1)
    clock.nowMs = 60_000
    assert.equal(await ask(), 'ada')
    assert.equal(asked.length, 2)
  })

  test('the look-ups of an address without a valid credential are bounded, and the allowance refills with time', async () => {
    const { users, asked, clock, guess } = open(new Set(['ada']))
    await guess(GUESSES_AT_ONCE + 50)
    assert.equal(asked.length, GUESSES_AT_ONCE)
    assert.equal(await users.userOf(session('ada'), here), undefined)
    assert.equal(await users.userOf(session('ada'), () => 'elsewhere'), 'ada')
    clock.nowMs += 1_000
    await guess(200)
    assert.equal(asked.length, GUESSES_AT_ONCE + 1 + 100)
  })

  test('look-ups of valid credentials do not count', async () => {
    const valid = new Set(Array.from({ length: 3 * GUESSES_AT_ONCE }, (_, at) => `user ${at}`))
    const { users, guess, asked } = open(valid)
    for (const user of valid) assert.equal(await users.userOf(session(user), here), user)
    await guess(GUESSES_AT_ONCE)
    assert.equal(asked.length, 4 * GUESSES_AT_ONCE)
  })

  test('a credential that was valid before is looked up even from an address without look-ups left', async () => {
    const valid = new Set(['ada'])
    const { users, asked, clock, guess } = open(valid)
    await users.userOf(session('ada'), here)
    clock.nowMs = 24 * 60 * 60 * 1000
    await guess(GUESSES_AT_ONCE + 1)
    assert.equal(await users.userOf(session('ada'), here), 'ada')
    // A credential that has become invalid counts as a guess.
    valid.delete('ada')
    clock.nowMs += 60_000
    await guess(GUESSES_AT_ONCE)
    assert.equal(await users.userOf(session('ada'), here), undefined)
    assert.equal(asked.at(-1), 'ada')
    const before = asked.length
    assert.equal(await users.userOf(session('ada'), here), undefined)
    assert.equal(asked.length, before)
  })

  test('a service may act for any number of users from one address', async () => {
    const { users, asked } = open(new Set())
    for (let at = 0; at < GUESSES_AT_ONCE + 50; at++) {
      assert.equal(await users.userOf(servicePrincipal('default', `user ${at}`), here), undefined)
    }
    assert.equal(asked.length, GUESSES_AT_ONCE + 50)
  })

  test('a failed look-up is not cached and does not count', async () => {
    let isAway = true
    const users = new KnownUsers(
      async () => {
        if (isAway) throw new Error('away')
        return 'ada'
      },
      () => 0,
    )
    for (let at = 0; at < GUESSES_AT_ONCE + 50; at++) {
      await assert.rejects(users.userOf(session('ada'), here), /away/)
    }
    isAway = false
    assert.equal(await users.userOf(session('ada'), here), 'ada')
  })
})
