import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { openFakeServer } from '../test/fake-server.ts'
import { isExecutable } from '../test/executable.ts'
import { openWorld, type World } from '../test/world.ts'
import { newToken, openProgram } from './program.testing.ts'

const ESCAPE = '\u001b'
const needsScript = isExecutable('/usr/bin/script') ? false : 'there is no program script, which opens a terminal'

let world: World
let token: string
let session: string
before(async () => {
  world = await openWorld()
  session = (await world.signUp('Ada')).token
  token = await newToken(world, session)
})
after(() => world[Symbol.asyncDispose]())

suite('todo login', () => {
  test('stores address and token in a file that only the user can read, and takes the token from the input', async () => {
    using todo = openProgram()
    const file = join(todo.home, '.config/todo/config.json')
    const before = await todo.run('list')
    assert.deepEqual([before.status, /todo login/.test(before.err)], [4, true])
    const { status, out } = await todo.runWith({ input: `${token}\n` }, 'login', `${world.url}/`)
    assert.deepEqual([status, out], [0, `Stored in ${file}, which only you can read.\n`])
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { url: world.url, token })
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal((await todo.run('list')).status, 0)
    assert.equal((await todo.runWith({ env: { XDG_CONFIG_HOME: '/nowhere' }, input: '' }, 'list')).status, 4)
  })

  test('stores nothing if the service does not accept the token, or if it is none', async () => {
    using todo = openProgram()
    for (const [input, status] of [
      [`${token.slice(0, -1)}_\n`, 4],
      ['\n', 2],
      ['two words\n', 2],
      ['tökén\n', 2],
    ] as const) {
      assert.equal((await todo.runWith({ input }, 'login', world.url)).status, status, input)
    }
    assert.ok(!existsSync(join(todo.home, '.config')))
  })

  test('takes no token as an argument, and no address that is malformed or has a password', async () => {
    using todo = openProgram()
    for (const words of [[world.url, token], ['--token', token], ['ftp://x'], ['x'], ['https://a:b@example.com']]) {
      const { status, err } = await todo.run('login', ...words)
      assert.equal(status, 2, words.join(' '))
      assert.ok(!err.includes('a:b'))
    }
  })

  test('says that a token without tasks:read cannot list', async () => {
    using todo = openProgram()
    const input = await newToken(world, session, ['tasks:write'])
    assert.match((await todo.runWith({ input }, 'login', world.url)).out, /may not read tasks/)
  })

  test('warns of an address that is not encrypted, and not of this computer', async () => {
    using todo = openProgram()
    assert.match((await todo.run('login', 'http://todo.example.com')).err, /Warning: .* is not https/)
    assert.doesNotMatch((await todo.run('login', world.url)).err, /Warning/)
  })
})

suite('the stored token', () => {
  test('is refused while other users can read it', async () => {
    using todo = openProgram()
    await todo.runWith({ input: token }, 'login', world.url)
    chmodSync(join(todo.home, '.config/todo/config.json'), 0o640)
    const { status, err } = await todo.run('list')
    assert.deepEqual([status, /chmod 600/.test(err)], [4, true])
  })

  test('is sent only to the address for which it was stored', async () => {
    await using other = await openFakeServer()
    using todo = openProgram()
    await todo.runWith({ input: token }, 'login', world.url)
    const { status, err } = await todo.runWith({ env: { TODO_URL: other.url }, input: '' }, 'list')
    assert.deepEqual([status, /set TODO_TOKEN too/.test(err), other.asked], [4, true, []])
    assert.equal((await todo.runWith({ env: { TODO_URL: world.url }, input: '' }, 'list')).status, 0)
  })

  test('is replaced by TODO_TOKEN', async () => {
    using todo = openProgram()
    await todo.runWith({ input: token }, 'login', world.url)
    const { status } = await todo.runWith({ env: { TODO_TOKEN: 'another' }, input: '' }, 'list')
    assert.equal(status, 4)
  })
})

suite('a terminal', { skip: needsScript }, () => {
  test('does not show the token that is typed, nor that it is corrected', async () => {
    using todo = openProgram()
    const terminal = todo.onTerminal(80, {}, 'login', world.url)
    await terminal.until(/Token \(is not shown\): /)
    terminal.child.stdin.write(`${token}x\u007f\r`)
    const { status, out } = await terminal.ended
    assert.equal(status, 0, out)
    assert.ok(!out.includes(token.slice(0, 20)), out)
    assert.equal((await todo.run('list')).status, 0)
  })

  test('gets colours, which NO_COLOR and pipes turn off, and no terminal command of a task', async () => {
    using todo = openProgram({ TODO_URL: world.url, TODO_TOKEN: token })
    const evil = `${ESCAPE}]0;title\u0007${ESCAPE}[2Jgone\u202e`
    await world.ask('POST', '/api/tasks', {
      token,
      body: { title: evil, tags: [`t${ESCAPE}[31m`], priority: 'URGENT' },
    })
    const shown = await todo.onTerminal(80, {}, 'list').ended
    assert.ok(shown.out.includes(`${ESCAPE}[1m`), 'colours')
    for (const { out } of [
      shown,
      await todo.onTerminal(80, { env: { NO_COLOR: '1' } }, 'list').ended,
      await todo.run('list'),
    ]) {
      assert.ok(out.includes('␛]0;title␇␛[2Jgone�'))
      // Of the commands only those that set a colour, which are our own.
      // oxlint-disable-next-line no-control-regex -- looks for ESC
      assert.doesNotMatch(out.replaceAll(/\u001b\[(?:\d{1,2})m/g, ''), /[\u001b\u0007\u009b\u202e]/)
    }
    const plain = await todo.onTerminal(80, { env: { NO_COLOR: '1' } }, 'list').ended
    assert.ok(!plain.out.includes(ESCAPE) && !(await todo.run('list')).out.includes(ESCAPE))
  })

  test('has no line that is wider than it, with wide characters counted as two', async () => {
    const user = await world.signUp('Ada')
    using todo = openProgram({ TODO_URL: world.url, TODO_TOKEN: await newToken(world, user.token), NO_COLOR: '1' })
    for (const title of ['日本語のとても長いタスクの名前です、端末より長い', 'a'.repeat(150), '🎉'.repeat(60)]) {
      const body = { title, tags: ['tag', 'とても'], dueDate: '2030-12-24T16:00:00Z' }
      await world.ask('POST', '/api/tasks', { token: user.token, body })
    }
    for (const columns of [40, 80]) {
      const { out } = await todo.onTerminal(columns, {}, 'list').ended
      const lines = out.split('\r\n').filter(Boolean)
      assert.equal(lines.length, 3)
      for (const line of lines) {
        const wide = line.match(/[\u3000-\u9fff\u{1f389}]/gu)?.length ?? 0
        const width = Array.from(line).length + wide
        assert.ok(width <= columns && width >= columns - 2 && line.endsWith('…'), `${width} of ${columns}: ${line}`)
      }
    }
    assert.ok((await todo.run('list')).out.includes('a'.repeat(150)), 'a pipe gets everything')
  })

  test('asks for the task if none is named, so that it needs no quotes', async () => {
    const user = await world.signUp('Ada')
    using todo = openProgram({ TODO_URL: world.url, TODO_TOKEN: await newToken(world, user.token), NO_COLOR: '1' })
    const terminal = todo.onTerminal(80, {}, 'add')
    await terminal.until(/Task: /)
    terminal.child.stdin.write('Buy milk !high #home\r')
    const { out } = await terminal.ended
    assert.match(out, /Added 1 {2}Buy milk {2}High priority · #home/)
  })
})
