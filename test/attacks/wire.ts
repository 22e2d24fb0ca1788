import assert from 'node:assert/strict'
import type { Answer } from '../world.ts'
import { asAda, request, TASKS, type Attack, type Scene } from './scene.ts'

const malformed = [400, 'malformed_request'] as const
const badHeader = [400, 'invalid_header'] as const
const notFound = [404, 'not_found'] as const

/** Repeated headers, of which two parsers may each use another one. */
const duplicates: readonly Attack[] = (
  [
    ['Host', 'localhost', 'evil.example'],
    ['Authorization', 'Bearer a', 'Bearer b'],
    ['X-Service-Auth', 'a', 'b'],
    ['X-User-ID', 'a', 'b'],
    ['Content-Type', 'application/json', 'text/plain'],
    ['Origin', 'http://localhost:3000', 'https://evil.example'],
    ['If-Match', '"1"', '"2"'],
    ['Idempotency-Key', 'a', 'b'],
  ] as const
).map(([name, first, second]): Attack => ({
  name: `${name} twice, in different cases`,
  expected: badHeader,
  send: () =>
    request('GET', TASKS, {
      headers: [...(name === 'Host' ? [] : [`${name}: ${first}`]), `${name.toLowerCase()}: ${second}`],
    }),
}))

const noneOf =
  (...names: readonly string[]) =>
  ({ headers }: Answer): void => {
    for (const name of names) assert.equal(headers.get(name), null, name)
  }

