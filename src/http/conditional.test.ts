import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import { etag, expectedVersion, isFresh } from './conditional.ts'

// The functions read only the headers of the request.
const asking = (headers: Record<string, string>): FastifyRequest => ({ headers }) as unknown as FastifyRequest
const ifMatch = (header: string): FastifyRequest => asking({ 'if-match': header })
const ifNoneMatch = (header: string): FastifyRequest => asking({ 'if-none-match': header })

const refusalOf = (act: () => unknown): Problem => {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof Problem)
    return error
  }
  return assert.fail('was accepted')
}

const MALFORMED = [
  '',
  ' ',
  ',',
  ', ,',
  '3',
  '"3',
  '3"',
  '"3" "4"',
  '"3""4"',
  '"3";"4"',
  'w/"3"',
  'W/3',
  'W/ "3"',
  'W/',
  '"a b"',
  '"\t"',
  '"3"x',
  'x"3"',
  '*, "3"',
  '"3", *',
  '**',
  '"3", 4',
  '"3", "',
  "'3'",
  '"3\u007f"',
]

suite('If-Match', () => {
  test('accepts every version if it is absent', () => {
    expectedVersion(asking({})).check({ version: 7 })
  })

  test('accepts the version if it is * or lists the version', () => {
    for (const header of [
      '*',
      ' * ',
      '"3"',
      ' "3"\t',
      '"1","3"',
      '"1", "3"',
      '"3" ,"1"',
      ',"3",',
      'W/"1", "3"',
      'W/"3"',
      '"3-gzip"',
      '"3--gzip"',
      '"3;gzip"',
      '"3-br"',
      'W/"3-zstd"',
      '"a,b", "3"',
      '"", "3"',
      '"\u00fc", "3"',
    ]) {
      expectedVersion(ifMatch(header)).check({ version: 3 })
    }
  })

  test('that lists only other versions is 412 with the current version', () => {
    for (const header of ['"1"', '"1", "2"', '"03"', '" 3"'.replace(' ', '!'), '"33"', '""', '"3,"', '"1,3"']) {
      const problem = refusalOf(() => expectedVersion(ifMatch(header)).check({ version: 3 }))
      assert.deepEqual([problem.status, problem.code], [412, 'precondition_failed'])
      assert.deepEqual(problem.body, { currentVersion: 3 })
      assert.deepEqual(problem.headers, { etag: '"3"' })
    }
  })

  test('with a weak tag, as from a proxy that compresses, is compared like the strong tag', () => {
    assert.deepEqual(expectedVersion(ifMatch('W/"3", "4-gzip"')).versions, [3, 4])
    assert.equal(refusalOf(() => expectedVersion(ifMatch('W/"2"')).check({ version: 3 })).status, 412)
  })

  test('that fails does not claim that the task was changed, which the service cannot know', () => {
    for (const header of ['"2"', '"4"', '"03"', '"3-tar"']) {
      const { message } = refusalOf(() => expectedVersion(ifMatch(header)).check({ version: 3 }))
      assert.equal(message, 'The task is at version 3, which is not the one you named')
    }
  })

  test('that is no list of entity tags is 400 before the task is read', () => {
    for (const header of MALFORMED) {
      const problem = refusalOf(() => expectedVersion(ifMatch(header)))
      assert.deepEqual([problem.status, problem.code], [400, 'invalid_header'], header)
      assert.match(problem.message, /^if-match must be/)
    }
  })
})

suite('If-None-Match', () => {
  const current = etag({ version: 3 })

  test('never matches if it is absent', () => {
    assert.equal(isFresh(asking({}), current), false)
  })

  test('matches if it is * or lists the version, as a weak or strong tag', () => {
    for (const header of ['*', '"3"', 'W/"3"', '"3-gzip"', '"1", W/"3"', 'W/"1","3"'])
      assert.equal(isFresh(ifNoneMatch(header), current), true)
  })

  test('does not match if it lists only other versions', () => {
    for (const header of ['"1"', 'W/"1"', '"33"', '""', '"W/3"', '"3-tar"', '"1-gzip"'])
      assert.equal(isFresh(ifNoneMatch(header), current), false)
  })

  test('that is no list of entity tags is 400', () => {
    for (const header of MALFORMED) {
      const problem = refusalOf(() => isFresh(ifNoneMatch(header), current))
      assert.deepEqual([problem.status, problem.code], [400, 'invalid_header'], header)
    }
  })

  test('of 256 KiB, more than a request can have, is parsed without quadratic work, with any content', () => {
    const from = performance.now()
    for (const piece of ['"', ',', ' ,', '"",', 'W/', '" "', 'a', '"a', '\t ']) {
      try {
        isFresh(ifNoneMatch(piece.repeat(262_144 / piece.length)), current)
      } catch (error) {
        assert.ok(error instanceof Problem)
      }
    }
    // It takes some 20 ms, and minutes with an expression that goes back for each character.
    assert.ok(performance.now() - from < 10_000)
  })
})
