import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Type, type TSchema } from 'typebox'
import type { ErrorObject } from 'ajv'
import type { Violation } from '../errors.ts'
import { buildValidator } from './validation.ts'
import { violations } from './violations.ts'
import { Nullable, OneOf } from './wire.ts'

const closed = { additionalProperties: false }

/** Pointer and detail of each error in `data`, as in the answer; empty if it is valid. */
function check(schema: TSchema, data: unknown, part: 'body' | 'querystring' | 'params' = 'body'): readonly Violation[] {
  const compile = buildValidator({}, {}) as (route: object) => (data: unknown) => true | { error: ErrorObject[] }
  const outcome = compile({ schema, httpPart: part })(data)
  return outcome === true ? [] : violations(outcome.error, part)
}

const faultsOf = (schema: TSchema, data: unknown): [string, string][] =>
  check(schema, data).map(({ pointer, detail }): [string, string] => [pointer, detail])

suite('a violation', () => {
  const Everything = Type.Object(
    {
      title: Type.Optional(Type.String({ 'x-trim': true, minLength: 1, maxLength: 5, format: 'text' })),
      code: Type.Optional(Type.String({ minLength: 2 })),
      note: Type.Optional(Nullable(Type.String())),
      status: Type.Optional(OneOf(['TODO', 'DONE'])),
      count: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
      ratio: Type.Optional(Type.Number()),
      done: Type.Optional(Type.Boolean()),
      id: Type.Optional(Type.String({ format: 'uuid' })),
      due: Type.Optional(Type.String({ format: 'date-time' })),
      day: Type.Optional(Type.String({ format: 'date' })),
      email: Type.Optional(Type.String({ format: 'email' })),
      tags: Type.Optional(
        Type.Array(Type.String({ maxLength: 3 }), {
          'x-trim-items': true,
          minItems: 1,
          maxItems: 2,
          uniqueItems: true,
        }),
      ),
      nested: Type.Optional(Type.Object({ 'a/b~c': Type.String() }, { ...closed, minProperties: 1 })),
    },
    closed,
  )

  const cases: readonly [data: unknown, pointer: string, detail: string][] = [
    [null, '', 'The body must be an object'],
    [[], '', 'The body must be an object'],
    ['hush', '', 'The body must be an object'],
    [{ title: 1 }, '/title', 'title must be a string'],
    [{ title: null }, '/title', 'title must be a string'],
    [{ title: '' }, '/title', 'title must not be empty'],
    [{ title: ' \u3000\n' }, '/title', 'title must not be empty'],
    [{ title: 'hush..' }, '/title', 'title must have at most 5 characters'],
    [{ title: 'a\0' }, '/title', 'title must not contain NUL or unpaired surrogates'],
    [{ title: 'a\ud800' }, '/title', 'title must not contain NUL or unpaired surrogates'],
    [{ code: 'h' }, '/code', 'code must have at least 2 characters'],
    [{ note: 1 }, '/note', 'note must be a string or null'],
    [{ status: 'hush' }, '/status', 'status must be one of TODO, DONE'],
    [{ status: 1 }, '/status', 'status must be one of TODO, DONE'],
    [{ status: null }, '/status', 'status must be one of TODO, DONE'],
    [{ status: 'todo' }, '/status', 'status must be one of TODO, DONE'],
    [{ count: '1' }, '/count', 'count must be an integer'],
    [{ count: 1.5 }, '/count', 'count must be an integer'],
    [{ count: 0 }, '/count', 'count must be at least 1'],
    [{ count: 10 }, '/count', 'count must be at most 9'],
    [{ ratio: '1' }, '/ratio', 'ratio must be a number'],
    [{ done: 'true' }, '/done', 'done must be a boolean'],
    [{ done: 1 }, '/done', 'done must be a boolean'],
    [{ id: 'hush' }, '/id', 'id must be a UUID'],
    [{ day: '2025-02-29' }, '/day', 'day must be a day such as 2026-12-24, between the years 1900 and 9999'],
    [
      { due: '2025-12-27' },
      '/due',
      'due must be an RFC 3339 date and time with an offset, such as 2025-12-27T17:00:00Z, between the years 1900 and 9999',
    ],
    [
      { due: `2025-12-27T00:00:00.${'1'.repeat(44)}Z` },
      '/due',
      'due must be an RFC 3339 date and time with an offset, such as 2025-12-27T17:00:00Z, between the years 1900 and 9999',
    ],
    [{ email: 'hush' }, '/email', 'email must be an e-mail address'],
    [{ tags: {} }, '/tags', 'tags must be an array'],
    [{ tags: [] }, '/tags', 'tags must have at least 1 item'],
    [{ tags: ['a', 'b', 'c'] }, '/tags', 'tags must have at most 2 items'],
    [{ tags: ['a', ' a '] }, '/tags', 'tags must not have the same item twice'],
    [{ tags: ['a', 'hush'] }, '/tags/1', 'tags.1 must have at most 3 characters'],
    [{ nested: {} }, '/nested', 'nested must have at least one member'],
    [{ nested: { 'a/b~c': 1 } }, '/nested/a~1b~0c', 'nested.a/b~c must be a string'],
    [{ nested: { 'a/b~c': '', 'x~1/': 1 } }, '/nested/x~01~1', 'nested.x~1/ is not a known field'],
    [{ hush: 1 }, '/hush', 'hush is not a known field'],
    [{ '': 1 }, '/', '"" is not a known field'],
    [{ __proto__: 1 }, '', ''],
    [JSON.parse('{"__proto__":1}'), '/__proto__', '__proto__ is not a known field'],
    [{ constructor: 1 }, '/constructor', 'constructor is not a known field'],
    [{ '\ud800': 1 }, '/\ufffd', '\ufffd is not a known field'],
  ]
  for (const [data, pointer, detail] of cases) {
    test(`of ${JSON.stringify(data)} has the detail: ${detail || 'none, because the member is not in the schema'}`, () => {
      const violations = faultsOf(Everything, data)
      if (detail === '') assert.deepEqual(violations, [])
      else
        assert.ok(
          violations.some((each) => each[0] === pointer && each[1] === detail),
          JSON.stringify(violations),
        )
    })
  }

  test('never quotes a value that was sent', () => {
    const secret = 'hunter2-hunter2'
    for (const name of Object.keys(Everything.properties)) {
      for (const value of [secret, [secret], { [secret]: secret }, [[secret]], { a: [secret] }]) {
        // Only names of unknown members are quoted, which can occur only in `nested` here.
        if (name === 'nested' && typeof value === 'object' && !Array.isArray(value)) continue
        assert.doesNotMatch(JSON.stringify(check(Everything, { [name]: value })), /hunter2/, name)
      }
    }
  })

  test('is reported once per field, and at most twenty are reported', () => {
    assert.deepEqual(
      faultsOf(Everything, { title: 1, status: 'x', count: 'x', a: 1, b: 2 })
        .map(([pointer]) => pointer)
        .sort(),
      ['/a', '/b', '/count', '/status', '/title'],
    )
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, n]))
    assert.equal(check(Everything, many).length, 20)
  })

  test('of a missing field has the pointer of the field, not of its parent', () => {
    const schema = Type.Object({ outer: Type.Object({ 'in/ner': Type.String() }) })
    assert.deepEqual(faultsOf(schema, { outer: {} }), [['/outer/in~1ner', 'outer.in/ner is required']])
    assert.deepEqual(faultsOf(schema, {}), [['/outer', 'outer is required']])
  })

  test('quotes the beginning of an unknown name', () => {
    const [[pointer, detail] = ['', '']] = faultsOf(Everything, { ['k'.repeat(100_000)]: 1 })
    assert.equal(pointer, `/${'k'.repeat(64)}…`)
    assert.equal(detail, `${'k'.repeat(64)}… is not a known field`)
    const [[split] = ['']] = faultsOf(Everything, { [`${'k'.repeat(63)}\u{1F600}`]: 1 })
    assert.ok(split.isWellFormed())
  })
})

