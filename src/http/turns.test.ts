import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { TurnBounds } from './turn-bounds.ts'
import { Turns, type Cost, type Turn } from './turns.ts'

const HEAVY = 100

interface Asked {
  bytes?: number | (() => number)
  bodyBytes?: number
  isLong?: boolean
}

/** Requests by name, such as `ada 1`, and which of them have begun, in order. */
function open(bounds: Partial<TurnBounds> = {}) {
  const clock = fakeClock()
  const turns = new Turns({ heavyBytes: HEAVY, heavyAtOnce: 1, lightPerUser: 2, ...bounds }, clock)
  const begun: string[] = []
  const running = new Map<string, Turn>()
  const ask = (name: string, { bytes = 1, bodyBytes = 0, isLong = false }: Asked = {}) => {
    const cost: Cost = { bytes: typeof bytes === 'number' ? () => bytes : bytes, bodyBytes, isLong }
    return turns.request(name.split(' ')[0] ?? '', cost, (turn) => {
      begun.push(name)
      running.set(name, turn)
    })
  }
  /** Ends the request; its client has received the answer, unless it is slow. */
  const finish = (name: string, bytes = 1, { isSlow = false } = {}): void => {
    running.get(name)?.done(bytes)
    if (!isSlow) running.get(name)?.end()
  }
  /** Ends the requests that have begun, in order, until none is left. @returns the order in which all began */
  const finishAll = (bytesOf: (name: string) => number = () => 1): string[] => {
    for (let at = 0; at < begun.length; at++) finish(begun[at] ?? '', bytesOf(begun[at] ?? ''))
    return begun
  }
  return { turns, begun, running, ask, finish, finishAll, clock }
}

/** An event loop that works only when `work` is called, and timers that fire only when `pass` is called. */
function fakeClock() {
  let activeMs = 0
  let timers: { ms: number; run: () => void }[] = []
  return {
    activeMs: () => activeMs,
    after: (ms: number, run: () => void) => void timers.push({ ms, run }),
    work: (ms: number) => void (activeMs += ms),
    pass: (ms: number) => {
      const due = timers.filter((timer) => timer.ms <= ms)
      timers = timers.filter((timer) => timer.ms > ms).map(({ ms: left, run }) => ({ ms: left - ms, run }))
      for (const { run } of due) run()
    },
  }
}

