import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { openTestDatabase } from './databases.ts'
import { until } from './faults/measures.ts'

/** Starts a service with the variables that it gets as JSON, prints its URL and waits. */
const STARTER = `
  import { startService } from ${JSON.stringify(new URL('service.ts', import.meta.url).href)}
  const { url } = await startService(JSON.parse(process.argv[1]))
  process.stdout.write(url)
`

/** The code of the error with which the connection fails or ends; undefined if it is established. */
function outcomeOf(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
  })
}

suite('a service that a test starts as a process', () => {
  test('ends with the process of the test, even when that is killed', async () => {
    await using database = await openTestDatabase()
    const args = ['--input-type=module', '-e', STARTER, JSON.stringify(database.env)]
    const starter = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [url] = (await once(starter.stdout.setEncoding('utf8'), 'data')) as [string] // as node:stream has it
    const open = (): Socket => connect(Number(new URL(url).port), '127.0.0.1')
    const socket = open().on('error', () => undefined)
    await once(socket, 'connect')
    // Not once(), which rejects if the kernel resets the connection of the killed process.
    const closed = new Promise((resolve) => socket.once('close', resolve))
    starter.kill('SIGKILL')
    await closed
    // The kernel closes the connections of a killed process one by one, and its port among them.
    await until('the port is closed', async () => (await outcomeOf(open())) === 'ECONNREFUSED')
  })
})
