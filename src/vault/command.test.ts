import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { pino } from 'pino'
import type { Config } from '../config/config.ts'
import { withMigrations } from '../db/database.ts'
import { openFernet } from '../lib/fernet.ts'
import { Secret } from '../lib/secret.ts'
import { runVaultCommand } from './command.ts'
import { PROVIDER_KEYS } from './sealed.ts'
import { addUser, configOf, openTestDatabase } from '../../test/databases.ts'

const newKey = (): string => `${randomBytes(32).toString('base64url')}=`

/** Runs the command; returns its output and exit status. */
async function run(config: Config, ...words: readonly string[]): Promise<{ lines: string[]; status: unknown }> {
  const lines: string[] = []
  const before = process.exitCode
  process.exitCode = 0
  try {
    await runVaultCommand(words, {
      load: () => config,
      print: (line) => void lines.push(line),
      sealed: [PROVIDER_KEYS],
      openLog: () => pino({ level: 'silent' }),
    })
    return { lines, status: process.exitCode }
  } finally {
    process.exitCode = before
  }
}

suite('the vault command', () => {
  test('re-encrypts under the first key and prints how many rows each key opens; exits with 1 if no key opens a row', async () => {
    await using database = await openTestDatabase()
    const [old, current, lost] = [newKey(), newKey(), newKey()]
    const configWith = (...keys: readonly string[]): Config =>
      configOf({ ...database.env, LOG_LEVEL: 'silent', ENCRYPTION_KEY: keys.join() })
    const secret = 'sk-a-key-that-must-stay-secret'
    const insert = (userId: string, provider: string, key: string): Promise<unknown> =>
      withMigrations(configWith(old), (client) =>
        client.query(
          `insert into user_api_keys (user_id, provider, key_id, encrypted_key, masked_key, validation_status)
           values ($1, $2, gen_random_uuid(), $3, 'sk-a...see', 'success')`,
          [userId, provider, openFernet([new Secret(key)]).encrypt(Buffer.from(secret))],
        ),
      )
    await withMigrations(configWith(old), (client) => addUser(client, 'ada'))
    await insert('ada', 'gemini', old)
    await insert('ada', 'openai', old)

    assert.deepEqual(await run(configWith(current, old), 'verify'), {
      lines: ['2 rows seen', 'key 1 of 2 (encrypts) opens 0 rows', 'key 2 of 2 opens 2 rows', 'every row can be read'],
      status: 0,
    })
    assert.deepEqual(await run(configWith(current, old), 'rotate'), {
      lines: [
        '2 rows seen, 2 re-encrypted',
        'key 1 of 2 (encrypts) opens 2 rows',
        'key 2 of 2 opens 0 rows',
        'every row can be read',
      ],
      status: 0,
    })
    assert.deepEqual(await run(configWith(current), 'verify'), {
      lines: ['2 rows seen', 'key 1 of 1 (encrypts) opens 2 rows', 'every row can be read'],
      status: 0,
    })
    await insert('ada', 'anthropic', lost)
    for (const action of ['rotate', 'verify']) {
      const { lines, status } = await run(configWith(current), action)
      assert.deepEqual(lines.slice(1), [
        'key 1 of 1 (encrypts) opens 2 rows',
        'no key opens 1 rows, which were not changed:',
        '  anthropic of user ada',
      ])
      assert.equal(status, 1)
    }
  })

  test('with a missing or unknown subcommand fails before it reads the configuration', async () => {
    for (const words of [[], ['rotat'], ['rotate', 'now'], ['constructor']]) {
      await assert.rejects(
        runVaultCommand(words, {
          load: () => assert.fail('the configuration was read'),
          print: () => assert.fail('something was printed'),
          sealed: [PROVIDER_KEYS],
          openLog: () => assert.fail('a log was opened'),
        }),
        /the vault commands are vault rotate and vault verify/,
      )
    }
  })
})
