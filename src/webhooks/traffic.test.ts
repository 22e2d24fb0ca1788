import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Traffic, type Place } from './traffic.ts'

const entered = (place: Place | number): Place => {
  assert.ok(typeof place !== 'number', 'it has to wait')
  return place
}

suite('requests at the same time', () => {
  test('are at most two of a user to a host, four of a user, and eight to a host', () => {
    const traffic = new Traffic()
    const count = (enter: (n: number) => Place | number): number => {
      const places = Array.from({ length: 20 }, (_, n) => enter(n))
      const taken = places.filter((place) => typeof place !== 'number')
      for (const place of taken) place.leave(true)
      return taken.length
    }
    assert.equal(
      count(() => traffic.enter('ada', 'a', false)),
      2,
    )
    assert.equal(
      count((n) => traffic.enter('ada', `host ${n}`, false)),
      4,
    )
    assert.equal(
      count((n) => traffic.enter(`user ${n}`, 'a', false)),
      8,
    )
    assert.equal(
      count((n) => traffic.enter(`user ${n}`, `host ${n}`, false)),
      20,
      'places were not given back',
    )
  })
})

suite('a circuit', () => {
  const openCircuit = () => {
    let nowMs = 0
    const traffic = new Traffic({ now: () => nowMs })
    for (let n = 0; n < 3; n++) entered(traffic.enter('ada', 'a', false)).leave(false)
    return { traffic, pass: (ms: number) => void (nowMs += ms) }
  }

  test('opens after three requests without an answer, for one user and one host', () => {
    const { traffic } = openCircuit()
    assert.equal(traffic.enter('ada', 'a', false), 30_000)
    entered(traffic.enter('ada', 'b', false)).leave(true)
    entered(traffic.enter('ben', 'a', false)).leave(true)
    assert.equal(traffic.open, 1)
  })

  test('does not delay the retries of an event, which have their schedule', () => {
    const { traffic } = openCircuit()
    entered(traffic.enter('ada', 'a', true)).leave(false)
  })

  test('lets one request try after its time, closes if that is answered, and stays open if it is not', () => {
    const { traffic, pass } = openCircuit()
    pass(30_000)
    const trying = entered(traffic.enter('ada', 'a', false))
    assert.equal(traffic.enter('ada', 'a', false), 250)
    trying.leave(false)
    assert.equal(traffic.enter('ada', 'a', false), 30_000)
    pass(30_000)
    entered(traffic.enter('ada', 'a', false)).leave(true)
    const places = [traffic.enter('ada', 'a', false), traffic.enter('ada', 'a', false)].map(entered)
    for (const place of places) place.leave(true)
    assert.equal(traffic.open, 0)
  })

  test('does not open by refusals, which are answers, and forgets failures after an answer', () => {
    const traffic = new Traffic()
    for (let n = 0; n < 10; n++) {
      entered(traffic.enter('ada', 'a', false)).leave(false)
      entered(traffic.enter('ada', 'a', false)).leave(false)
      entered(traffic.enter('ada', 'a', false)).leave(true)
    }
    assert.equal(traffic.open, 0)
  })

  test('does not count a request that was aborted', () => {
    const traffic = new Traffic()
    for (let n = 0; n < 10; n++) entered(traffic.enter('ada', 'a', false)).leave(undefined)
    entered(traffic.enter('ada', 'a', false)).leave(true)
  })
})
