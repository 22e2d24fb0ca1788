import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { withSocketPath } from './socket-path.ts'

test('a socket with a path that is too long for sockets is reached through a link, which is removed afterwards', async (t) => {
  const home = fs.mkdtempSync(path.join(tmpdir(), 'socket-'))
  const { TMPDIR } = process.env
  const links = (process.env.TMPDIR = fs.mkdtempSync(path.join(tmpdir(), 'links-')))
  t.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    for (const each of [home, links]) fs.rmSync(each, { recursive: true })
  })
  const directory = path.join(home, 'd'.repeat(120), 'e'.repeat(120))
  fs.mkdirSync(directory, { recursive: true })
  const server = net.createServer((visitor) => visitor.end('here'))
  await withSocketPath(directory, 's.sock', async (socketPath) => {
    await once(server.listen(socketPath), 'listening')
  })
  const visitor = await withSocketPath(directory, 's.sock', async (socketPath) => {
    const connection = net.connect(socketPath)
    await once(connection, 'connect')
    return connection
  })
  assert.equal(String(await visitor.toArray()), 'here')
  server.close()
  assert.deepEqual(fs.readdirSync(links), [])
})

test('a short path is used directly', async () => {
  assert.equal(await withSocketPath('/run/todo', 's.sock', async (socketPath) => socketPath), '/run/todo/s.sock')
})