suite('a body', () => {
  const Text = Type.Object(
    {
      title: Type.String({ 'x-trim': true, maxLength: 3 }),
      tags: Type.Optional(Type.Array(Type.String({ maxLength: 1 }), { 'x-trim-items': true })),
    },
    closed,
  )

  test('does not change, except that some members are trimmed', () => {
    const body = { title: ' abc\n', tags: [' a', 'b '] }
    assert.deepEqual(check(Text, body), [])
    assert.deepEqual(body, { title: 'abc', tags: ['a', 'b'] })
  })

  test('has lengths in code points', () => {
    assert.deepEqual(check(Text, { title: '\u{1F600}\u{1F600}\u{1F600}' }), [])
    assert.equal(check(Text, { title: '\u{1F600}\u{1F600}\u{1F600}\u{1F600}' }).length, 1)
  })

  test('of thousands of values has the same rules, and only its first error is reported', () => {
    const tags = Array.from({ length: 5000 }, () => ' a')
    const valid = { title: 'a', tags }
    assert.deepEqual(check(Text, valid), [])
    assert.equal(valid.tags[4999], 'a')
    assert.deepEqual(faultsOf(Text, { title: 'a', tags: [...tags, 'long', 'longer'] }), [
      ['/tags/5000', 'tags.5000 must have at most 1 character'],
    ])
    assert.deepEqual(faultsOf(Text, { title: 1, tags: tags.map(() => 1) }).length, 1)
    assert.equal(faultsOf(Text, Object.fromEntries(tags.map((_, n) => [n, n]))).length, 1)
  })
})

