import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { EventParser, type ServerEvent } from './event-stream.ts'

const parse = (...chunks: string[]): ServerEvent[] => {
  const parser = new EventParser()
  return chunks.flatMap((chunk) => parser.push(chunk))
}

suite('a text/event-stream', () => {
  test('is parsed as the HTML standard says: names, ids that stay, lines of data, comments', () => {
    const text =
      ': hello\nevent: ready\nid: 1.a\ndata: {}\n\n: beat\n\ndata:one\ndata: two\n\nid\nevent: end\ndata:  x\nretry: 5\n\n'
    assert.deepEqual(parse(text), [
      { event: 'ready', data: '{}', id: '1.a' },
      { event: 'message', data: 'one\ntwo', id: '1.a' },
      { event: 'end', data: ' x', id: '' },
    ])
  })

  test('says how long to wait before the next connection', () => {
    const parser = new EventParser()
    assert.equal(parser.retryMs, undefined)
    parser.push('retry: 2731\nretry: soon\n\n')
    assert.equal(parser.retryMs, 2731)
  })

  test('gives no event without data, before its blank line, or for an id with NUL', () => {
    assert.deepEqual(parse('event: ready\n\n', 'data: x\n'), [])
    assert.deepEqual(parse('id: a\ndata: x\n\nid: b\0\ndata: y\n\n').at(-1), { event: 'message', data: 'y', id: 'a' })
  })

  test('gives the same events wherever it is cut, with each kind of line ending', () => {
    const word = fc.constantFrom('', 'x', '{"a":1}', 'ü🎉', 'a: b')
    const event = fc.record({
      name: fc.constantFrom('change', 'ready', 'end'),
      id: word,
      data: fc.array(word, { minLength: 1 }),
    })
    fc.assert(
      fc.property(
        fc.array(event),
        fc.constantFrom('\n', '\r', '\r\n'),
        fc.array(fc.nat({ max: 200 })),
        (events, end, cuts) => {
          const text = events
            .map(({ name, id, data }) =>
              [`event: ${name}`, `id: ${id}`, ...data.map((line) => `data: ${line}`), ': beat', '', ''].join(end),
            )
            .join('')
          const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length]
          const chunks = places.slice(1).map((to, at) => text.slice(places[at], to))
          assert.deepEqual(
            parse(...chunks),
            events.map(({ name, id, data }) => ({ event: name, data: data.join('\n'), id })),
          )
        },
      ),
    )
  })

  test('with a line that never ends is refused', () => {
    const parser = new EventParser()
    const part = 'x'.repeat(1_000_000)
    assert.throws(() => {
      for (let n = 0; n < 10; n++) parser.push(part)
    }, /too long/)
  })
})
