import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import fastify from 'fastify'
import { canonicalJson } from '../lib/json.ts'
import { once } from './once.ts'

/** The fingerprints of a request, oldest version first. */
async function fingerprints(
  query = '',
  { id = 'A1', body = { a: 1 }, ifMatch = '"1"', name = 'id' } = {},
): Promise<[string, string]> {
  const app = fastify()
  app.patch(`/api/tasks/:${name}/complete`, async (request, reply) =>
    once(request, reply)?.fingerprints.map((each) => each.toString('hex')),
  )
  const answer = await app.inject({
    method: 'PATCH',
    url: `/api/tasks/${id}/complete${query}`,
    headers: { 'idempotency-key': 'k', 'if-match': ifMatch },
    payload: body,
  })
  return answer.json()
}

const newest = async (...request: Parameters<typeof fingerprints>): Promise<string> =>
  (await fingerprints(...request))[1]

suite('the fingerprint of a request with an Idempotency-Key', () => {
  test('includes the query, but not the order of its parameters', async () => {
    assert.equal(await newest('?a=1&b=2'), await newest('?b=2&a=1'))
    const others = ['', '?a=1', '?a=1&b=3', '?a=1&b=2&c=3', '?a=1&a=1&b=2']
    for (const other of others) assert.notEqual(await newest('?a=1&b=2'), await newest(other), other)
  })

  test('ignores the case of an id, the name of its parameter, and the weakness of an entity tag', async () => {
    const same = await newest()
    assert.equal(await newest('', { id: 'a1' }), same)
    assert.equal(await newest('', { name: 'taskId' }), same)
    assert.equal(await newest('', { ifMatch: 'W/"1"' }), same)
    assert.notEqual(await newest('', { id: 'a2' }), same)
    assert.notEqual(await newest('', { ifMatch: '"2"' }), same)
    assert.notEqual(await newest('', { body: { a: 2 } }), same)
  })

  test('of version 1 consists of method, route, ids, If-Match and body', async () => {
    const parts = ['PATCH', '/api/tasks/:id/complete', ['a1'], '"1"', { a: 1 }]
    const expected = createHash('sha256').update(canonicalJson(parts)).digest('hex')
    const [first] = await fingerprints()
    assert.equal(first, expected)
    assert.notEqual((await fingerprints('?a=1'))[0], expected, 'version 1 had no query')
  })
})
