import assert from 'node:assert/strict'
import type { Answer } from '../world.ts'
import { asAda, TASKS, type Attack, type Scene } from './scene.ts'

const malformed = [400, 'malformed_request'] as const
const badHeader = [400, 'invalid_header'] as const
const notFound = [404, 'not_found'] as const

/** A deletion that is hidden in another request, which must stay one request. */
const hidden = ({ ada, adaTask }: Scene): string =>
  `DELETE ${adaTask} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\n\r\n`

/** A creation whose framing two parsers may read differently, and the bytes after it. */
const framed =
  (framing: readonly string[], payload: (scene: Scene) => string) =>
  (scene: Scene): Buffer =>
    Buffer.from(
      [
        `POST ${TASKS} HTTP/1.1`,
        'Host: x',
        `Authorization: Bearer ${scene.ada.token}`,
        'Content-Type: application/json',
        ...framing,
        '',
        payload(scene),
      ].join('\r\n'),
      'latin1',
    )
const CHUNKED = 'Transfer-Encoding: chunked'
const body = ({ canary }: Scene): string => JSON.stringify({ title: canary })
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`

/** Another parser may see the end of such a request elsewhere, so the bytes after it are not read. */
const closes = ({ headers }: Answer): void => assert.equal(headers.get('connection'), 'close')

/** Request smuggling (RFC 9112 §11.2). */
const smuggling: readonly Attack[] = [
  {
    name: 'Content-Length, then Transfer-Encoding',
    expected: malformed,
    send: framed(['Content-Length: 5', CHUNKED], (scene) => `0\r\n\r\n${hidden(scene)}`),
  },
  {
    name: 'Transfer-Encoding, then Content-Length',
    expected: malformed,
    send: framed([CHUNKED, 'Content-Length: 5'], (scene) => `0\r\n\r\n${hidden(scene)}`),
  },
  {
    name: 'two Content-Lengths that differ',
    expected: malformed,
    send: framed(['Content-Length: 0', 'Content-Length: 300'], hidden),
  },
  {
    name: 'two Content-Lengths that are the same',
    expected: malformed,
    send: framed(['Content-Length: 2', 'Content-Length: 2'], () => '{}'),
  },
  { name: 'a list of Content-Lengths', expected: malformed, send: framed(['Content-Length: 2, 2'], () => '{}') },
  { name: 'a Content-Length with a sign', expected: malformed, send: framed(['Content-Length: +2'], () => '{}') },
  { name: 'a Content-Length in hexadecimal', expected: malformed, send: framed(['Content-Length: 0x2'], () => '{}') },
  { name: 'a negative Content-Length', expected: malformed, send: framed(['Content-Length: -1'], () => '{}') },
  {
    name: 'a Content-Length that exceeds every integer type',
    expected: malformed,
    send: framed(['Content-Length: 99999999999999999999999'], () => '{}'),
  },
  ...['xchunked', 'identity', 'chunked, identity', 'chunked;q=1', '"chunked"', '\x0bchunked'].map((coding): Attack => ({
    name: `Transfer-Encoding: ${JSON.stringify(coding).slice(1, -1)}`,
    expected: malformed,
    send: framed([`Transfer-Encoding: ${coding}`], (scene) => chunk(body(scene))),
  })),
  ...['gzip, chunked', 'identity, chunked', ', chunked'].map((coding): Attack => ({
    name: `Transfer-Encoding: ${coding}`,
    expected: badHeader,
    send: framed([`Transfer-Encoding: ${coding}`], (scene) => chunk(body(scene))),
    check: closes,
  })),
  {
    name: 'Transfer-Encoding twice',
    expected: malformed,
    send: framed([CHUNKED, 'Transfer-Encoding: identity'], (scene) => chunk(body(scene))),
  },
  {
    name: 'Transfer-Encoding: chunked twice',
    expected: malformed,
    send: framed([CHUNKED, CHUNKED], (scene) => chunk(body(scene))),
    check: closes,
  },
  {
    name: 'a space between Transfer-Encoding and its colon',
    expected: malformed,
    send: framed(['Transfer-Encoding : chunked'], (scene) => chunk(body(scene))),
  },
  {
    name: 'a folded Transfer-Encoding',
    expected: malformed,
    send: framed(['Transfer-Encoding:', ' chunked'], (scene) => chunk(body(scene))),
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0',
    expected: badHeader,
    send: (scene) => String(framed([CHUNKED], (each) => chunk(body(each)))(scene)).replace('HTTP/1.1', 'HTTP/1.0'),
    check: closes,
  },
  ...['0x5', '-5', '+5', '5 ', ' 5', 'fffffffffffffffff', '', 'g'].map((size): Attack => ({
    name: `a chunk of size ${JSON.stringify(size)}`,
    expected: malformed,
    send: framed([CHUNKED], () => `${size}\r\n{"a":\r\n0\r\n\r\n`),
  })),
  {
    name: 'a chunk that ends with a bare line feed',
    expected: malformed,
    send: framed([CHUNKED], (scene) => `2\n{}\n0\n\n${hidden(scene)}`),
  },
  {
    name: 'a chunk that is longer than its size',
    expected: malformed,
    send: framed([CHUNKED], (scene) => `2\r\n{}${hidden(scene)}`),
  },
  {
    name: 'chunk extensions of 20 KiB',
    expected: [413, 'body_too_large'],
    send: framed([CHUNKED], () => `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
  },
  {
    name: 'a chunk size with 5 MB of leading zeros',
    expected: [413, 'body_too_large'],
    send: framed([CHUNKED], (scene) => `${'0'.repeat(5_000_000)}${chunk(body(scene))}`),
  },
  {
    name: 'ten thousand chunks of one byte with extensions of 1 KiB each',
    expected: [413, 'body_too_large'],
    send: framed([CHUNKED], () => `${`1;${'a'.repeat(1_000)}\r\n \r\n`.repeat(10_000)}0\r\n\r\n`),
  },
  {
    name: 'four thousand trailers without a value',
    expected: [431, 'headers_too_large'],
    send: framed([CHUNKED], (scene) => chunk(body(scene)).replace(/\r\n$/, `${'A:\r\n'.repeat(4_200)}\r\n`)),
  },
  {
    name: '2 MB of spaces before the value of a trailer',
    expected: [413, 'body_too_large'],
    send: framed([CHUNKED], (scene) => chunk(body(scene)).replace(/\r\n$/, `A:${' '.repeat(2_000_000)}\r\n\r\n`)),
  },
  {
    name: 'bare line feeds',
    expected: malformed,
    send: (scene) => hidden(scene).replaceAll('\r\n', '\n'),
  },
  {
    name: 'bare carriage returns',
    expected: malformed,
    send: (scene) => hidden(scene).replaceAll('\r\n', '\r'),
  },
  {
    name: 'a request in the body of a GET',
    isHiding: true,
    expected: [200],
    send: (scene) => asAda('GET', TASKS, { body: hidden(scene) })(scene),
  },
  {
    name: 'a request in the body of a refused one',
    isHiding: true,
    expected: notFound,
    send: (scene) => asAda('POST', '/nope', { body: hidden(scene) })(scene),
  },
]

export const SMUGGLING_ATTACKS: Readonly<Record<string, readonly Attack[]>> = { 'Request smuggling': smuggling }