suite('turns', () => {
  test('light requests of a user begin in order, a fixed number at once, and never wait for other users', () => {
    const { begun, ask, finish, turns } = open()
    for (const name of ['ada 1', 'ada 2', 'ada 3', 'ada 4', 'ben 1']) ask(name)
    assert.deepEqual(begun, ['ada 1', 'ada 2', 'ben 1'])
    finish('ada 2')
    assert.deepEqual(begun, ['ada 1', 'ada 2', 'ben 1', 'ada 3'])
    for (const name of ['ada 1', 'ada 3', 'ada 4', 'ben 1']) finish(name)
    assert.deepEqual(turns.counts, { waiting: 0, heldBytes: 0, users: 0 })
  })

  test('heavy requests of a user run one after another, and light ones at the same time', () => {
    const { begun, ask, finishAll } = open({ heavyAtOnce: 3 })
    for (const name of ['ada 1', 'ada 2', 'ada 3']) ask(name, { bytes: HEAVY })
    ask('ada light')
    ask('ben light')
    assert.deepEqual(begun, ['ada 1', 'ada light', 'ben light'])
    assert.deepEqual(finishAll(), ['ada 1', 'ada light', 'ben light', 'ada 2', 'ada 3'])
  })

  test('long requests run one at a time per user, and do not wait for other users', () => {
    const { begun, ask } = open()
    ask('ada heavy', { bytes: HEAVY })
    for (const name of ['ben 1', 'ben 2', 'eve 1']) ask(name, { isLong: true })
    assert.deepEqual(begun, ['ada heavy', 'ben 1', 'eve 1'])
  })

  test('the heavy requests of all users share a few slots, which users get in turn', () => {
    const { begun, ask, finishAll } = open({ heavyAtOnce: 2 })
    for (const name of ['ada 1', 'ada 2', 'ada 3', 'ben 1', 'ben 2', 'eve 1']) ask(name, { bytes: HEAVY })
    assert.deepEqual(begun, ['ada 1', 'ben 1'])
    assert.deepEqual(finishAll(), ['ada 1', 'ben 1', 'eve 1', 'ada 2', 'ben 2', 'ada 3'])
  })

  test('after a heavy request no other starts for a multiple of its working time, if other users asked for something', () => {
    const { begun, ask, finish, clock } = open({ pauseFactor: 3 })
    for (const name of ['ada 1', 'ada 2', 'eve 1']) ask(name, { bytes: HEAVY })
    ask('ben light')
    clock.work(20)
    finish('ada 1', HEAVY)
    clock.pass(59)
    ask('ben light 2')
    ask('kim 1', { isLong: true })
    assert.deepEqual(begun, ['ada 1', 'ben light', 'ben light 2', 'kim 1'], 'only heavy requests pause')
    clock.pass(1)
    assert.deepEqual(begun.slice(4), ['eve 1'])
  })

  test('heavy requests follow one another without a pause while no other user asks for anything', () => {
    const { begun, ask, finish, clock } = open()
    for (const name of ['ada 1', 'ada 2', 'ada 3']) ask(name, { bytes: HEAVY })
    ask('ada light')
    clock.work(20)
    finish('ada 1', HEAVY)
    assert.deepEqual(begun, ['ada 1', 'ada light', 'ada 2'])
  })

  test('a pause is bounded, and each heavy request that ran beside others has its own', () => {
    const { begun, ask, finish, clock } = open({ heavyAtOnce: 2, heavyBytesAtOnce: 2 * HEAVY, pauseMaxMs: 500 })
    for (const name of ['ada 1', 'eve 1', 'kim 1']) ask(name, { bytes: HEAVY })
    ask('ben light')
    clock.work(1)
    finish('ada 1', HEAVY)
    clock.work(60_000)
    finish('eve 1', HEAVY)
    clock.pass(3)
    assert.equal(begun.includes('kim 1'), false)
    clock.pass(497)
    assert.equal(begun.includes('kim 1'), true)
  })

  test('small heavy requests run together, and a large one alone', () => {
    const { begun, ask, finish } = open({ heavyAtOnce: 3, heavyBytesAtOnce: 3 * HEAVY })
    ask('ada 1', { bytes: HEAVY })
    ask('ben 1', { bytes: HEAVY })
    ask('eve 1', { bytes: 5 * HEAVY })
    ask('kim 1', { bytes: HEAVY })
    assert.deepEqual(begun, ['ada 1', 'ben 1'])
    finish('ada 1', HEAVY)
    finish('ben 1', HEAVY)
    assert.deepEqual(begun, ['ada 1', 'ben 1', 'eve 1'])
    finish('eve 1', 5 * HEAVY)
    assert.deepEqual(begun, ['ada 1', 'ben 1', 'eve 1', 'kim 1'])
  })

  test('users with answers of different sizes get the same number of bytes', () => {
    const { ask, finishAll } = open()
    const sizeOf = (name: string): number => (name.startsWith('ada') ? 4 * HEAVY : HEAVY)
    for (let at = 1; at <= 3; at++) ask(`ada ${at}`, { bytes: 4 * HEAVY })
    for (let at = 1; at <= 9; at++) ask(`ben ${at}`, { bytes: HEAVY })
    const order = finishAll(sizeOf).map((name) => name.slice(0, 3))
    assert.equal(order.join(' '), 'ada ben ben ben ben ada ben ben ben ben ada ben')
  })

  test('a user is charged for the actual size of its answers, not for the expected size', () => {
    const { ask, finishAll } = open()
    for (let at = 1; at <= 3; at++) ask(`ada ${at}`, { bytes: HEAVY })
    for (let at = 1; at <= 9; at++) ask(`ben ${at}`, { bytes: HEAVY })
    const order = finishAll((name) => (name.startsWith('ada') ? 4 * HEAVY : HEAVY)).map((name) => name.slice(0, 3))
    assert.equal(order.join(' '), 'ada ben ben ben ben ada ben ben ben ben ada ben')
  })

  test('waiting light requests become heavy if an answer of their kind turns out to be large', () => {
    let bytes = 1
    const { begun, ask, finish } = open()
    for (const name of ['ada 1', 'ada 2', 'ada 3', 'ada 4', 'ada 5']) ask(name, { bytes: () => bytes })
    bytes = HEAVY
    finish('ada 1', HEAVY)
    finish('ada 2', HEAVY)
    assert.deepEqual(begun, ['ada 1', 'ada 2', 'ada 3'])
    finish('ada 3', HEAVY)
    assert.deepEqual(begun, ['ada 1', 'ada 2', 'ada 3', 'ada 4'])
  })

  test('a client that does not read its large answers delays only its own user', () => {
    const { begun, ask, finish, running, turns } = open({ heldBytesPerUser: 2 * HEAVY, heldBytes: 10 * HEAVY })
    for (let at = 1; at <= 4; at++) ask(`ada ${at}`, { bytes: HEAVY })
    finish('ada 1', HEAVY, { isSlow: true })
    finish('ada 2', HEAVY, { isSlow: true })
    assert.deepEqual(begun, ['ada 1', 'ada 2'])
    assert.equal(turns.counts.heldBytes, 2 * HEAVY)
    ask('ada light')
    ask('ben 1', { bytes: HEAVY })
    assert.deepEqual(begun, ['ada 1', 'ada 2', 'ada light', 'ben 1'])
    finish('ben 1', HEAVY)
    running.get('ada 1')?.end()
    assert.deepEqual(begun, ['ada 1', 'ada 2', 'ada light', 'ben 1', 'ada 3'])
  })

  test('the bytes of unread answers of all clients are bounded, and the next request is not overtaken', () => {
    const { begun, ask, finish, running } = open({ heldBytesPerUser: 9 * HEAVY, heldBytes: 3 * HEAVY })
    ask('ada 1', { bytes: 2 * HEAVY })
    ask('ben 1', { bytes: 2 * HEAVY })
    ask('eve 1', { bytes: HEAVY })
    finish('ada 1', 2 * HEAVY, { isSlow: true })
    assert.deepEqual(begun, ['ada 1'])
    running.get('ada 1')?.end()
    assert.deepEqual(begun, ['ada 1', 'ben 1'])
  })

  test('an answer larger than the bound begins when no other is held', () => {
    const { begun, ask } = open({ heldBytesPerUser: HEAVY, heldBytes: HEAVY })
    ask('ada 1', { bytes: 50 * HEAVY })
    assert.deepEqual(begun, ['ada 1'])
  })

  test('waiting requests are bounded per user, in total, and by the size of their bodies', () => {
    const { ask, finish } = open({ waitingPerUser: 2, waiting: 3, waitingBodyBytes: 50, lightPerUser: 1 })
    for (const name of ['ada 1', 'ada 2', 'ada 3']) assert.notEqual(ask(name, { bodyBytes: 10 }), 'user')
    assert.equal(ask('ada 4'), 'user')
    ask('ben 1')
    assert.equal(ask('ben 2', { bodyBytes: 31 }), 'all')
    assert.equal(typeof ask('ben 2', { bodyBytes: 30 }), 'function')
    assert.equal(ask('ben 3'), 'all')
    finish('ada 1')
    assert.equal(typeof ask('ben 3', { bodyBytes: 10 }), 'function')
  })

  test('a withdrawn request never begins, and the next one can begin', () => {
    const { begun, ask, finish, finishAll, turns } = open()
    ask('ada 1', { bytes: HEAVY })
    const withdraw = ask('ada 2', { bytes: HEAVY })
    ask('ada 3', { bytes: HEAVY })
    assert.ok(typeof withdraw === 'function')
    withdraw()
    withdraw()
    finish('ada 1')
    assert.deepEqual(begun, ['ada 1', 'ada 3'])
    finishAll()
    assert.deepEqual(turns.counts, { waiting: 0, heldBytes: 0, users: 0 })
  })

  test('idle users are removed, unless they still have a charge', () => {
    const { ask, finish, turns } = open({ heavyAtOnce: 2 })
    ask('ada 1', { bytes: HEAVY })
    for (let at = 0; at < 5_000; at++) {
      ask(`user-${at} 1`, { bytes: HEAVY })
      finish(`user-${at} 1`, HEAVY)
    }
    assert.ok(turns.counts.users < 2_000, `${turns.counts.users} users`)
    finish('ada 1', HEAVY)
    assert.equal(turns.counts.users, 0)
  })
})
