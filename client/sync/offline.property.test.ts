import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { SERVER_URL } from '../../test/databases.ts'
import { Device, type Fetch } from '../../test/device.ts'
import { openWorld, type World } from '../../test/world.ts'
import type { components, Task } from '../index.ts'
import type { Outbox } from './index.ts'

const RUNS = SERVER_URL === undefined ? 5 : 15
const DELAY_MS = 15

let world: World

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

type Fate = 'pass' | 'lose the request' | 'lose the answer' | 'send twice' | 'delay the answer'
type Results = readonly components['schemas']['BatchResult'][]

/** A network between devices and the service that does what `fates` say, until it is healed. */
class Network {
  readonly #fates: Iterator<Fate>
  /** What the service has answered to the batch with this Idempotency-Key. */
  readonly results = new Map<string, Results>()
  isHealed = false

  constructor(fates: Iterable<Fate>) {
    this.#fates = fates[Symbol.iterator]()
  }

  readonly fetch: Fetch = async (url, init) => {
    const fate = this.isHealed ? 'pass' : (this.#fates.next().value as Fate)
    if (fate === 'lose the request') throw new TypeError('fetch failed')
    if (url.includes('/api/events')) return await this.#stream(url, init, fate)
    const sent = fate === 'send twice' ? [this.#send(url, init), this.#send(url, init)] : [this.#send(url, init)]
    const [answer] = await Promise.all(sent)
    if (fate === 'lose the answer' || answer === undefined) throw new TypeError('fetch failed')
    if (fate === 'delay the answer') await new Promise((resolve) => setTimeout(resolve, DELAY_MS))
    return answer
  }

  /** A stream that does not pass is cut after a while. */
  #stream(url: string, init: RequestInit, fate: Fate): Promise<Response> {
    if (fate === 'pass') return fetch(url, init)
    const cut = AbortSignal.timeout(DELAY_MS)
    return fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, cut]) : cut })
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const response = await fetch(url, init)
    const key = new Headers(init.headers).get('idempotency-key')
    if (key === null || !response.ok) return response
    const { results } = (await response.clone().json()) as { results: Results }
    // A repeated batch has the answer of the first.
    assert.deepEqual(results, this.results.get(key) ?? results)
    this.results.set(key, results)
    return response
  }

  /** How many changes the service has made by what it has answered. */
  get changes(): number {
    return [...this.results.values()].flat().filter(({ status }) => status < 300).length
  }
}

type Act = (device: Device, unique: () => string) => Promise<unknown>

const on =
  (at: number, act: (outbox: Outbox, id: string, unique: () => string) => Promise<unknown>): Act =>
  async (device, unique) => {
    const ids = [...device.tasks().keys()]
    const id = ids[at % ids.length]
    if (id !== undefined) await act(device.outbox, id, unique)
  }

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Act>(({ outbox }, unique) => outbox.create({ title: unique() })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.nat(), fc.constantFrom('title', 'description'))
      .map(([at, name]) => on(at, (outbox, id, unique) => outbox.update(id, { [name]: unique() }))),
  },
  { weight: 1, arbitrary: fc.nat().map((at) => on(at, (outbox, id) => outbox.delete(id))) },
  { weight: 4, arbitrary: fc.constant<Act>((device) => device.flush()) },
  {
    weight: 1,
    arbitrary: fc.constant<Act>(async (device) => {
      const flushed = device.flush()
      await device.stop()
      await flushed
      await device.start()
    }),
  },
)

const fate = fc.constantFrom<Fate>(
  'pass',
  'pass',
  'lose the request',
  'lose the answer',
  'send twice',
  'delay the answer',
)

test('two devices that edit offline and in parallel, over a network that loses, repeats and delays, end equal, and each edit is done once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(act, { minLength: 1, maxLength: 15 }), { minLength: 2, maxLength: 2 }),
      fc.infiniteStream(fate),
      fc.boolean(),
      async (acts, fates, live) => {
        const user = await world.signUp()
        const network = new Network(fates)
        const devices = acts.map(
          () => new Device({ baseUrl: world.url, token: user.token, fetch: network.fetch, live, waitMs: DELAY_MS }),
        )
        let edits = 0
        const unique = (): string => `edit ${++edits}`
        await Promise.all(
          devices.map(async (device, at) => {
            await device.start()
            for (const each of acts[at] ?? []) await each(device, unique)
          }),
        )
        network.isHealed = true
        for (const device of devices) while (!(await device.flush()));
        const list = await world.ask('GET', '/api/tasks', { token: user.token })
        const now = new Map((list.json as Task[]).map((task) => [task.id, task]))
        for (const device of devices) {
          await device.follower.seen(list.headers.get('x-sync-cursor') ?? '')
          assert.deepEqual(device.copy, now)
          assert.deepEqual(device.tasks(), now)
          await device.stop()
        }
        const { rows } = await world.asOwner((client) =>
          client.query<{ count: number }>('select count(*)::int as count from changes where user_id = $1', [user.id]),
        )
        assert.equal(rows[0]?.count, network.changes)
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  )
})
