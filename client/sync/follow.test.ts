import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openEventProxy, type EventProxy, type Stream } from '../../test/event-proxy.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { isProblem } from '../problem.ts'
import { follow, type Batch, type Follower, type FollowOptions, type FollowStatus } from './index.ts'

let world: World
let proxy: EventProxy

before(async () => {
  world = await openWorld()
  proxy = await openEventProxy(world.url)
})
after(async () => {
  await proxy[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

type Json = Answer['json']

const ask = (user: User, method: string, path: string, body?: unknown): Promise<Answer> =>
  world.ask(method, path, { token: user.token, body })
const newTask = async (user: User, title = 'x'): Promise<Json> =>
  (await ask(user, 'POST', '/api/tasks', { title })).json
const cursorOf = ({ headers }: Answer): string => headers.get('x-sync-cursor') ?? ''

/** A copy of a user's tasks, as a store would keep it. */
class Copy {
  readonly tasks = new Map<string, Json>()
  readonly batches: Batch[] = []
  readonly statuses: FollowStatus[] = []
  stored: string | undefined
  #changed = Promise.withResolvers<void>()

  readonly apply = (batch: Batch): void => {
    if (batch.isReset) this.tasks.clear()
    for (const { op, id, data } of batch.changes) {
      if (op === 'delete') this.tasks.delete(id)
      else this.tasks.set(id, data)
    }
    this.batches.push(batch)
    this.#notify()
  }
  readonly onStatus = (status: FollowStatus): void => {
    this.statuses.push(status)
    this.#notify()
  }
  readonly storage = {
    read: (): string | undefined => this.stored,
    write: (cursor: string): void => {
      this.stored = cursor
    },
  }

  #notify(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#changed.promise
  }

  upToDate(): Promise<void> {
    return this.until(() => this.batches.at(-1)?.isUpToDate === true)
  }

  titles(): string[] {
    return [...this.tasks.values()].map(({ title }) => String(title)).toSorted()
  }
}

const start = (user: User, copy: Copy, options: Partial<FollowOptions> = {}): Follower =>
  follow({
    baseUrl: world.url,
    auth: { token: user.token },
    live: false,
    pollMs: 3_600_000,
    backOffMaxMs: 5,
    apply: copy.apply,
    onStatus: copy.onStatus,
    storage: copy.storage,
    ...options,
  })

suite('a follower', () => {
  test('loads all tasks in pages, the first of which says that what was there before must go', async () => {
    const user = await world.signUp()
    for (const title of ['a', 'b', 'c']) await newTask(user, title)
    const copy = new Copy()
    await using _ = start(user, copy, { pageSize: 2 })
    await copy.upToDate()
    assert.deepEqual(copy.titles(), ['a', 'b', 'c'])
    assert.deepEqual(
      copy.batches.map(({ changes, isReset, isUpToDate }) => [changes.length, isReset, isUpToDate]),
      [
        [2, true, false],
        [1, false, true],
      ],
    )
    assert.equal(copy.stored, copy.batches.at(-1)?.cursor)
  })

  test('of a user without tasks says once that the copy is complete, however often it asks', async () => {
    const user = await world.signUp()
    const copy = new Copy()
    await using follower = start(user, copy)
    await copy.upToDate()
    const isPolling = (): boolean => copy.statuses.at(-1) === 'polling'
    await copy.until(isPolling)
    follower.wake()
    await follower.seen(cursorOf(await ask(user, 'POST', '/api/tasks', { title: 'x' })))
    assert.deepEqual(
      copy.batches.map(({ changes, isReset, isUpToDate }) => [changes.length, isReset, isUpToDate]),
      [
        [0, true, true],
        [1, false, true],
      ],
    )
  })

  test('continues from the stored cursor with what it missed, deletions too', async () => {
    const user = await world.signUp()
    const [kept, gone] = [await newTask(user, 'kept'), await newTask(user, 'gone')]
    const copy = new Copy()
    await using first = start(user, copy)
    await copy.upToDate()
    await first.close()
    await ask(user, 'DELETE', `/api/tasks/${gone.id}`)
    await ask(user, 'PATCH', `/api/tasks/${kept.id}`, { title: 'changed' })
    copy.batches.length = 0
    await using _ = start(user, copy)
    await copy.upToDate()
    assert.deepEqual([copy.titles(), copy.batches.length, copy.batches[0]?.isReset], [['changed'], 1, false])
    assert.equal(copy.batches[0]?.changes.length, 2)
  })

  test('lets the program wait until its own write is in the copy, and asks at once if there are no events', async () => {
    const user = await world.signUp()
    const copy = new Copy()
    await using follower = start(user, copy)
    await copy.until(() => follower.status === 'polling')
    const written = await ask(user, 'POST', '/api/tasks', { title: 'mine' })
    await follower.seen(cursorOf(written))
    assert.deepEqual(copy.titles(), ['mine'])
    const response = await fetch(`${world.url}/api/tasks/${written.json.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${user.token}` },
    })
    await follower.seen(response)
    assert.deepEqual(copy.titles(), [])
    await assert.rejects(follower.seen('x'), TypeError)
    await assert.rejects(follower.seen('99.x', AbortSignal.abort(new Error('enough'))), new Error('enough'))
    const waiting = follower.seen('99.x')
    await Promise.all([assert.rejects(waiting, /has ended/), follower.close()])
    await assert.rejects(follower.seen('99.x'), /has ended/)
  })

  test('starts again from nothing when its cursor has expired, or belongs to another user', async () => {
    const [user, other] = [await world.signUp(), await world.signUp('Ben')]
    await newTask(user, 'old')
    await newTask(other, 'of Ben')
    const copy = new Copy()
    await using first = start(user, copy)
    await copy.upToDate()
    await first.close()
    // A backup without the last change: the cursor is ahead of the log.
    await world.asOwner((client) => client.query('delete from changes where user_id = $1', [user.id]))
    copy.batches.length = 0
    copy.tasks.set('vanished', { title: 'vanished' })
    await using second = start(user, copy)
    await copy.upToDate()
    await second.close()
    assert.deepEqual([copy.titles(), copy.batches[0]?.isReset], [['old'], true])
    copy.batches.length = 0
    await using _ = start(other, copy)
    await copy.upToDate()
    assert.deepEqual([copy.titles(), copy.batches[0]?.isReset], [['of Ben'], true])
  })

  test('asks for no more while a batch is being applied', async () => {
    const user = await world.signUp()
    for (const title of ['a', 'b', 'c']) await newTask(user, title)
    const copy = new Copy()
    const applying = Promise.withResolvers<void>()
    const applied = Promise.withResolvers<void>()
    let asked = 0
    await using _ = start(user, copy, {
      pageSize: 1,
      fetch: (url, init) => (asked++, fetch(url, init)),
      apply: async (batch) => {
        applying.resolve()
        await applied.promise
        copy.apply(batch)
      },
    })
    await applying.promise
    // A request of our own takes longer than one that the follower would have sent by now.
    await ask(user, 'GET', '/api/tasks')
    assert.deepEqual([asked, copy.stored], [1, undefined])
    applied.resolve()
    await copy.upToDate()
    assert.equal(asked, 3)
  })

  test('ends with the error of apply, without keeping the cursor: the next run repeats the changes', async () => {
    const user = await world.signUp()
    await newTask(user)
    const copy = new Copy()
    const error = new Error('the disk is full')
    const failing = start(user, copy, { apply: () => Promise.reject(error) })
    await assert.rejects(failing.done, error)
    assert.deepEqual([failing.status, copy.stored], ['ended', undefined])
    await using _ = start(user, copy)
    await copy.upToDate()
    assert.deepEqual(copy.titles(), ['x'])
  })

  test('ends when the credential is refused, or cannot be sent', async () => {
    const user = await world.signUp()
    const refused = start(user, new Copy(), { auth: { token: 'x'.repeat(32) } })
    await assert.rejects(refused.done, (error) => isProblem(error, 'unauthenticated'))
    await assert.rejects(start(user, new Copy(), { auth: { token: 'a b' } }).done, TypeError)
  })

  test('continues by itself after failures of the network and of the service', async () => {
    const user = await world.signUp()
    await newTask(user)
    const copy = new Copy()
    const failures = [
      () => Promise.reject(new TypeError('fetch failed')),
      () => Promise.resolve(new Response('<html>', { status: 502 })),
      () => Promise.resolve(Response.json({ code: 'unavailable', detail: 'x', retryAfter: 0 }, { status: 503 })),
    ]
    await using _ = start(user, copy, { fetch: (url, init) => failures.shift()?.() ?? fetch(url, init) })
    await copy.upToDate()
    assert.deepEqual([copy.titles(), copy.statuses[0]], [['x'], 'waiting'])
  })

  test('ends with its signal, and breaks a request off', async () => {
    const user = await world.signUp()
    const stop = new AbortController()
    const asked = Promise.withResolvers<void>()
    const follower = start(user, new Copy(), {
      signal: stop.signal,
      fetch: (_, init) => {
        asked.resolve()
        return new Promise((_resolve, reject) =>
          init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)),
        )
      },
    })
    await asked.promise
    stop.abort()
    await follower.done
    assert.equal(follower.status, 'ended')
    const never = start(user, new Copy(), { signal: AbortSignal.abort() })
    await never.done
  })
})

