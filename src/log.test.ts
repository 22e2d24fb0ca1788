import assert from 'node:assert/strict'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { Writable } from 'node:stream'
import { suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { DatabaseError } from 'pg'
import { pino } from 'pino'
import { gathered, openLog } from './log.ts'

/** The log line of an error. */
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

  test('that is no Error has only its type', () => {
    assert.deepEqual(logged('a thrown string, which may hold anything').err, { type: 'string' })
  })
})

suite('the lines of one turn of the event loop', () => {
  test('are written at the end of the turn, except that the first line and errors are written at once', async () => {
    const pieces: string[] = []
    const log = pino(
      { base: null, timestamp: false },
      gathered({ write: (piece: string | Uint8Array) => pieces.push(String(piece)) > 0 }),
    )
    const messages = (): unknown[][] =>
      pieces.map((piece) =>
        piece
          .trimEnd()
          .split('\n')
          .map((line) => (JSON.parse(line) as { msg: unknown }).msg),
      )
    for (const message of ['a', 'b', 'c']) log.info(message)
    assert.deepEqual(messages(), [['a']])
    await turn()
    assert.deepEqual(messages(), [['a'], ['b', 'c']])
    pieces.length = 0
    log.info('d')
    log.info('e')
    log.error('f')
    log.info('g')
    assert.deepEqual(messages(), [['d'], ['e', 'f']])
    await turn()
    assert.deepEqual(messages(), [['d'], ['e', 'f'], ['g']])
  })

  test('are all written before the process ends, also those of its exit listeners', async () => {
    const program = `
      const { openLog } = await import(${JSON.stringify(new URL('./log.ts', import.meta.url).href)})
      const log = openLog('info')
      process.on('exit', () => { for (const each of ['d', 'e']) log.info(each) })
      for (const each of ['a', 'b', 'c']) log.info(each)
      process.exit()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    await once(child, 'close')
    assert.deepEqual(
      text.match(/"msg":"."/g),
      ['a', 'b', 'c', 'd', 'e'].map((each) => `"msg":"${each}"`),
    )
  })
})
