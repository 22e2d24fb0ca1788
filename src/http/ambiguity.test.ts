import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { originForm } from './ambiguity.ts'

suite('a request target', () => {
  const same = [
    '/',
    '/a/b?c=d',
    '*',
    '/%2F',
    '/%20%C3%A9',
    '/a%25b',
    '/a?%41=%42',
    '/%zz',
    '/%%361',
    '/%61%',
    '/%',
    '/?a=http://b/c',
    '//a',
    '/a//b',
    '/a?b?c',
  ]
  for (const target of same) {
    test(`${target} does not change`, () => assert.equal(originForm(target), target))
  }

  const changed: readonly [target: string, becomes: string][] = [
    ['http://host', '/'],
    ['http://host/', '/'],
    ['HTTPS://user@host:1/a?b', '/a?b'],
    ['http://host?a', '/?a'],
    ['http:///a', '/a'],
    ['ftp://host/a', '/ftp://host/a'],
    ['a', '/a'],
    ['', '/'],
    ['/%61pi/%7e%2D%5f%2e%30', '/api/~-_.0'],
    ['/%61?%61', '/a?%61'],
    ['http://%61/%61', '/a'],
    ['/%2561', '/%2561'],
  ]
  for (const [target, becomes] of changed) {
    test(`${target || 'of nothing'} becomes ${becomes}`, () => assert.equal(originForm(target), becomes))
  }
})
