import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { asAda, request, TASKS, type Attack, type Scene } from './scene.ts'

const invalid = [422, 'invalid_input'] as const
const invalidJson = [400, 'invalid_json'] as const
const unsupported = [415, 'unsupported_media_type'] as const

const create = (members: (scene: Scene) => object) =>
  asAda('POST', TASKS, (scene) => ({ body: { title: scene.canary, ...members(scene) } }))
const change = (members: (scene: Scene) => object) =>
  asAda(
    'PATCH',
    ({ adaTask }) => adaTask,
    (scene) => ({ body: members(scene) }),
  )
/** Raw JSON, for texts that JSON.stringify would not write. */
const raw = (text: string) => asAda('POST', TASKS, ({ canary }) => ({ body: text.replaceAll('CANARY', canary) }))

/** OWASP API3:2023, members that callers may not set. */
const members: readonly (readonly [name: string, value: (scene: Scene) => unknown])[] = [
  ['userId', ({ ben }) => ben.id],
  ['user_id', ({ ben }) => ben.id],
  ['id', ({ benTask }) => benTask.slice(-36)],
  ['version', () => 99],
  ['createdAt', () => '2000-01-01T00:00:00Z'],
  ['updatedAt', () => '2000-01-01T00:00:00Z'],
  ['completedAt', () => '2000-01-01T00:00:00Z'],
]
const assignment: readonly Attack[] = [
  // Clients may choose the id of a new task.
  ...members
    .filter(([name]) => name !== 'id')
    .map(([name, value]): Attack => ({
      name: `setting ${name} of a new task`,
      expected: invalid,
      send: create((scene) => ({ [name]: value(scene) })),
    })),
  ...members.map(([name, value]): Attack => ({
    name: `setting ${name} of a task`,
    expected: invalid,
    send: change((scene) => ({ [name]: value(scene) })),
  })),
  ...(
    [
      ['role', 'admin'],
      ['emailVerified', true],
      ['id', 'chosen'],
    ] as const
  ).map(([name, value]): Attack => ({
    name: `setting ${name} at sign-up`,
    expected: invalid,
    send: ({ canary }) =>
      request('POST', '/api/auth/sign-up/email', {
        body: { name: canary, email: `${canary}@example.com`, password: canary, [name]: value },
      }),
  })),
  {
    name: 'setting email of a user',
    expected: invalid,
    send: asAda('POST', '/api/auth/update-user', ({ canary }) => ({ body: { email: `${canary}@example.com` } })),
  },
]

const unpolluted = (): void => assert.equal('polluted' in {}, false)

/** JSON that two parsers may read differently, or that is expensive for its size. */
const json: readonly Attack[] = [
  {
    name: '__proto__',
    expected: invalid,
    send: raw('{"title":"CANARY","__proto__":{"polluted":1}}'),
    check: unpolluted,
  },
  {
    name: 'constructor.prototype',
    expected: invalid,
    send: raw('{"title":"CANARY","constructor":{"prototype":{"polluted":1}}}'),
    check: unpolluted,
  },
  { name: '__proto__ with a title in it', expected: invalid, send: raw('{"__proto__":{"title":"CANARY"}}') },
  { name: 'a member twice', expected: invalidJson, send: raw('{"title":"CANARY","title":"b"}') },
  {
    name: 'a member twice, once with an escape',
    expected: invalidJson,
    send: raw('{"title":"CANARY","titl\\u0065":"b"}'),
  },
  {
    name: 'nesting of 33 levels',
    expected: invalidJson,
    send: raw(`{"title":${'['.repeat(32)}"CANARY"${']'.repeat(32)}}`),
  },
  { name: 'half a million brackets', expected: invalidJson, send: raw('['.repeat(500_000)) },
  {
    name: 'seventy thousand members',
    expected: invalid,
    send: raw(`{${Array.from({ length: 70_000 }, (_, n) => `"m${n}":1`).join(',')}}`),
    check: ({ json: { errors } }) => assert.ok(errors.length <= 20),
  },
  { name: 'a number that exceeds the range of a double', expected: invalid, send: raw('{"title":1e999}') },
  { name: 'a number of a hundred thousand digits', expected: invalid, send: raw(`{"title":${'9'.repeat(100_000)}}`) },
  { name: 'NaN', expected: invalidJson, send: raw('{"title":NaN}') },
  { name: 'a comment', expected: invalidJson, send: raw('{"title":"CANARY"/**/}') },
  { name: 'two bodies', expected: invalidJson, send: raw('{"title":"CANARY"}{"title":"b"}') },
  { name: 'an array for an object', expected: invalid, send: raw('[{"title":"CANARY"}]') },
  { name: 'an object for a text', expected: invalid, send: raw('{"title":{"$ne":"CANARY"}}') },
  { name: 'null for a body', expected: invalid, send: raw('null') },
  { name: 'NUL in a text', expected: invalid, send: raw('{"title":"CANARY\\u0000"}') },
  { name: 'half a surrogate pair', expected: invalid, send: raw('{"title":"CANARY\\ud800"}') },
  {
    name: 'invalid UTF-8',
    expected: invalidJson,
    send: (scene) =>
      Buffer.concat([
        asAda('POST', TASKS, { headers: ['Content-Type: application/json', 'Content-Length: 13'] })(scene),
        Buffer.from('{"title":"\xff"}', 'latin1'),
      ]),
  },
  {
    name: 'an unknown status',
    expected: invalid,
    send: change(({ canary }) => ({ status: `TODO'; drop table tasks; --${canary}` })),
  },
  {
    name: 'SQL as an instant',
    expected: invalid,
    send: change(() => ({ dueDate: "2026-01-01T00:00:00Z'::text" })),
  },
]

