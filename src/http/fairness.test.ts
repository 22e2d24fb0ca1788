import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fastify } from 'fastify'
import { assertProblem } from '../../test/wire.ts'
import { askAt, openWorld, type Answer, type World } from '../../test/world.ts'
import type { Problem } from '../errors.ts'
import { hashSessionToken } from './credential.ts'
import { shareFairly } from './fairness.ts'
import type { App } from './app.ts'
import { Turns } from './turns.ts'
import { servicePrincipal } from '../principal.ts'

interface Gate {
  readonly begun: string[]
  /** Resolves when `count` pieces of work have begun. */
  until(count: number): Promise<void>
  enter(name: string): Promise<void>
  /** Releases the first piece of work that has begun and still waits. */
  release(): void
  open(): void
}

/** Holds work until it is released, in the order in which it began. */
function openGate(): Gate {
  const begun: string[] = []
  const held: (() => void)[] = []
  let isOpen = false
  return {
    begun,
    until: async (count) => {
      while (begun.length < count) await nextTurn()
    },
    enter: (name) => {
      begun.push(name)
      return isOpen ? Promise.resolve() : new Promise((resolve) => held.push(resolve))
    },
    release: () => held.shift()?.(),
    open: () => {
      isOpen = true
      for (const resolve of held.splice(0)) resolve()
    },
  }
}

const times = <T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index)))

/** The distinct statuses. */
const statusesOf = (answers: readonly Answer[]): number[] => [...new Set(answers.map(({ status }) => status))]