suite('a query', () => {
  const Query = Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
      flag: Type.Optional(Type.Boolean()),
      text: Type.Optional(Type.String()),
      many: Type.Optional(Type.Array(Type.String())),
    },
    closed,
  )

  test('is converted to integers and booleans where the schema has them', () => {
    const query = { limit: '007', flag: 'false', text: '5' }
    assert.deepEqual(check(Query, query, 'querystring'), [])
    assert.deepEqual(query, { limit: 7, flag: false, text: '5' })
  })

  const lists: readonly [text: string, values: readonly string[]][] = [
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['', ['']],
    [',', ['', '']],
    ['a\\,b,c', ['a,b', 'c']],
    ['a\\\\,b', ['a\\', 'b']],
    ['\\a\\', ['\\a\\']],
    ['a%2Cb,c', ['a,b', 'c']],
    ['%2C', [',']],
    ['a%5C,b', ['a,b']],
    ['a%5C%2Cb', ['a,b']],
    ['a%5C%5C,b', ['a\\', 'b']],
    ['a\\,b\\', ['a,b\\']],
    ['a+b,%2B', ['a b', '+']],
    ['🗓,é', ['🗓', 'é']],
  ]
  for (const [text, values] of lists) {
    test(`has ${JSON.stringify(values)} in ${JSON.stringify(text)} for a list`, () => {
      const query = { many: text }
      assert.deepEqual(check(Query, query, 'querystring'), [])
      assert.deepEqual(query, { many: values })
    })
  }

  test('may have a list as a repeated parameter', () => {
    const query = { many: ['a', 'b,c', 'd%2Ce'] }
    assert.deepEqual(check(Query, query, 'querystring'), [])
    assert.deepEqual(query, { many: ['a', 'b', 'c', 'd,e'] })
  })

  test('is decoded', () => {
    const query = { limit: '%31', text: 'a%2Cb+c%2B' }
    assert.deepEqual(check(Query, query, 'querystring'), [])
    assert.deepEqual(query, { limit: 1, text: 'a,b c+' })
  })

  test('may have encoded commas between values of a fixed set, which contain no comma', () => {
    const Fixed = Type.Object({ many: Type.Array(Type.Unsafe({ type: 'string', enum: ['a', 'b'] })) }, closed)
    const query = { many: ['a%2Cb', 'a'] }
    assert.deepEqual(check(Fixed, query, 'querystring'), [])
    assert.deepEqual(query, { many: ['a', 'b', 'a'] })
  })

  test('with an invalid value in a list has an error for the parameter', () => {
    const Short = Type.Object({ many: Type.Array(Type.String({ maxLength: 1 })) }, closed)
    assert.deepEqual(check(Short, { many: 'a,bb,cc' }, 'querystring'), [
      { in: 'query', pointer: '/many', detail: 'query parameter many must have at most 1 character' },
    ])
  })

  test('with an unknown parameter is refused with the list of known ones', () => {
    const [{ detail } = { detail: '' }] = check(Query, { limt: '1' }, 'querystring')
    assert.equal(detail, 'query parameter limt is unknown; the parameters are limit, flag, text, many')
    const [{ detail: none } = { detail: '' }] = check(Type.Object({}, closed), { limt: '1' }, 'querystring')
    assert.equal(none, 'query parameter limt is unknown; this endpoint has no query parameters')
  })

  test('does not convert values that only resemble integers or booleans, and gets no defaults', () => {
    for (const limit of [
      '',
      ' ',
      ' 5',
      '5 ',
      '+5',
      '1e2',
      '0x10',
      '0b1',
      '5.0',
      '5.',
      '.5',
      '1_0',
      '1,0',
      '\u0665',
      '5n',
      'Infinity',
      'NaN',
      'null',
      'true',
      '--5',
      '9'.repeat(400),
    ]) {
      const violations = check(Query, { limit }, 'querystring')
      assert.deepEqual(
        violations.map(({ in: part, pointer }) => [part, pointer]),
        [['query', '/limit']],
        limit,
      )
    }
    for (const flag of ['', '1', 'TRUE', 'yes', 'null']) {
      assert.equal(check(Query, { flag }, 'querystring')[0]?.detail, 'query parameter flag must be one of true, false')
    }
    const empty = {}
    assert.deepEqual(check(Query, empty, 'querystring'), [])
    assert.deepEqual(empty, {})
  })

  test('must have each parameter once', () => {
    assert.deepEqual(
      check(Query, { limit: ['1', '1'], text: ['a', 'b'] }, 'querystring').map(({ detail }) => detail),
      ['query parameter limit must be given once', 'query parameter text must be given once'],
    )
  })
})

suite('a path', () => {
  test('with an invalid parameter has its name in the error', () => {
    const ById = Type.Object({ id: Type.String({ format: 'uuid' }) }, closed)
    assert.deepEqual(check(ById, { id: 'x' }, 'params'), [{ in: 'path', pointer: '/id', detail: 'id must be a UUID' }])
    for (const id of ['019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11', '019B6051-3A80-7C4E-9D3B-5F0C2F7F6A11']) {
      assert.deepEqual(check(ById, { id }, 'params'), [])
    }
    for (const id of [
      '019b60513a807c4e9d3b5f0c2f7f6a11',
      '{019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11}',
      'urn:uuid:019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11',
      '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11\n',
      '019g6051-3a80-7c4e-9d3b-5f0c2f7f6a11',
      '',
    ]) {
      assert.equal(check(ById, { id }, 'params').length, 1, id)
    }
  })
})
