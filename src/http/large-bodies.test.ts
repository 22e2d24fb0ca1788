import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { assertProblem, dial, lines } from '../../test/wire.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
const MIB = 1024 * 1024
/** Much longer than validation takes on a busy machine, much shorter than with a validator that collects every error. */
const QUICK_MS = 2_000

let world: World
let ada: User

before(async () => {
  world = await openWorld()
  ada = await world.signUp()
})
after(() => world[Symbol.asyncDispose]())

suite('a body over 1 MiB', () => {
  const pieces = Array.from({ length: 32 }, () => Buffer.alloc(64 * 1024, 'a'))
  const chunks = [...pieces.flatMap((piece) => ['10000\r\n', piece, '\r\n']), '0\r\n\r\n']
  const ways: readonly [how: string, header: string, parts: readonly (string | Uint8Array)[]][] = [
    ['with Content-Length', `Content-Length: ${2 * MIB}`, pieces],
    ['in chunks', 'Transfer-Encoding: chunked', chunks],
  ]
  for (const [how, size, parts] of ways) {
    for (const connection of ['keep-alive', 'close']) {
      test(`${how} over Connection: ${connection} is 413, which the client can read after it has sent the whole body`, async () => {
        using wire = await dial(world.url)
        const head = [`POST ${TASKS} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${ada.token}`]
        await wire.send(lines(...head, 'Content-Type: application/json', `Connection: ${connection}`, size), ...parts)
        assert.equal(wire.socket.destroyed, false)
        assertProblem(await wire.answer(), { status: 413, code: 'body_too_large', path: TASKS })
        assert.equal(await wire.ended(), '')
      })
    }
  }

  test('on a request that is refused for another reason gets that refusal, which the client can read too', async () => {
    const wanted: readonly [line: string, status: number, code: string, path: string][] = [
      [`POST ${TASKS}`, 401, 'unauthenticated', TASKS],
      ['POST /nope', 404, 'not_found', '/nope'],
      [`PUT ${TASKS}`, 405, 'method_not_allowed', TASKS],
    ]
    for (const [line, status, code, path] of wanted) {
      using wire = await dial(world.url)
      const size = `Content-Length: ${2 * MIB}`
      await wire.send(lines(`${line} HTTP/1.1`, 'Host: x', 'Connection: close', size), ...pieces)
      assertProblem(await wire.answer(), { status, code, path })
      assert.equal(await wire.ended(), '')
    }
  })

  test('is refused before it is received, and the connection does not wait for it', async () => {
    using wire = await dial(world.url)
    const head = [`POST ${TASKS} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${ada.token}`]
    await wire.send(lines(...head, 'Content-Type: application/json', `Content-Length: ${2 * MIB}`))
    assertProblem(await wire.answer(), { status: 413, code: 'body_too_large', path: TASKS })
    assert.equal(await wire.ended(), '')
  })

  test('that fetch sends is refused in the same way, and one of exactly 1 MiB is accepted', async () => {
    const post = (size: number): Promise<Answer> =>
      world.ask('POST', TASKS, { token: ada.token, raw: `{"title":"${'a'.repeat(size - 12)}"}` })
    assertProblem(await post(MIB + 1), { status: 413, code: 'body_too_large', path: TASKS })
    assertProblem(await post(MIB), { status: 422, code: 'invalid_input', path: TASKS })
  })

  test('of a refused request does not affect the next request on the connection', async () => {
    using wire = await dial(world.url)
    await wire.send(lines(`POST ${TASKS} HTTP/1.1`, 'Host: x', `Content-Length: ${2 * MIB}`), ...pieces)
    assertProblem(await wire.answer(), { status: 401, code: 'unauthenticated', path: TASKS })
    await wire.send(lines('GET /health HTTP/1.1', 'Host: x'))
    assert.equal((await wire.answer()).status, 200)
  })
})

suite('a body of nearly 1 MiB', () => {
  const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join(',')
  const bodies: readonly [what: string, body: string][] = [
    ['85 000 unknown fields', `{"title":"a",${Array.from({ length: 85_000 }, (_, n) => `"k${n}":1`).join(',')}}`],
    ['260 000 equal tags', `{"title":"a","tags":[${times(260_000, '"a"')}]}`],
    [
      '110 000 different tags',
      `{"title":"a","tags":[${Array.from({ length: 110_000 }, (_, n) => `"${n}"`).join(',')}]}`,
    ],
    ['340 000 empty tags', `{"title":"a","tags":[${times(340_000, '""')}]}`],
    ['500 000 numbers as tags', `{"title":"a","tags":[${times(500_000, '1')}]}`],
    ['340 000 objects as tags', `{"title":"a","tags":[${times(340_000, '{}')}]}`],
    ['500 000 numbers as the body', `[${times(500_000, '1')}]`],
    ['a title of a million characters', `{"title":"${'a'.repeat(1_000_000)}"}`],
    ['a title of a million spaces', `{"title":"${' '.repeat(1_000_000)}"}`],
    ['a field name of a million characters', `{"title":"a","${'a'.repeat(1_000_000)}":1}`],
    ['a due date of a million digits', `{"title":"a","dueDate":"2025-12-27T17:00:00.${'1'.repeat(1_000_000)}"}`],
  ]
  for (const [what, raw] of bodies) {
    test(`with ${what} is 422 in time, with a short answer`, async () => {
      const from = performance.now()
      const answer = await world.ask('POST', TASKS, { token: ada.token, raw })
      const tookMs = performance.now() - from
      assertProblem(answer, { status: 422, code: 'invalid_input', path: TASKS })
      assert.ok(answer.text.length < 4096, `${answer.text.length} characters`)
      assert.ok(tookMs < QUICK_MS, `${tookMs} ms`)
    })
  }

  test('with many errors gets a list of at most twenty', async () => {
    const fields = Array.from({ length: 500 }, (_, n) => `"${n}${'x'.repeat(100)}":1`).join(',')
    const answer = await world.ask('POST', TASKS, { token: ada.token, raw: `{"title":"a",${fields}}` })
    assertProblem(answer, { status: 422, code: 'invalid_input', path: TASKS })
    assert.equal(answer.json.errors.length, 20)
    assert.ok(answer.text.length < 8192)
  })
})
