import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { suite, test } from 'node:test'
import { DatabaseError } from 'pg'
import { openLog } from './log.ts'

/** What one error becomes in the log. */
// oxlint-disable-next-line typescript/no-explicit-any -- a line of another shape fails the test
function logged(err: unknown): { text: string; err: any } {
  let text = ''
  const log = openLog('info', new Writable({ write: (chunk, _encoding, done) => ((text += String(chunk)), done()) }))
  log.error({ err }, 'failed')
  return { text, err: JSON.parse(text).err }
}

suite('an error in the log', () => {
  test('has its type, message, code and stack, and so has each cause', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    const { err } = logged(new TypeError('cannot do it', { cause }))
    assert.deepEqual(
      [err.type, err.message, err.cause.message, err.cause.code],
      ['TypeError', 'cannot do it', 'refused', 'ECONNREFUSED'],
    )
    assert.match(err.stack, /^\s+at .*log\.test\.ts/)
  })

  test('never has a value that PostgreSQL quotes', () => {
    const error = new DatabaseError('invalid input syntax for type uuid: "my-secret"', 0, 'error')
    Object.assign(error, { code: '22P02', detail: 'Failing row contains (my-secret)', where: "COPY: 'my-secret'" })
    const { text, err } = logged(new Error('outer', { cause: error }))
    assert.ok(!text.includes('my-secret'), text)
    assert.equal(err.cause.code, '22P02')
  })

  test('has the members of an AggregateError, and ends with causes that go round in a circle', () => {
    assert.equal(logged(new AggregateError([new Error('one'), new Error('two')])).err.errors[1].message, 'two')
    const error = new Error('round')
    error.cause = error
    assert.equal(logged(error).err.cause.message, 'round')
  })

  test('that is no Error says only what it is', () => {
    assert.deepEqual(logged('a thrown string, which may hold anything').err, { type: 'string' })
  })
})
