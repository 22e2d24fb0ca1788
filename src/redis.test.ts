import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Secret } from './lib/secret.ts'
import { openRedis, type RedisLog } from './redis.ts'

const ABSENT = { url: new Secret('redis://127.0.0.1:1/0'), keyPrefix: 'todo-backend:' }

function recordingLog(): { readonly log: RedisLog; readonly lines: string[] } {
  const lines: string[] = []
  const log = {
    info: (message: string) => void lines.push(`info: ${message}`),
    warn: (_: object, message: string) => void lines.push(`warn: ${message}`),
  }
  return { log, lines }
}

suite('a Redis that does not answer at the start', () => {
  const message = 'Redis is unavailable; this process counts rate limits by itself until it is back'

  test('is logged as a warning if REDIS_URL names it', async () => {
    const { log, lines } = recordingLog()
    await using _redis = await openRedis({ ...ABSENT, isExpected: true }, log)
    assert.deepEqual(lines, [`warn: ${message}`])
  })

  test('is logged as information if only the default address was tried', async () => {
    const { log, lines } = recordingLog()
    await using _redis = await openRedis({ ...ABSENT, isExpected: false }, log)
    assert.deepEqual(lines, [`info: ${message}`])
  })
})