const eventOf = (cursor: string, change: Json): string =>
  `event: change\nid: ${cursor}\ndata: ${JSON.stringify(change)}\n\n`
const READY = 'event: ready\ndata: {}\n\n'

/** Changes after a cursor, as the service gives them, with the cursor of each. */
async function changesAfter(user: User, cursor: string): Promise<readonly (readonly [string, Json])[]> {
  const changes: [string, Json][] = []
  for (let from = cursor; ;) {
    const page = await ask(user, 'GET', `/api/changes?limit=1&cursor=${from}`)
    from = page.headers.get('x-next-cursor') ?? ''
    if (page.json.length > 0) changes.push([from, page.json[0]])
    if (page.headers.get('x-has-more') === 'false') return changes
  }
}

suite('a follower with an event stream', () => {
  const startLive = (user: User, copy: Copy, options: Partial<FollowOptions> = {}): Follower =>
    start(user, copy, { baseUrl: proxy.url, live: true, ...options })

  async function connected(user: User, copy: Copy): Promise<Stream> {
    const stream = await proxy.next()
    stream.send(READY)
    await copy.until(() => copy.statuses.at(-1) === 'live')
    assert.equal(stream.headers.authorization, `Bearer ${user.token}`)
    assert.deepEqual(stream.path, `/api/events?cursor=${copy.stored}`)
    return stream
  }

  test('applies the changes that arrive together as one batch, each entity once, and none twice', async () => {
    const user = await world.signUp()
    const copy = new Copy()
    await using follower = startLive(user, copy)
    const stream = await connected(user, copy)
    const from = copy.stored ?? ''
    const task = await newTask(user, 'a')
    const [created] = await changesAfter(user, from)
    await ask(user, 'PATCH', `/api/tasks/${task.id}`, { title: 'b' })
    await newTask(user, 'c')
    const changes = await changesAfter(user, from)
    assert.ok(created !== undefined && changes.length === 2)
    const texts = [created, ...changes].map(([cursor, change]) => eventOf(cursor, change))
    stream.send(texts.join(''))
    const [last = ''] = changes.at(-1) ?? []
    await follower.seen(last)
    stream.send(texts.join(''))
    const written = await ask(user, 'DELETE', `/api/tasks/${task.id}`)
    const [deleted] = await changesAfter(user, last)
    assert.ok(deleted !== undefined)
    stream.send(`: beat\n\n${eventOf(...deleted)}`)
    await follower.seen(cursorOf(written))
    assert.deepEqual(
      copy.batches.slice(1).map((batch) => batch.changes.map(({ data }) => data?.title)),
      [['b', 'c'], [undefined]],
    )
    assert.deepEqual([copy.titles(), copy.stored], [['c'], deleted[0]])
  })

  test('leaves out kinds of entities that it does not know, in pages and in events', async () => {
    const user = await world.signUp()
    await newTask(user, 'task')
    const copy = new Copy()
    const asIfProjects = (text: string): string => text.replaceAll('"type":"task"', '"type":"project"')
    await using follower = startLive(user, copy, {
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        if (!url.includes('/api/changes')) return response
        return new Response(asIfProjects(await response.text()), response)
      },
    })
    const stream = await connected(user, copy)
    const written = await ask(user, 'POST', '/api/tasks', { title: 'another' })
    const [change] = await changesAfter(user, copy.stored ?? '')
    assert.ok(change !== undefined)
    stream.send(asIfProjects(eventOf(...change)))
    await follower.seen(cursorOf(written))
    assert.deepEqual([copy.titles(), copy.batches.map(({ changes }) => changes)], [[], [[]]])
  })

  for (const [what, happens] of [
    ['is cut', (stream: Stream) => stream.cut()],
    ['ends', (stream: Stream) => stream.end()],
    ['says end', (stream: Stream) => stream.send('event: end\ndata: {"reason":"hour"}\n\n')],
    ['says resync', (stream: Stream) => stream.send('event: resync\ndata: {}\n\n')],
    ['stays silent', () => undefined],
    ['sends what is no change', (stream: Stream) => stream.send('event: change\nid: 999.x\ndata: {"seq"\n\n')],
  ] as const) {
    test(`whose stream ${what} catches up and connects again`, async () => {
      const user = await world.signUp()
      const copy = new Copy()
      await using _ = startLive(user, copy, { silenceMs: 300 })
      const stream = await connected(user, copy)
      await newTask(user, 'meanwhile')
      happens(stream)
      await stream.closed
      const again = await connected(user, copy)
      assert.deepEqual(copy.titles(), ['meanwhile'])
      again.end()
    })
  }

  test('starts again from nothing when the service says resync and the cursor has expired', async () => {
    const user = await world.signUp()
    await newTask(user, 'old')
    const copy = new Copy()
    await using _ = startLive(user, copy)
    const stream = await connected(user, copy)
    await world.asOwner((client) => client.query('delete from changes where user_id = $1', [user.id]))
    copy.tasks.set('vanished', { title: 'vanished' })
    stream.send('event: resync\ndata: {}\n\n')
    await copy.until(() => copy.batches.length === 2 && copy.batches[1]?.isUpToDate === true)
    assert.deepEqual([copy.batches[1]?.isReset, copy.titles()], [true, ['old']])
  })

  test('ends when the stream says that the session has ended', async () => {
    const user = await world.signUp()
    const copy = new Copy()
    await using follower = startLive(user, copy)
    const stream = await connected(user, copy)
    await ask(user, 'POST', '/api/auth/sign-out')
    stream.send('event: end\ndata: {"reason":"credential"}\n\n')
    await assert.rejects(follower.done, (error) => isProblem(error, 'unauthenticated'))
  })

  test('reads no further than it applies, so that the service notices', async () => {
    const user = await world.signUp()
    const copy = new Copy()
    const applying = Promise.withResolvers<void>()
    const applied = Promise.withResolvers<void>()
    await using follower = startLive(user, copy, {
      apply: async (batch) => {
        if (batch.changes.length > 0) {
          applying.resolve()
          await applied.promise
        }
        copy.apply(batch)
      },
    })
    const stream = await connected(user, copy)
    const written = await ask(user, 'POST', '/api/tasks', { title: 'a' })
    const [change] = await changesAfter(user, copy.stored ?? '')
    assert.ok(change !== undefined)
    stream.send(eventOf(...change))
    await applying.promise
    for (let n = 0; n < 32; n++) stream.send(`: ${'x'.repeat(1_000_000)}\n`)
    // A round trip through the proxy: time for a client that reads.
    await ask(user, 'GET', '/api/tasks')
    assert.equal(stream.isBehind, true)
    applied.resolve()
    await follower.seen(cursorOf(written))
    assert.deepEqual(copy.titles(), ['a'])
  })

  for (const [what, answer] of [
    ['does not exist', () => new Response(null, { status: 404 })],
    ['is refused', () => Response.json({ code: 'too_many_requests', detail: 'x', retryAfter: 60 }, { status: 429 })],
    ['is a page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed'))],
  ] as const) {
    test(`that ${what} asks for changes instead`, async () => {
      const user = await world.signUp()
      const copy = new Copy()
      let streams = 0
      await using follower = startLive(user, copy, {
        pollMs: 5,
        backOffMaxMs: 60_000,
        fetch: async (url, init) =>
          url.includes('/api/events') ? (streams++, await answer()) : await fetch(url, init),
      })
      await copy.until(() => follower.status === 'polling')
      await follower.seen(cursorOf(await ask(user, 'POST', '/api/tasks', { title: 'a' })))
      await follower.seen(cursorOf(await ask(user, 'POST', '/api/tasks', { title: 'b' })))
      assert.deepEqual(copy.titles(), ['a', 'b'])
      assert.ok(streams >= 1)
    })
  }
})