/** Bodies that contradict their headers, and OWASP API4:2023, unrestricted resource consumption. */
const bodies: readonly Attack[] = [
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/json, text/plain',
    'application/json; charset=utf-7',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; a="; charset=utf-8"; charset=utf-16',
    '../../application/json',
  ].map((type): Attack => ({
    name: `JSON sent as ${type}`,
    expected: unsupported,
    send: asAda('POST', TASKS, ({ canary }) => ({ body: { title: canary }, type })),
  })),
  {
    name: 'JSON without a Content-Type',
    expected: unsupported,
    send: (scene) => `${String(asAda('POST', TASKS, { headers: ['Content-Length: 13'] })(scene))}{"title":"a"}`,
  },
  {
    name: 'a gzip bomb of 10 MB',
    expected: unsupported,
    send: (scene) => {
      const bomb = gzipSync(Buffer.alloc(10_000_000, ' '))
      const headers = ['Content-Type: application/json', 'Content-Encoding: gzip', `Content-Length: ${bomb.length}`]
      return [asAda('POST', TASKS, { headers })(scene), bomb]
    },
  },
  {
    name: 'a body of 1 MiB and a byte',
    expected: [413, 'body_too_large'],
    send: asAda('POST', TASKS, ({ canary }) => ({ body: canary.padEnd(1024 * 1024 + 1, ' ') })),
  },
  {
    name: 'a body that announces a terabyte',
    expected: [413, 'body_too_large'],
    send: asAda('POST', TASKS, { headers: ['Content-Type: application/json', 'Content-Length: 1099511627776'] }),
  },
  {
    name: 'chunks without end',
    expected: [413, 'body_too_large'],
    send: (scene) => [
      asAda('POST', TASKS, { headers: ['Content-Type: application/json', 'Transfer-Encoding: chunked'] })(scene),
      ...Array.from({ length: 40 }, () => `8000\r\n${' '.repeat(0x8000)}\r\n`),
    ],
  },
  {
    name: 'a title of 201 characters',
    expected: invalid,
    send: change(({ canary }) => ({ title: canary.padEnd(201, 'a') })),
  },
  {
    name: 'a description of a megabyte',
    expected: invalid,
    send: change(({ canary }) => ({ description: canary.padEnd(1_000_000, 'a') })),
  },
  {
    name: 'a hundred thousand tags',
    expected: invalid,
    send: change(() => ({ tags: Array.from({ length: 100_000 }, (_, n) => `t${n}`) })),
  },
  {
    name: 'a password of a megabyte, to be hashed',
    expected: invalid,
    send: ({ canary }) =>
      request('POST', '/api/auth/sign-in/email', {
        body: { email: 'a@b.example', password: canary.padEnd(1_000_000, 'a') },
      }),
  },
  {
    name: 'an e-mail address that is slow for regular expressions',
    expected: invalid,
    send: ({ canary }) =>
      request('POST', '/api/auth/sign-in/email', {
        body: { email: `${'a.'.repeat(100_000)}@${'a.'.repeat(100_000)}`, password: canary },
      }),
  },
  {
    name: 'SQL as an e-mail address',
    expected: invalid,
    send: ({ canary }) =>
      request('POST', '/api/auth/sign-in/email', { body: { email: "' or 1=1 --", password: canary } }),
  },
  {
    name: 'a body on a route that takes none',
    expected: invalid,
    send: asAda(
      'DELETE',
      ({ adaTask }) => adaTask,
      ({ canary }) => ({ body: { title: canary } }),
    ),
  },
]

export const INPUT_ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  'Members that callers may not set': assignment,
  JSON: json,
  Bodies: bodies,
}