/** Invalid headers, and headers that other servers obey. */
const headers: readonly Attack[] = [
  { name: 'NUL in a header', expected: malformed, send: () => request('GET', TASKS, { headers: ['X-A: a\0b'] }) },
  {
    name: 'a line break in X-Request-Id',
    expected: malformed,
    send: () => request('GET', TASKS, { headers: ['X-Request-Id: a\nSet-Cookie: a=b'] }),
    check: noneOf('set-cookie'),
  },
  {
    name: 'an encoded line break in X-Request-Id',
    expected: notFound,
    send: () => request('GET', '/nope', { headers: ['X-Request-Id: a%0d%0aSet-Cookie: a=b'] }),
    check: (answer) => {
      noneOf('set-cookie')(answer)
      assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
    },
  },
  {
    name: 'an encoded line break in a cursor, which is written into Link',
    expected: [400, 'invalid_cursor'],
    send: asAda('GET', `${TASKS}?cursor=a%0d%0aSet-Cookie:%20a=b`),
    check: noneOf('set-cookie', 'link'),
  },
  {
    name: 'control characters of a terminal in X-Request-Id',
    expected: [200],
    send: asAda('GET', TASKS, { headers: ['X-Request-Id: \x9b2J\x85'] }),
    check: ({ headers: answered }) => assert.match(answered.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/),
  },
  {
    name: 'no Host',
    expected: badHeader,
    send: ({ adaTask }) => `DELETE ${adaTask} HTTP/1.1\r\n\r\n`,
  },
  {
    name: 'a Host with a path',
    expected: badHeader,
    send: () => 'GET /health HTTP/1.1\r\nHost: evil.example/a\r\n\r\n',
  },
  {
    name: 'a Host with a user',
    expected: badHeader,
    send: () => 'GET /health HTTP/1.1\r\nHost: localhost@evil.example\r\n\r\n',
  },
  {
    name: 'headers of 17 KiB',
    expected: [431, 'headers_too_large'],
    send: asAda('GET', TASKS, { headers: [`X-A: ${'a'.repeat(17_000)}`] }),
  },
  {
    name: 'five thousand headers',
    expected: [431, 'headers_too_large'],
    send: asAda('GET', TASKS, { headers: Array.from({ length: 5000 }, (_, n) => `a${n}:`) }),
  },
  {
    name: 'fifteen thousand headers without a value',
    expected: [431, 'headers_too_large'],
    send: asAda('GET', TASKS, { headers: Array.from({ length: 15_000 }, () => 'A:') }),
  },
  {
    name: '2 MB of spaces before the value of a header',
    expected: [431, 'headers_too_large'],
    send: asAda('GET', TASKS, { headers: [`X-A:${' '.repeat(2_000_000)}a`] }),
  },
  {
    name: '20 kB of spaces before the value of a header',
    expected: [431, 'headers_too_large'],
    send: asAda('GET', TASKS, { headers: [`X-A:${' '.repeat(20_000)}a`] }),
  },
  {
    name: '20 kB of spaces in a pipelined request',
    expected: [431, 'headers_too_large'],
    send: (scene) =>
      Buffer.concat([
        Buffer.from('POST /nope HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n\r\n\r\n'),
        asAda('GET', TASKS, { headers: [`X-A:${' '.repeat(20_000)}a`] })(scene),
      ]),
    answersBefore: 1,
  },
  {
    name: '2 MB of empty lines before the request line',
    expected: malformed,
    send: (scene) => ['\r\n'.repeat(1_000_000), asAda('GET', TASKS)(scene)],
  },
  {
    name: 'a body that is too large, with Expect: 100-continue',
    expected: [413, 'body_too_large'],
    send: asAda('POST', TASKS, {
      headers: ['Content-Type: application/json', 'Content-Length: 2000000', 'Expect: 100-continue'],
    }),
  },
  ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].map((name): Attack => ({
    name: `${name}: DELETE`,
    expected: [200],
    send: asAda('GET', ({ adaTask }) => adaTask, { headers: [`${name}: DELETE`] }),
  })),
  {
    name: 'X-HTTP-Method-Override on a POST',
    expected: [405, 'method_not_allowed'],
    send: asAda('POST', ({ adaTask }) => adaTask, { headers: ['X-HTTP-Method-Override: DELETE'] }),
  },
  ...['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Prefix'].map((name): Attack => ({
    name: `${name} on an unknown path`,
    expected: notFound,
    send: asAda('GET', '/nope', { headers: [`${name}: ${TASKS}`] }),
  })),
  {
    name: 'forwarded headers from an untrusted address',
    expected: [401, 'unauthenticated'],
    send: () =>
      request('GET', TASKS, {
        headers: [
          'X-Forwarded-For: 127.0.0.1',
          'X-Real-IP: 127.0.0.1',
          'X-Forwarded-User: admin',
          'Forwarded: for=127.0.0.1',
        ],
      }),
  },
  {
    name: 'an Upgrade to a WebSocket',
    expected: [401, 'unauthenticated'],
    send: () =>
      request('GET', TASKS, { headers: ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'] }),
    check: noneOf('upgrade'),
  },
  {
    name: 'Connection: Authorization, so that a proxy drops the credential',
    expected: [200],
    send: asAda('GET', TASKS, { headers: ['Connection: close, Authorization'] }),
  },
  {
    name: 'ranges that overlap a hundred times',
    expected: [200],
    send: asAda('GET', TASKS, { headers: [`Range: bytes=${Array.from({ length: 100 }, () => '0-').join(',')}`] }),
    check: noneOf('content-range'),
  },
  {
    name: 'SQL in If-Match',
    expected: badHeader,
    send: asAda('DELETE', ({ adaTask }) => adaTask, { headers: ["If-Match: ' or 1=1 --"] }),
  },
]

/** Methods that no route has. */
const methods: readonly Attack[] = [
  ...['TRACE', 'PROPFIND', 'PURGE', 'OPTIONS', 'PUT'].map((method): Attack => ({
    name: `${method} of the tasks`,
    expected: [405, 'method_not_allowed'],
    send: asAda(method, TASKS, ({ canary }) => ({ headers: [`X-Canary: ${canary}`] })),
  })),
  {
    name: 'CONNECT, to use the service as a proxy',
    expected: [405, 'method_not_allowed'],
    send: () => 'CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n',
  },
  { name: 'a method that does not exist', expected: malformed, send: asAda('BREW', TASKS) },
  { name: 'a method in lower case', expected: malformed, send: asAda('delete', ({ adaTask }) => adaTask) },
  ...['RTSP/1.0', 'RTSP/1.1'].map((protocol): Attack => ({
    name: `${protocol}, whose requests look like those of HTTP`,
    expected: malformed,
    send: () => `GET ${TASKS} ${protocol}\r\nHost: localhost\r\n\r\n`,
  })),
  {
    name: 'a method that only RTSP has, with an HTTP request pipelined after it',
    expected: malformed,
    send: (scene) => [`DESCRIBE ${TASKS} RTSP/1.0\r\nHost: localhost\r\n\r\n`, asAda('GET', TASKS)(scene)],
  },
  {
    name: 'RTSP/1.0 pipelined after an HTTP request',
    expected: malformed,
    send: (scene) => [asAda('GET', TASKS)(scene), `GET ${TASKS} RTSP/1.0\r\nHost: localhost\r\n\r\n`],
    answersBefore: 1,
  },
  {
    name: 'ICE/1.0, whose requests look like those of HTTP',
    expected: malformed,
    send: () => `SOURCE ${TASKS} ICE/1.0\r\nHost: localhost\r\n\r\n`,
  },
  { name: 'HTTP/0.9', expected: malformed, send: () => 'GET /api/tasks\r\n\r\n' },
  { name: 'HTTP/2 without an upgrade', expected: malformed, send: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
]

const targets = (
  expected: Attack['expected'],
  paths: readonly (readonly [name: string, target: string | ((scene: Scene) => string)])[],
): readonly Attack[] => paths.map(([name, target]) => ({ name, expected, send: asAda('GET', target) }))

/** Paths that the rules of a proxy may interpret differently from this service. */
const paths: readonly Attack[] = [
  ...targets(notFound, [
    ['path traversal with encoded dots', '/health/%2e%2e/api/tasks'],
    ['path traversal with plain dots', '/health/../api/tasks'],
    ['path traversal with a semicolon', '/health/..;/api/tasks'],
    ['a file outside the directory of the documents', '/docs/..%2f..%2fpackage.json'],
    ['two slashes before the path', '//api/tasks'],
    ['two slashes inside the path', '/api//tasks'],
    ['a path parameter', '/api/tasks;a=b'],
    ['a path in capitals', '/API/TASKS'],
    ['a path with a backslash', '/api\\tasks'],
    ['a path encoded twice', '/api/%2574asks'],
    ['an encoded slash between the segments', '/api%2ftasks'],
    ['a suffix that a proxy would cache', '/api/tasks/a/b.css'],
    ['a dot after the path', '/api/tasks.'],
    ['an absolute URL with an unknown path', 'http://localhost/nope'],
  ]),
  ...targets(
    [422, 'invalid_input'],
    [
      ['NUL in the path', ({ adaTask }) => `${adaTask}%00`],
      ['SQL in the path', `${TASKS}/1'%20or%20'1'='1`],
      ['an encoded slash inside an id', ({ adaTask }) => `${TASKS}/x%2f..%2f${adaTask.slice(-36)}`],
      ['a script in the path', `${TASKS}/%3Cscript%3E`],
      ['a parameter that overrides the method', ({ adaTask }) => `${adaTask}?_method=DELETE`],
      ['a parameter that names another user', `${TASKS}?userId=ben`],
      ['a parameter twice', `${TASKS}?limit=1&limit=1000`],
      ['a parameter as an array', `${TASKS}?limit[]=1000`],
      ['a parameter of the prototype', `${TASKS}?__proto__[limit]=1`],
      ['a page of a million tasks', `${TASKS}?limit=1000000`],
      ['a page size that exceeds every integer type', `${TASKS}?limit=99999999999999999999`],
      ['a negative page size', `${TASKS}?limit=-1`],
      ['a page size in hexadecimal', `${TASKS}?limit=0x10`],
      ['SQL in a parameter', `${TASKS}?limit=1%3Bdrop%20table%20tasks`],
    ],
  ),
  ...targets(malformed, [
    ['dots in overlong UTF-8', '/api/%c0%ae%c0%ae/tasks'],
    ['a path that is no UTF-8', '/api/tasks/%ff'],
    ['a path with an incomplete escape', '/api/tasks/%'],
    ['a fragment', '/api/tasks#/health'],
    ['bytes above ASCII in the path', '/api/t\u00e4sks'],
  ]),
  ...targets(
    [414, 'uri_too_long'],
    [
      ['a URL of 9000 characters', `${TASKS}?cursor=${'a'.repeat(9000)}`],
      ['fifteen hundred parameters', `${TASKS}?${Array.from({ length: 1500 }, (_, n) => `a${n}=1`).join('&')}`],
    ],
  ),
  {
    name: 'an absolute URL with another host',
    expected: [200],
    send: asAda('GET', 'http://169.254.169.254/api/tasks'),
    check: ({ json }, { ada }) => assert.ok(json.every((task: { userId: string }) => task.userId === ada.id)),
  },
]

export const WIRE_ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  'Duplicate headers': duplicates,
  'Invalid headers, and headers that other servers obey': headers,
  Methods: methods,
  'Paths and queries': paths,
}