suite('a follower of the service itself', () => {
  const startLive = (user: User, copy: Copy): Follower => start(user, copy, { live: true })
  const isLive = (copy: Copy) => (): boolean => copy.statuses.at(-1) === 'live'

  test('receives what was written before and while it connects, and what others write later, by events alone', async () => {
    const user = await world.signUp()
    await newTask(user, 'before')
    const copy = new Copy()
    let asked = 0
    await using follower = start(user, copy, {
      live: true,
      fetch: (url, init) => {
        if (url.includes('/api/changes')) asked++
        return fetch(url, init)
      },
    })
    await copy.upToDate()
    const written = await ask(user, 'POST', '/api/tasks', { title: 'while' })
    await follower.seen(cursorOf(written))
    await copy.until(isLive(copy))
    const operations = ['a', 'b', 'c'].map((title) => ({ op: 'create', task: { title } }))
    const batch = await ask(user, 'POST', '/api/tasks/batch', { operations })
    await follower.seen(cursorOf(batch))
    assert.deepEqual(copy.titles(), ['a', 'b', 'before', 'c', 'while'])
    const last = await ask(user, 'DELETE', `/api/tasks/${written.json.id}`)
    await follower.seen(cursorOf(last))
    assert.deepEqual([copy.titles(), asked], [['a', 'b', 'before', 'c'], 1])
  })

  test('loads again when the log does not have its cursor any more', async () => {
    const user = await world.signUp()
    await newTask(user, 'old')
    const copy = new Copy()
    await using first = startLive(user, copy)
    await copy.until(isLive(copy))
    await first.close()
    await world.asOwner((client) => client.query('delete from changes where user_id = $1', [user.id]))
    copy.tasks.set('vanished', { title: 'vanished' })
    copy.statuses.length = 0
    await using _ = startLive(user, copy)
    await copy.until(isLive(copy))
    assert.deepEqual([copy.titles(), copy.batches.at(-1)?.isReset], [['old'], true])
  })
})
