import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { openFlakyProxy, type Fate } from '../test/flaky-proxy.ts'
import { openEventProxy } from '../test/event-proxy.ts'
import { openWorld, type User, type World } from '../test/world.ts'
import { newToken, openProgram, type Program } from './program.testing.ts'

interface Owner extends User {
  /** A personal token. */
  readonly personal: string
}

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

async function newUser(scopes?: string[]): Promise<Owner> {
  const user = await world.signUp('Ada')
  return { ...user, personal: await newToken(world, user.token, scopes) }
}

const programOf = ({ personal }: Owner, url = world.url): Program =>
  openProgram({ TODO_URL: url, TODO_TOKEN: personal })

const tasksOf = async ({ token }: User) => (await world.ask('GET', '/api/tasks?sort=createdAt', { token })).json
const newTask = async ({ token }: User, body: object) => (await world.ask('POST', '/api/tasks', { token, body })).json

suite('todo', () => {
  test('adds, lists, edits, completes and removes tasks by the numbers of the last list, and takes each back', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    const added = await todo.run('add', 'Buy milk !high #home 2030-12-24 17:00')
    assert.deepEqual(added, {
      status: 0,
      err: '→ Buy milk · High priority · #home · Due Tue 24 Dec 2030, 17:00\n',
      out: 'Added 1  Buy milk  High priority · #home · due Tue 24 Dec 2030, 17:00\n',
    })
    const second = await todo.run('add', 'Write', 'report', '-p', 'urgent', '-t', 'work', '--notes', 'the long one')
    assert.equal(second.out, 'Added 2  Write report  Urgent priority · #work\n')
    const [milk, report] = await tasksOf(ada)
    assert.deepEqual([milk.dueDate, milk.tags, report.description], ['2030-12-24T16:00:00Z', ['home'], 'the long one'])
    assert.equal(
      (await todo.run()).out,
      '1  !   Tue 24 Dec 2030, 17:00  Buy milk #home\n2  !!                          Write report #work\n',
    )
    assert.equal((await todo.run('edit', '1', 'Buy oat milk', '#shop', '--untag', 'home', '-d', 'none')).status, 0)
    assert.deepEqual(
      (await tasksOf(ada)).map(({ title, tags, dueDate }: Record<string, unknown>) => [title, tags, dueDate]),
      [
        ['Buy oat milk', ['shop'], null],
        ['Write report', ['work'], null],
      ],
    )
    assert.equal((await todo.run('done', '1', '2')).out, 'Done 1  Buy oat milk\nDone 2  Write report\n')
    assert.equal((await todo.run('done', '2')).out, 'Done before 2  Write report\n')
    assert.match((await todo.run('list')).out, /^Nothing to show/)
    assert.match((await todo.run('list', '--done')).out, /✓ .*Write report/)
    assert.equal((await todo.run('remove', '1')).out, 'Removed 1  Write report\n')

    assert.match((await todo.run('undo')).out, /^Restored Write report\ntodo undo [\da-f-]{36} does it again\.\n$/)
    assert.match((await todo.run('undo')).out, /^Set back .*  status TODO\nSet back .*  status TODO\n/)
    assert.match(
      (await todo.run('undo')).out,
      /^Set back Buy milk  (?=.*title Buy milk)(?=.*tags #home)(?=.*due Tue 24 Dec 2030, 17:00)/,
    )
    assert.match((await todo.run('undo')).out, /^Removed Write report\n/)
    assert.match((await todo.run('undo')).out, /^Removed Buy milk\n/)
    assert.deepEqual(await tasksOf(ada), [])
    const nothing = await todo.run('undo')
    assert.deepEqual([nothing.status, /has made no change/.test(nothing.err)], [1, true])
  })

  test('reads a task from each line of its input, and adds all or none as one change', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    const { out } = await todo.runWith({ input: 'one !low\n\n  two #a \r\nthree\n' }, 'add')
    assert.equal(out, 'Added 1  one  Low priority\nAdded 2  two  #a\nAdded 3  three\n')
    const refused = await todo.runWith({ input: `four\n${'x'.repeat(201)}\n` }, 'add')
    assert.deepEqual([refused.status, refused.out], [1, ''])
    assert.match(refused.err, /title.*200/)
    assert.equal((await todo.runWith({ input: 'x\n'.repeat(101) }, 'add')).status, 2)
    assert.equal((await tasksOf(ada)).length, 3)
    assert.match((await todo.run('undo')).out, /^(?:Removed \w+\n){3}/)
    assert.deepEqual(await tasksOf(ada), [])
  })

  test('only shows what would be changed with --dry-run', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    assert.equal((await todo.run('add', 'x', '-n')).out, 'Would add  x\n')
    assert.deepEqual(await tasksOf(ada), [])
    await todo.run('add', 'x')
    for (const words of [['edit', '1', 'y'], ['done', '1'], ['remove', '1'], ['undo']]) {
      const { status, out } = await todo.run(...words, '--dry-run')
      assert.deepEqual([status, out.startsWith('Would be')], [0, true], out)
    }
    const [{ title, status, version }] = await tasksOf(ada)
    assert.deepEqual([title, status, version], ['x', 'TODO', 1])
  })

  test('filters the list by the words of the line, and by options', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    await newTask(ada, { title: 'old', dueDate: '2020-01-01T00:00:00Z', tags: ['home'] })
    await newTask(ada, { title: 'urgent thing', priority: 'URGENT', tags: ['home', 'shop'] })
    await newTask(ada, { title: 'running', status: 'IN_PROGRESS' })
    for (const [words, titles] of [
      [['#home'], ['old', 'urgent thing']],
      [['#home #shop'], ['urgent thing']],
      [['-t', 'home', '-t', 'shop'], ['urgent thing']],
      [['!urgent'], ['urgent thing']],
      [['-p', 'urgent'], ['urgent thing']],
      [['overdue'], ['old']],
      [
        ['-d', 'none'],
        ['urgent thing', 'running'],
      ],
      [['thing'], ['urgent thing']],
      [['--limit', '1'], ['old']],
    ] as const) {
      const { out } = await todo.run('list', ...words, '--json')
      const { tasks, more } = JSON.parse(out)
      assert.deepEqual(
        tasks.map(({ title }: { title: string }) => title),
        titles,
        words.join(' '),
      )
      assert.equal(more, words[0] === '--limit')
    }
    assert.match((await todo.run('list', '--limit', '2')).out, /\nThere are more: --limit 4 shows them\.\n$/)
    assert.match((await todo.run('list')).out, /^3  ▸ .*running$/m)
  })

  test('accepts an id, or the beginning of one that is unique', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    const [a, b] = ['0b5f1111-0000-4000-8000-000000000001', '0b5f1112-0000-4000-8000-000000000002']
    for (const id of [a, b]) await newTask(ada, { id, title: `task ${id.slice(7, 8)}` })
    assert.match((await todo.run('done', '0b5f1111')).out, /task 1/)
    assert.match((await todo.run('done', b.toUpperCase())).out, /task 2/)
    const ambiguous = await todo.run('done', '0b5f1')
    assert.equal(ambiguous.status, 1)
    assert.match(ambiguous.err, new RegExp(`2 tasks .*begin with 0b5f1:\n  .*\n`))
    assert.ok(ambiguous.err.includes(`${a}  task 1`))
    const none = await todo.run('done', 'ffffff')
    assert.deepEqual([none.status, /No task/.test(none.err)], [1, true])
    const unknown = await todo.run('done', randomUUID())
    assert.deepEqual([unknown.status, /not found/.test(unknown.err)], [1, true])
  })

  test('prints one shape with --json, for every command and every failure', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    const members = ['tasks', 'deleted', 'changeId', 'more', 'error']
    for (const [status, ...words] of [
      [0, 'add', 'a\u009b31m \u202e !low'],
      [0, 'list'],
      [0, 'edit', '1', '-p', 'high'],
      [0, 'done', '1'],
      [0, 'undo'],
      [0, 'remove', '1'],
      [1, 'remove', '1'],
      [2, 'nonsense'],
      [2, 'done'],
    ] as const) {
      const { out, err, status: ended } = await todo.run(...words, '--json')
      assert.deepEqual([ended, err], [status, ''], words.join(' '))
      const report = JSON.parse(out)
      assert.deepEqual(Object.keys(report), members)
      assert.equal(report.error === null, status === 0)
      // oxlint-disable-next-line no-control-regex -- none may be in it
      assert.match(out, /^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]*\n$/)
    }
    const { changeId } = JSON.parse((await todo.run('add', 'x', '--json')).out)
    assert.match((await todo.run('undo', changeId)).out, /^Removed x/)
  })

  test('says when a recurring task is due next after it was completed', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    const recurrence = { rule: 'FREQ=YEARLY', basis: 'DUE' }
    await newTask(ada, { title: 'Renew the passport', dueDate: '2030-12-24', recurrence })
    await todo.run('list')
    assert.equal((await todo.run('done', '1')).out, 'Done 1  Renew the passport  next Wed 24 Dec 2031\n')
    const undone = await todo.run('undo')
    assert.match(undone.out, /^Set back Renew the passport  due Tue 24 Dec 2030\n/)
  })

  test('names what a later change would lose, and whose it is, when it cannot undo', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    await todo.run('add', 'mine')
    await todo.run('edit', '1', 'still mine')
    const [{ id }] = await tasksOf(ada)
    const theirs = await newToken(world, ada.token)
    await world.ask('PATCH', `/api/tasks/${id}`, { token: theirs, body: { title: 'theirs' } })
    const { status, err } = await todo.run('undo')
    assert.equal(status, 1)
    assert.match(
      err,
      /^todo: Nothing was taken back, because later work would be lost:\n  .*: title was changed by laptop on .*; todo undo [\da-f-]{36} takes that back first\n$/,
    )
    const [, change = ''] = /todo undo ([\da-f-]{36})/.exec(err) ?? []
    assert.equal((await todo.run('undo', change)).status, 0)
    assert.equal((await todo.run('undo')).status, 0)
    assert.equal((await tasksOf(ada))[0].title, 'mine')
  })

  test('changes tags of the version that it has read, so that no other change is lost', async () => {
    const ada = await newUser()
    const { id } = await newTask(ada, { title: 'x', tags: ['a'] })
    const stale = JSON.stringify({ code: 'precondition_failed', detail: 'x', status: 412 })
    const refuse: Fate = { status: 412, headers: { 'content-type': 'application/problem+json' }, body: stale }
    await using proxy = await openFlakyProxy(world.url, ['pass', refuse])
    using todo = programOf(ada, proxy.url)
    assert.equal((await todo.run('edit', id, '#b')).status, 0)
    assert.deepEqual(
      proxy.asked.map(({ method, headers }) => [method, headers['if-match']]),
      [
        ['GET', undefined],
        ['PATCH', '"1"'],
        ['GET', undefined],
        ['PATCH', '"1"'],
      ],
    )
    assert.deepEqual((await tasksOf(ada))[0].tags, ['a', 'b'])
  })
})

