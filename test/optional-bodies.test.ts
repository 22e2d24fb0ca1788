import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { WriteRequest } from './feature-cases.ts'
import { type Answer, type Asking, type User, type World } from './world.ts'
import { caseOf, openSurroundedWorld, WRITES, writesBy } from './writes.ts'

let world: World
let ada: User

before(async () => {
  world = await openSurroundedWorld()
})
after(() => world[Symbol.asyncDispose]())

const ask = (method: string, { path, ...asking }: WriteRequest & Asking, token = ada.token): Promise<Answer> =>
  world.ask(method, path, { ...asking, token })
const cases = writesBy(ask, (work) => world.asOwner(work))

/** All mean that there is no body: clients send them with every request, or as the value of a body that they leave out. */
const EMPTY: Readonly<Record<string, Asking>> = {
  'no body': {},
  'no body, with a content type': { headers: { 'content-type': 'application/json' } },
  'a body without bytes': { raw: '' },
  null: { raw: 'null' },
  'an empty object': { raw: '{}' },
  'an empty object between white space': { raw: '\n { } ' },
}
const REFUSED: readonly string[] = ['[]', '""', '0', 'false', '[{}]', '"{}"', '{"unknown":1}']

const withoutBody = WRITES.filter(({ operation }) => operation.requestBody?.required !== true)

suite('a route whose body is optional, or that has none', () => {
  test('is found in the document', () => {
    const names = new Set(withoutBody.map(({ name }) => name))
    for (const name of ['PATCH /api/tasks/{id}/complete', 'POST /api/tasks/{id}/skip', 'DELETE /api/tasks/{id}']) {
      assert.ok(names.has(name), name)
    }
  })

  for (const { name, method } of withoutBody) {
    test(`${name} takes an empty body in every form, and refuses another one`, async () => {
      const statuses: Record<string, number> = {}
      for (const [form, { headers, ...body }] of Object.entries(EMPTY)) {
        // Some routes have limits of their own for each user.
        ada = await world.signUp()
        const request = await caseOf(cases, name)
        assert.equal(request.body, undefined)
        const answer = await ask(method, { ...request, ...body, headers: { ...request.headers, ...headers } })
        statuses[form] = answer.status
      }
      const [status = 0] = Object.values(statuses)
      assert.ok(status >= 200 && status < 300, `${status}`)
      assert.deepEqual(statuses, Object.fromEntries(Object.keys(EMPTY).map((form) => [form, status])))
      const request = await caseOf(cases, name)
      for (const raw of REFUSED) {
        const { status, json } = await ask(method, { ...request, raw })
        assert.deepEqual([status, json?.code, json?.errors?.[0]?.in], [422, 'invalid_input', 'body'], raw)
      }
      assert.equal((await ask(method, { ...request, raw: '{' })).status, 400)
    })
  }

  for (const path of ['sign-out', 'revoke-sessions', 'revoke-other-sessions']) {
    test(`POST /api/auth/${path} does so too`, async () => {
      for (const [form, asking] of Object.entries(EMPTY)) {
        const { token } = await world.signUp()
        const { status, text } = await ask('POST', { path: `/api/auth/${path}`, ...asking }, token)
        assert.equal(status, 200, `${form}: ${text}`)
      }
      const { token } = await world.signUp()
      for (const raw of REFUSED) {
        assert.equal((await ask('POST', { path: `/api/auth/${path}`, raw }, token)).status, 422, raw)
      }
    })
  }
})