suite('the requests of one user', () => {
  let world: World
  let gate: Gate
  /** The users whose work is held. */
  let heavyKeys = ''
  before(async () => {
    world = await openWorld({
      replace: ({ db }) => ({
        db: {
          ...db,
          asUser: async (principal, work, options) => {
            const isHeld = principal.kind === 'session' && principal.proof.join() === heavyKeys
            if (isHeld && typeof work !== 'function' && work.statement.name !== 'scope.who') {
              await gate.enter(String(work.values.find((value) => typeof value === 'number')))
            }
            return db.asUser(principal, work, options)
          },
        },
      }),
    })
  })
  after(() => world[Symbol.asyncDispose]())

  /** Signs up a user whose work the gate holds. */
  async function holdUser() {
    gate = openGate()
    const user = await world.signUp('Ada')
    const { sessionHashSecret } = world.config.auth
    assert.ok(sessionHashSecret)
    heavyKeys = hashSessionToken(user.token, sessionHashSecret.reveal())
    return user
  }

  test('for long lists are answered one after another, in order, and do not delay other users', async () => {
    const ada = await holdUser()
    const ben = await world.signUp('Ben')
    const limits: string[] = []
    const asking: Promise<Answer>[] = []
    for (let limit = 901; limit <= 964; limit++) {
      limits.push(String(limit))
      asking.push(world.ask('GET', `/api/tasks?limit=${limit}`, { token: ada.token }))
      await nextTurn()
    }
    await gate.until(1)
    // Her other requests wait for the first one; those of other users do not.
    const small = await times(50, () => world.ask('GET', '/api/tasks?limit=20', { token: ben.token }))
    const long = await times(5, () => world.ask('GET', '/api/tasks?limit=900', { token: ben.token }))
    assert.deepEqual(statusesOf([...small, ...long]), [200])
    assert.equal(gate.begun.length, 1)
    for (let at = 1; at <= 64; at++) {
      await gate.until(at)
      assert.equal(gate.begun.length, at)
      gate.release()
    }
    assert.deepEqual(statusesOf(await Promise.all(asking)), [200])
    assert.deepEqual([...gate.begun].sort(), limits)
  })

  test('that are short run 64 at a time', async () => {
    const ada = await holdUser()
    const ben = await world.signUp('Ben')
    const asking = times(80, () => world.ask('GET', '/api/tasks?limit=20', { token: ada.token }))
    await gate.until(64)
    assert.equal((await world.ask('GET', '/api/tasks?limit=20', { token: ben.token })).status, 200)
    assert.equal(gate.begun.length, 64)
    gate.open()
    assert.deepEqual(statusesOf(await asking), [200])
  })

  test('do not displace other users while they wait, and beyond 256 are refused at once', async () => {
    const ada = await holdUser()
    const ben = await world.signUp('Ben')
    const ask = (): Promise<Answer> => world.ask('GET', '/api/tasks', { token: ada.token })
    const first = ask()
    await gate.until(1)
    const refused: Answer[] = []
    const asking = times(276, async () => {
      const answer = await ask()
      if (answer.status === 429) refused.push(answer)
      return answer
    })
    while (refused.length < 20) await nextTurn()
    for (const answer of refused) assertProblem(answer, { status: 429, code: 'too_many_requests' })
    assert.equal(refused[0]?.headers.get('retry-after'), '1')
    const others = await times(150, () => world.ask('GET', '/api/tasks?limit=20', { token: ben.token }))
    assert.deepEqual(statusesOf(others), [200])
    gate.open()
    const answers = await asking
    assert.equal(answers.filter(({ status }) => status === 429).length, 20)
    assert.equal(answers.filter(({ status }) => status === 200).length, 256)
    assert.equal((await first).status, 200)
  })

  test('are never executed if the client disconnects while they wait', async () => {
    const ada = await holdUser()
    const first = world.ask('GET', '/api/tasks?limit=901', { token: ada.token })
    await gate.until(1)
    const { hostname, port } = new URL(world.url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET /api/tasks?limit=902 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\n\r\n`)
    await once(socket, 'connect')
    const inFlight = (): number => world.app.connections.count().inFlight
    while (inFlight() < 2) await nextTurn()
    socket.resetAndDestroy()
    while (inFlight() > 1) await nextTurn()
    const last = world.ask('GET', '/api/tasks?limit=903', { token: ada.token })
    gate.open()
    assert.deepEqual(statusesOf([await first, await last]), [200])
    assert.deepEqual(gate.begun, ['901', '903'])
  })
})

suite('a large answer', () => {
  let world: World
  before(async () => {
    world = await openWorld()
  })
  after(() => world[Symbol.asyncDispose]())

  test('is sent in pieces with a Content-Length, with any characters at the cuts', async () => {
    const { token } = await world.signUp()
    // A title of odd length puts surrogate pairs across the cuts.
    const wanted = []
    for (const title of ['a', 'ab', 'abc', '𝕒b']) {
      const description = '😀'.repeat(10_000)
      await world.ask('POST', '/api/tasks', { token, body: { title, description } })
      wanted.unshift({ title, description })
    }
    const list = await world.ask('GET', '/api/tasks', { token })
    assert.deepEqual(
      list.json.map(({ title, description }: { title: string; description: string }) => ({ title, description })),
      wanted,
    )
    assert.equal(list.headers.get('content-length'), String(Buffer.byteLength(list.text)))
    const head = await world.ask('HEAD', '/api/tasks', { token })
    assert.equal(head.headers.get('content-length'), list.headers.get('content-length'))
  })
})

suite('turns of a surface', () => {
  const LARGE_BYTES = 32 * 1024 * 1024

  interface Surface extends AsyncDisposable {
    readonly url: string
    readonly turns: Turns
  }

  /** Two routes whose caller names the user: one is held, one has a large answer. */
  async function openSurface(gate: Gate, times: { waitMaxMs?: number; readWithinMs?: number }): Promise<Surface> {
    const turns = new Turns({ heavyAtOnce: 1, heldBytesPerUser: 1 })
    // shareFairly uses only members of App that are Fastify's own.
    const app = fastify() as unknown as App
    app.decorateRequest('principal', null)
    app.decorateRequest('admitted', null)
    app.setErrorHandler<Problem>(({ code, status, headers }, _request, reply) =>
      reply.code(status).headers(headers).send({ code }),
    )
    app.addHook('onRequest', (request, _reply, done) => {
      const userId = String(request.headers['x-user'])
      request.principal = servicePrincipal('test', userId)
      request.admitted = { subject: userId } as never
      done()
    })
    shareFairly(app, turns, { pause: () => undefined, resume: () => undefined }, times)
    const config = { rows: () => 1_000 }
    app.get('/held', { config }, (request, reply) => {
      void gate.enter(String(request.headers['x-user'])).then(() => reply.send('done'))
    })
    app.get('/large', { config }, (_request, reply) => void reply.send('x'.repeat(LARGE_BYTES)))
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return { url, turns, [Symbol.asyncDispose]: () => app.close() }
  }

  test('a request that waits too long is refused with 503, and the one ahead of it is answered', async () => {
    const gate = openGate()
    await using surface = await openSurface(gate, { waitMaxMs: 20 })
    const headers = { 'x-user': 'ada' }
    const first = askAt(surface.url, 'GET', '/held', { headers })
    await gate.until(1)
    const second = await askAt(surface.url, 'GET', '/held', { headers })
    assert.equal(second.status, 503)
    assert.equal(second.json.code, 'overloaded')
    assert.equal(second.headers.get('retry-after'), '1')
    gate.open()
    assert.equal((await first).status, 200)
    assert.deepEqual(gate.begun, ['ada'])
  })

  test('a client that does not read its large answer is disconnected, and other requests of its user continue', async () => {
    const gate = openGate()
    await using surface = await openSurface(gate, { readWithinMs: 20 - LARGE_BYTES / 64 })
    const { hostname, port } = new URL(surface.url)
    const slow = connect(Number(port), hostname)
    slow.pause().on('error', () => undefined)
    slow.write('GET /large HTTP/1.1\r\nHost: x\r\nX-User: ada\r\n\r\n')
    while (surface.turns.counts.heldBytes === 0) await nextTurn()
    gate.open()
    // This request waits for the answer that is held.
    const held = await askAt(surface.url, 'GET', '/held', { headers: { 'x-user': 'ada' } })
    assert.equal(held.status, 200)
    assert.deepEqual(surface.turns.counts, { waiting: 0, heldBytes: 0, users: 0 })
    slow.destroy()
  })
})