suite('a network that fails', () => {
  for (const [fate, name] of [
    ['lose', 'whose answer is lost'],
    ['break', 'whose answer is cut off'],
    [{ status: 503, headers: { 'retry-after': '0' } }, 'that was answered 503'],
  ] as const) {
    test(`does a write once ${name}: it is sent again with its key`, async () => {
      const ada = await newUser()
      await using proxy = await openFlakyProxy(world.url, [fate])
      using todo = programOf(ada, proxy.url)
      assert.equal((await todo.run('add', 'once')).out, 'Added 1  once\n')
      assert.equal((await tasksOf(ada)).length, 1)
      const [first, second] = proxy.asked.map(({ headers }) => headers['idempotency-key'])
      assert.ok(first !== undefined && first === second)
    })
  }

  test('ends with status 3, and says what to check', async () => {
    await using proxy = await openFlakyProxy(world.url, [])
    const { url } = proxy
    await proxy[Symbol.asyncDispose]()
    using todo = openProgram({ TODO_URL: url, TODO_TOKEN: 'x' })
    const { status, err } = await todo.run('list')
    assert.equal(status, 3)
    assert.match(err, new RegExp(`^todo: No answer from ${url} \\(ECONNREFUSED\\)\\. Check`))
  })

  test('differs from an answer that is not of the service', async () => {
    await using proxy = await openFlakyProxy(world.url, [{ status: 404, body: '<html>' }, { status: 301 }])
    using todo = openProgram({ TODO_URL: proxy.url, TODO_TOKEN: 'x' })
    const html = await todo.run('list')
    assert.deepEqual([html.status, /address of the service/.test(html.err)], [1, true])
    const redirect = await todo.run('list')
    assert.deepEqual([redirect.status, /redirects/.test(redirect.err)], [3, true])
  })
})

