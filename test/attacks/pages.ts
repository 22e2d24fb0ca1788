import assert from 'node:assert/strict'
import { SERVICE_TOKEN } from '../world.ts'
import { asAda, request, TASKS, type Attack } from './scene.ts'

const unauthenticated = [401, 'unauthenticated'] as const
const notFound = [404, 'not_found'] as const

/** OWASP API5:2023 and API9:2023: restricted functions, and ones that should not exist. */
const functions: readonly Attack[] = [
  { name: 'reading metrics with a session', expected: unauthenticated, send: asAda('GET', '/metrics') },
  {
    name: 'reading metrics with a service token',
    expected: unauthenticated,
    send: () => request('GET', '/metrics', { headers: [`X-Service-Auth: ${SERVICE_TOKEN}`] }),
  },
  {
    name: 'deleting a user without the password',
    expected: [422, 'invalid_input'],
    send: asAda('POST', '/api/auth/delete-user', { body: {} }),
  },
  {
    name: 'deleting a user with a wrong password',
    expected: [422, 'INVALID_PASSWORD'],
    send: asAda('POST', '/api/auth/delete-user', ({ canary }) => ({ body: { password: canary } })),
  },
  {
    name: 'changing a password without the old one',
    expected: [422, 'invalid_input'],
    send: asAda('POST', '/api/auth/change-password', ({ canary }) => ({ body: { newPassword: canary } })),
  },
  {
    name: 'changing the address of mails with a wrong password',
    expected: [422, 'INVALID_PASSWORD'],
    send: asAda('POST', '/api/auth/change-email', ({ canary }) => ({
      body: { newEmail: 'eve@example.com', password: canary },
    })),
  },
  ...[
    '/api/auth/admin/list-users',
    '/api/auth/verify-password',
    '/api/auth/error',
    '/api/users',
    '/api/v1/tasks',
    '/admin',
    '/graphql',
    '/actuator/env',
    '/debug/pprof',
    '/.env',
    '/.git/config',
    '/package.json',
    '/server-status',
  ].map((path): Attack => ({ name: `looking for ${path}`, expected: notFound, send: asAda('GET', path) })),
]

/** Pages of other sites, and the cookies of this one. */
const pages: readonly Attack[] = [
  ...[
    'null',
    'https://evil.example',
    'http://localhost:3000.evil.example',
    'http://evil-localhost:3000',
    'http://localhost:30000',
    'http://localhost',
    'http://localhost:3000/',
    'http://LOCALHOST:3000',
    'http://localhost:3000@evil.example',
  ].map((origin): Attack => ({
    name: `a page of ${origin} that reads tasks`,
    expected: [200],
    send: asAda('GET', TASKS, { headers: [`Origin: ${origin}`] }),
    check: ({ headers }) => {
      assert.equal(headers.get('access-control-allow-origin'), null)
      assert.equal(headers.get('vary'), 'Origin')
    },
  })),
  {
    name: 'a preflight for DELETE from another origin',
    expected: [204],
    send: () =>
      request('OPTIONS', TASKS, { headers: ['Origin: https://evil.example', 'Access-Control-Request-Method: DELETE'] }),
    check: ({ headers }) => assert.equal(headers.get('access-control-allow-origin'), null),
  },
  {
    name: 'a preflight for an unknown method and for the header of services',
    expected: [204],
    send: () =>
      request('OPTIONS', TASKS, {
        headers: [
          'Origin: http://localhost:3000',
          'Access-Control-Request-Method: TRACE',
          'Access-Control-Request-Headers: x-service-auth',
        ],
      }),
    check: ({ headers }) => {
      assert.doesNotMatch(headers.get('access-control-allow-methods') ?? '', /TRACE/)
      assert.doesNotMatch(headers.get('access-control-allow-headers') ?? '', /service/i)
    },
  },
  ...(
    [
      ['of another origin', ['Origin: https://evil.example'], 'INVALID_ORIGIN'],
      ['of no origin', ['Origin: null'], 'MISSING_OR_NULL_ORIGIN'],
      [
        'of another site, by its referer',
        ['Referer: https://evil.example/', 'Sec-Fetch-Site: cross-site'],
        'INVALID_ORIGIN',
      ],
      [
        'of another origin, with a forwarded host',
        ['Origin: https://evil.example', 'X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https'],
        'INVALID_ORIGIN',
      ],
    ] as const
  ).map(([what, headers, code]): Attack => ({
    name: `a page ${what} that signs the user out by the cookie`,
    expected: [403, code],
    send: ({ cookie }) =>
      request('POST', '/api/auth/sign-out', { headers: [`Cookie: ${cookie}`, ...headers], body: {} }),
  })),
  {
    name: 'a form of another site that signs the user out',
    expected: [415, 'unsupported_media_type'],
    send: ({ cookie }) =>
      request('POST', '/api/auth/sign-out', {
        headers: [`Cookie: ${cookie}`, 'Origin: https://evil.example'],
        body: 'a=b',
        type: 'application/x-www-form-urlencoded',
      }),
  },
  {
    name: 'a form of another site that signs a user in',
    expected: [415, 'unsupported_media_type'],
    send: ({ canary }) =>
      request('POST', '/api/auth/sign-in/email', {
        headers: ['Origin: https://evil.example', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'],
        body: `{"email":"a@b.example","password":"${canary}"}`,
        type: 'text/plain',
      }),
  },
  {
    name: 'a sign-in with a callback URL on another site',
    expected: [403, 'INVALID_CALLBACK_URL'],
    send: ({ canary }) =>
      request('POST', '/api/auth/sign-in/email', {
        body: { email: 'a@b.example', password: canary, callbackURL: `https://evil.example/${canary}` },
      }),
  },
]

export const PAGE_ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  'Restricted functions': functions,
  'Pages of other sites': pages,
}
