import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { checksum } from './checksum.ts'
import type { WriteRequest } from './feature-cases.ts'
import { type Answer, type User, type World } from './world.ts'
import { caseOf, openSurroundedWorld, WRITES, writesBy } from './writes.ts'

let world: World
let ada: User

before(async () => {
  world = await openSurroundedWorld()
})
after(() => world[Symbol.asyncDispose]())

const ask = (method: string, { path, body, headers = {} }: WriteRequest): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body, headers })
const cases = writesBy(ask, (work) => world.asOwner(work))

suite('every route that writes', () => {
  for (const { name, method, operation } of WRITES) {
    const checksIfMatch = operation.parameters.some((each: { name?: string }) => each.name === 'if-match')
    const refused = checksIfMatch ? [412, 'precondition_failed'] : [400, 'invalid_header']

    test(`${name} with a tag that is not the current one in If-Match is ${refused.join(', ')} and changes nothing`, async () => {
      ada = await world.signUp()
      const request = await caseOf(cases, name)
      const earlier = await checksum(world)
      const { status, json, text } = await ask(method, { ...request, headers: { 'if-match': '"stale"' } })
      assert.deepEqual([status, json?.code], refused, text)
      assert.equal(await checksum(world), earlier)
      const { status: accepted } = await ask(method, { ...request, headers: { 'if-match': '*' } })
      assert.ok(accepted < 300, `with If-Match: * it is ${accepted}`)
    })

    test(`${name} refuses If-None-Match and names it`, async () => {
      ada = await world.signUp()
      const request = await caseOf(cases, name)
      const earlier = await checksum(world)
      for (const header of ['*', '"1"']) {
        const { status, json, text } = await ask(method, { ...request, headers: { 'if-none-match': header } })
        assert.deepEqual([status, json?.code], [400, 'invalid_header'], text)
        assert.match(json.detail, /^If-None-Match must be left out/)
      }
      assert.equal(await checksum(world), earlier)
    })

    test(`${name} refuses an ended session before it looks at a condition`, async () => {
      ada = await world.signUp()
      const request = await caseOf(cases, name)
      await ask('POST', { path: '/api/auth/sign-out' })
      const { status } = await ask(method, { ...request, headers: { 'if-match': '"stale"', 'if-none-match': '*' } })
      assert.equal(status, 401)
    })
  }
})
