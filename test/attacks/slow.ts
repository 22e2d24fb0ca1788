import { lines } from '../wire.ts'
import { TASKS } from './scene.ts'

export const SLOW_EXPECTED = '408 request_timeout within 15 s, and the connection ends'

export interface SlowAttack {
  readonly name: string
  /** Sent at the beginning. */
  readonly begin: string
  /** Sent repeatedly after that. */
  readonly drip: string
}

export const SLOW_ATTACKS: readonly SlowAttack[] = [
  { name: 'a connection that sends nothing', begin: '', drip: '' },
  { name: 'a request line, one letter at a time', begin: 'GET /', drip: 'a' },
  { name: 'headers without end, one at a time', begin: 'GET /health HTTP/1.1\r\nHost: x\r\n', drip: 'a: b\r\n' },
  { name: 'headers that stop', begin: 'GET /health HTTP/1.1\r\nHost: x\r\n', drip: '' },
  { name: 'empty lines before a request', begin: '', drip: '\r\n' },
  {
    name: 'a second request that does not arrive',
    begin: `${lines('GET /health HTTP/1.1', 'Host: x')}GET /`,
    drip: 'a',
  },
  { name: 'a body, one byte at a time', begin: post('Content-Length: 1000'), drip: ' ' },
  { name: 'a body that stops', begin: `${post('Content-Length: 1000')}{`, drip: '' },
  { name: 'chunks of one byte', begin: post('Transfer-Encoding: chunked'), drip: '1\r\n \r\n' },
  { name: 'a chunk that stops', begin: `${post('Transfer-Encoding: chunked')}ff\r\n{`, drip: '' },
]

function post(framing: string): string {
  return lines(
    `POST ${TASKS} HTTP/1.1`,
    'Host: x',
    'Authorization: Bearer TOKEN',
    'Content-Type: application/json',
    framing,
  )
}
