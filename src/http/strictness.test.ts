import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { assertProblem, exchange, lines } from '../../test/wire.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'

let world: World
let ada: User
let id: string

before(async () => {
  world = await openWorld()
  ada = await world.signUp()
  for (const title of ['a', 'b', 'c']) {
    const { status, json, text } = await world.ask('POST', TASKS, { token: ada.token, body: { title } })
    assert.equal(status, 201, text)
    id = json.id
  }
})
after(() => world[Symbol.asyncDispose]())

/** Sends the target without fetch, which would normalise it. */
const get = (target: string): Promise<Answer> =>
  exchange(world.url, lines(`GET ${target} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${ada.token}`))

suite('a query', () => {
  const invalid: readonly [query: string, pointer: string][] = [
    ['limit=abc', '/limit'],
    ['limit=1.5', '/limit'],
    ['limit=1.0', '/limit'],
    ['limit=0', '/limit'],
    ['limit=-0', '/limit'],
    ['limit=-1', '/limit'],
    ['limit=1001', '/limit'],
    [`limit=${'9'.repeat(30)}`, '/limit'],
    [`limit=${'9'.repeat(400)}`, '/limit'],
    ['limit=', '/limit'],
    ['limit', '/limit'],
    ['limit=+5', '/limit'],
    ['limit=%2B5', '/limit'],
    ['limit=1e2', '/limit'],
    ['limit=0x10', '/limit'],
    ['limit=0b11', '/limit'],
    ['limit=1_0', '/limit'],
    ['limit=%205', '/limit'],
    ['limit=5%20', '/limit'],
    ['limit=5%0A', '/limit'],
    ['limit=5%00', '/limit'],
    ['limit=%D9%A5', '/limit'],
    ['limit=true', '/limit'],
    ['limit=null', '/limit'],
    ['limit=NaN', '/limit'],
    ['limit=Infinity', '/limit'],
    ['limit=5;x=1', '/limit'],
    ['limit=5&limit=5', '/limit'],
    ['limit=5&limit=', '/limit'],
    ['cursor=a&cursor=b', '/cursor'],
    ['limt=5', '/limt'],
    ['Limit=5', '/Limit'],
    ['limit[]=5', '/limit[]'],
    ['limit[0]=5', '/limit[0]'],
    ['a%2Fb~=5', '/a~1b~0'],
    ['x=1&x=2', '/x'],
    ['=1', '/'],
  ]
  for (const [query, pointer] of invalid) {
    test(`of ${query.slice(0, 40)} is 422 and names ${pointer}`, async () => {
      const answer = await get(`${TASKS}?${query}`)
      assertProblem(answer, { status: 422, code: 'invalid_input', path: TASKS })
      assert.deepEqual(
        answer.json.errors.map((each: { in: string; pointer: string }) => [each.in, each.pointer]),
        [['query', pointer]],
      )
      assert.equal(answer.json.detail, answer.json.errors[0].detail)
    })
  }

  test('with an invalid limit is refused with the rule that it violates', async () => {
    for (const [value, detail] of [
      ['ten', 'query parameter limit must be an integer, in decimal digits'],
      ['0', 'query parameter limit must be at least 1'],
      ['1001', 'query parameter limit must be at most 1000'],
      ['1&limit=2', 'query parameter limit must be given once'],
    ]) {
      assert.equal((await get(`${TASKS}?limit=${value}`)).json.detail, detail)
    }
  })

  test('accepts a limit of decimal digits, percent-encoded or not', async () => {
    for (const query of ['limit=2', 'limit=%32', '%6cimit=2', 'limit=02', '&limit=2&']) {
      const answer = await get(`${TASKS}?${query}`)
      assert.deepEqual([answer.status, answer.json.length], [200, 2], query)
    }
    for (const query of ['', '?', '?&&', '?limit=1000']) {
      const answer = await get(`${TASKS}${query}`)
      assert.deepEqual([answer.status, answer.json.length], [200, 3], query)
    }
  })

  test('with a malformed cursor is 400', async () => {
    for (const cursor of ['', 'a'.repeat(3000), 'a', '%00', 'a.b', '.', 'null']) {
      assertProblem(await get(`${TASKS}?cursor=${cursor}`), { status: 400, code: 'invalid_cursor', path: TASKS })
    }
  })

  test('with several errors is refused with all of them', async () => {
    const answer = await get(`${TASKS}?limit=0&a=1&b=2`)
    assertProblem(answer, { status: 422, code: 'invalid_input', path: TASKS })
    assert.deepEqual(answer.json.errors.map((each: { pointer: string }) => each.pointer).sort(), ['/a', '/b', '/limit'])
  })
})

suite('a path', () => {
  test('may end in a slash', async () => {
    assert.equal((await get(`${TASKS}/`)).status, 200)
    assert.equal((await get(`${TASKS}/${id}/`)).json.id, id)
    assert.equal((await get('/health/')).status, 200)
  })

  test('may have percent-encoded characters that need no encoding', async () => {
    const spelt = `${TASKS}/%30${id.slice(1)}`.replace('-', '%2D')
    assert.equal(id[0], '0')
    const answer = await get(spelt)
    assert.deepEqual([answer.status, answer.json.id], [200, id])
    assert.equal(answer.headers.get('cache-control'), 'private, no-cache')
  })

  test('accepts a UUID in either case and answers in lower case', async () => {
    assert.equal((await get(`${TASKS}/${id.toUpperCase()}`)).json.id, id)
  })

  test('with an id in any other form is 422, and the answer names it', async () => {
    const bare = id.replaceAll('-', '')
    for (const wrong of [
      bare,
      `%7B${id}%7D`,
      `{${id}}`,
      `urn:uuid:${id}`,
      `${id}x`,
      ` ${id}`.replace(' ', '%20'),
      `${id}%0A`,
      `${id}%00`,
      id.slice(1),
      id.replace('-', ''),
      'null',
      '1',
      "1'%20or%201=1",
      `${id}%2Fcomplete`,
      '%2e%2e',
    ]) {
      const answer = await get(`${TASKS}/${wrong}`)
      assert.equal(answer.status, 422, wrong)
      assertProblem(answer, { status: 422, code: 'invalid_input' })
      assert.deepEqual(answer.json.errors, [{ in: 'path', pointer: '/id', detail: 'id must be a UUID' }])
    }
  })

  test('with an extra or encoded slash, dots or another case is 404', async () => {
    for (const wrong of [
      `/${TASKS}`,
      '/api//tasks',
      '/api%2Ftasks',
      `${TASKS}%2F`,
      '/api/./tasks',
      '/api/../api/tasks',
      '/API/tasks',
      `${TASKS};v=1`,
      `${TASKS}%20`,
      `${TASKS}/${id}/complete/x`,
    ]) {
      assertProblem(await get(wrong), { status: 404, code: 'not_found', path: wrong })
    }
  })
})