suite('todo watch', () => {
  test('prints changes as they happen, and ends with status 0 at Ctrl+C', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    await newTask(ada, { title: 'before' })
    const watching = todo.start(['watch'])
    await watching.until(/Watching http/)
    const { id } = await newTask(ada, { title: 'a\u001b[2Jb', priority: 'HIGH' })
    await watching.until(/added {4}a␛\[2Jb {2}High priority/)
    await world.ask('PATCH', `/api/tasks/${id}`, { token: ada.token, body: { title: 'c', tags: ['x'] } })
    await watching.until(/changed {2}c {2}(?:title, tags|tags, title)\n/)
    await world.ask('PATCH', `/api/tasks/${id}/complete`, { token: ada.token, body: { completed: true } })
    await watching.until(/done {5}c\n/)
    await world.ask('DELETE', `/api/tasks/${id}`, { token: ada.token })
    await watching.until(/removed {2}c\n/)
    watching.child.kill('SIGINT')
    const { status, out } = await watching.ended
    assert.equal(status, 0)
    assert.equal(out.trim().split('\n').length, 4)
  })

  test('connects again after a cut with the position that it had, and misses and repeats nothing', async () => {
    const ada = await newUser()
    await using proxy = await openEventProxy(world.url)
    using todo = programOf(ada, proxy.url)
    const watching = todo.start(['watch', '--json'])
    const first = await proxy.next()
    await newTask(ada, { title: 'during the cut' })
    first.cut()
    await watching.until(/during the cut/)
    const second = await proxy.next()
    const cursorOf = (path: string) => Number(/cursor=(\d+)/.exec(path)?.[1])
    assert.deepEqual([cursorOf(first.path), cursorOf(second.path)], [0, 1])
    watching.child.kill('SIGTERM')
    const { status, out } = await watching.ended
    assert.equal(status, 0)
    const [line = '', ...others] = out.trim().split('\n')
    assert.deepEqual(
      [JSON.parse(line).tasks.map(({ title }: { title: string }) => title), others],
      [['during the cut'], []],
    )
  })

  test('ends with status 4 when its token is revoked', async () => {
    const ada = await newUser()
    using todo = programOf(ada)
    const watching = todo.start(['watch'])
    await watching.until(/Watching http/)
    const [{ id }] = (await world.ask('GET', '/api/tokens', { token: ada.token })).json
    await world.ask('DELETE', `/api/tokens/${id}`, { token: ada.token })
    const { status, err } = await watching.ended
    assert.equal(status, 4)
    assert.match(err, /revoked.*todo login/)
  })
})

suite('the credential', () => {
  test('without the scope ends with status 4, and names the scope', async () => {
    const ada = await newUser(['tasks:read'])
    using todo = programOf(ada)
    assert.equal((await todo.run('list')).status, 0)
    const { status, err } = await todo.run('add', 'x')
    assert.equal(status, 4)
    assert.match(err, /scope tasks:write\. Create a token with tasks:write/)
  })
})

suite('docs/command-line.md', () => {
  const page = readFileSync(new URL('../docs/command-line.md', import.meta.url), 'utf8')

  test('has every command with its options, and every status', async () => {
    using todo = openProgram()
    const { out } = await todo.run('help')
    const commands = [...out.matchAll(/^ {2}todo (\w+)/gm)].map(([, name = '']) => name)
    assert.ok(commands.length >= 8)
    for (const command of commands) assert.match(page, new RegExp(`todo ${command}\\b`))
    for (const [option] of out.matchAll(/--[a-z-]+/g)) assert.ok(page.includes(option), option)
    for (const status of [0, 1, 2, 3, 4]) assert.match(page, new RegExp(`^\\| ${status} \\|`, 'm'))
  })
})
