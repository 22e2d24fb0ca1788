import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { assertProblem } from '../../test/wire.ts'
import { openWorld, SERVICE_TOKEN, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
const SESSIONS = '/api/auth/list-sessions'

let world: World
let ada: User
before(async () => {
  world = await openWorld()
  ada = await world.signUp('Ada')
})
after(() => world[Symbol.asyncDispose]())

type Headers = Readonly<Record<string, string>>

/** For each resolver the headers and the expected refusal. */
const REFUSALS: readonly (readonly [
  what: string,
  headers: () => Headers,
  status: number,
  code: string,
  detail: RegExp,
])[] = [
  ['no credential', () => ({}), 401, 'unauthenticated', /Send Authorization: Bearer <token>/],
  ['X-User-ID alone', () => ({ 'x-user-id': ada.id }), 401, 'unauthenticated', /Send Authorization/],
  [
    'a cookie outside the auth routes',
    () => ({ cookie: cookieOf(ada.token) }),
    401,
    'unauthenticated',
    /Send Authorization/,
  ],
  // Both at once
  ...['known', 'unknown'].map(
    (which) =>
      [
        `a session and ${which === 'known' ? 'a service' : 'an unknown service token'} at once`,
        () => ({
          authorization: `Bearer ${ada.token}`,
          'x-service-auth': which === 'known' ? SERVICE_TOKEN : which,
          'x-user-id': ada.id,
        }),
        400,
        'contradictory_credentials',
        /not both/,
      ] as const,
  ),
  // A service
  [
    'an unknown service token',
    () => ({ 'x-service-auth': 'x', 'x-user-id': ada.id }),
    401,
    'unauthenticated',
    /service token is unknown/,
  ],
  [
    'the token of a session as X-Service-Auth',
    () => ({ 'x-service-auth': ada.token, 'x-user-id': ada.id }),
    401,
    'unauthenticated',
    /service token is unknown/,
  ],
  [
    'a service without X-User-ID',
    () => ({ 'x-service-auth': SERVICE_TOKEN }),
    400,
    'missing_user_id',
    /X-User-ID is required/,
  ],
  [
    'a service with a blank X-User-ID',
    () => ({ 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ' ' }),
    400,
    'missing_user_id',
    /X-User-ID is required/,
  ],
  [
    'a service with an X-User-ID of 256 characters',
    () => ({ 'x-service-auth': SERVICE_TOKEN, 'x-user-id': 'x'.repeat(256) }),
    404,
    'not_found',
    /X-User-ID names no user/,
  ],
  [
    'a service that names an unknown user',
    () => ({ 'x-service-auth': SERVICE_TOKEN, 'x-user-id': 'unknown' }),
    404,
    'not_found',
    /X-User-ID names no user/,
  ],
  [
    'the token of a service as a bearer',
    () => ({ authorization: `Bearer ${SERVICE_TOKEN}` }),
    401,
    'unauthenticated',
    /send it as X-Service-Auth/,
  ],
  // A session
  ...['Basic YTpi', 'Bearer', 'Bearer ', 'Bearer a b', 'x'].map(
    (authorization) =>
      [
        `Authorization: ${authorization}`,
        () => ({ authorization }),
        401,
        'unauthenticated',
        /of the form Bearer <token>/,
      ] as const,
  ),
  [
    'a token that is too short',
    () => ({ authorization: 'Bearer short' }),
    401,
    'unauthenticated',
    /form of a session token/,
  ],
  [
    'a token with a wrong signature',
    () => ({ authorization: `Bearer ${ada.token}.${'A'.repeat(43)}=` }),
    401,
    'unauthenticated',
    /form of a session token/,
  ],
  [
    'an unknown token',
    () => ({ authorization: `Bearer ${'A'.repeat(32)}` }),
    401,
    'unauthenticated',
    /unknown, expired or signed out/,
  ],
]

const cookieOf = (token: string): string => `better-auth.session_token=${token}`

suite('a request', () => {
  for (const [what, headers, status, code, detail] of REFUSALS) {
    test(`with ${what} is ${status} ${code}`, async () => {
      const answer = await world.ask('GET', TASKS, { headers: headers() })
      assertProblem(answer, { status, code, path: TASKS })
      assert.match(answer.json.detail, detail)
      assert.equal(answer.headers.get('www-authenticate'), status === 401 ? 'Bearer' : null)
    })
  }
})

suite('the log line of a request names the actor', () => {
  /** Waits for the line, which is written after the answer has been sent. */
  async function loggedOf(id: string | null) {
    for (;;) {
      const line = world.logged.map((each) => JSON.parse(each)).find(({ reqId }) => reqId === id)
      if (line !== undefined) return { principal: line.principal, actor: line.actor }
      await new Promise(setImmediate)
    }
  }
  const asked: readonly (readonly [what: string, path: string, headers: () => Headers, expected: object])[] = [
    ['a session', TASKS, () => ({ authorization: `Bearer ${ada.token}` }), { principal: 'session', actor: undefined }],
    [
      'a service, with its configured name',
      TASKS,
      () => ({ 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }),
      { principal: 'service', actor: 'default' },
    ],
    ['no credential', TASKS, () => ({}), { principal: 'none', actor: undefined }],
    ['a malformed one', TASKS, () => ({ authorization: 'x' }), { principal: 'none', actor: undefined }],
    [
      'a cookie on a route of the auth server',
      SESSIONS,
      () => ({ cookie: cookieOf(ada.token) }),
      { principal: 'session', actor: undefined },
    ],
  ]
  for (const [what, path, headers, expected] of asked) {
    test(`for ${what}`, async () => {
      const answer = await world.ask('GET', path, { headers: headers() })
      assert.deepEqual(await loggedOf(answer.headers.get('x-request-id')), expected)
    })
  }
})
