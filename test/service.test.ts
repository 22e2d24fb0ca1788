import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { openTestDatabase } from './databases.ts'

/** Starts a service with the variables that it gets as JSON, prints its URL and waits. */
const STARTER = `
  import { startService } from ${JSON.stringify(new URL('service.ts', import.meta.url).href)}
  const { url } = await startService(JSON.parse(process.argv[1]))
  process.stdout.write(url)
`

suite('a service that a test starts as a process', () => {
  test('ends with the process of the test, even when that is killed', async () => {
    await using database = await openTestDatabase()
    const args = ['--input-type=module', '-e', STARTER, JSON.stringify(database.env)]
    const starter = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [url] = (await once(starter.stdout.setEncoding('utf8'), 'data')) as [string] // as node:stream has it
    const open = (): Socket => connect(Number(new URL(url).port), '127.0.0.1')
    const socket = open().on('error', () => undefined)
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    starter.kill('SIGKILL')
    await closed
    await assert.rejects(once(open(), 'connect'), { code: 'ECONNREFUSED' })
  })
})
