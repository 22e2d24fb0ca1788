import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { WriteRequest } from './feature-cases.ts'
import { type Answer, type Asking, type User, type World } from './world.ts'
import { caseOf, openSurroundedWorld, WRITES, writesBy } from './writes.ts'

let world: World
let ada: User

before(async () => {
  world = await openSurroundedWorld()
  ada = await world.signUp()
})
after(() => world[Symbol.asyncDispose]())

const ask = (method: string, { path, ...asking }: WriteRequest & Asking): Promise<Answer> =>
  world.ask(method, path, { ...asking, token: ada.token })
const cases = writesBy(ask, (work) => world.asOwner(work))

/** The bodies of the others are merge patches. Completing without a body is in test/optional-bodies.test.ts. */
const MERGING = WRITES.filter(({ method, operation }) => method === 'PATCH' && operation.requestBody?.required === true)

suite('every merge patch', () => {
  test('is found in the document', () => {
    assert.ok(MERGING.length >= 4, `${MERGING.length}`)
  })

  for (const { name } of MERGING) {
    test(`${name} with an empty object is 200 and changes nothing`, async () => {
      const { path, body } = await caseOf(cases, name)
      const changed = await ask('PATCH', { path, body })
      assert.equal(changed.status, 200, changed.text)
      const { status, json, headers } = await ask('PATCH', { path, raw: '{}' })
      assert.deepEqual([status, json], [200, changed.json])
      assert.equal(headers.get('etag'), changed.headers.get('etag'))
    })

    test(`${name} refuses a body that is not an object, and names an unknown member`, async () => {
      const { path } = await caseOf(cases, name)
      for (const raw of [undefined, '', 'null', '[]', '"x"', '1']) {
        const { status, json } = await ask('PATCH', { path, raw })
        assert.deepEqual([status, json?.detail], [422, 'The body must be an object'], String(raw))
      }
      const { status, json } = await ask('PATCH', { path, body: { unknown: 1 } })
      assert.deepEqual([status, json?.detail], [422, 'unknown is not a known field'])
    })
  }
})
