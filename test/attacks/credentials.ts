import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { SERVICE_TOKEN } from '../world.ts'
import { asAda, request, TASKS, type Attack, type Scene } from './scene.ts'

const unauthenticated = [401, 'unauthenticated'] as const
const notFound = [404, 'not_found'] as const

/** OWASP API1:2023, broken object level authorization. */
const objects: readonly Attack[] = [
  { name: "reading another user's task", expected: notFound, send: asAda('GET', ({ benTask }) => benTask) },
  {
    name: "asking whether another user's task has changed",
    expected: notFound,
    send: asAda('GET', ({ benTask }) => benTask, { headers: ['If-None-Match: *'] }),
  },
  {
    name: "changing another user's task",
    expected: notFound,
    send: asAda(
      'PATCH',
      ({ benTask }) => benTask,
      ({ canary }) => ({ body: { title: canary } }),
    ),
  },
  {
    name: "changing another user's task with its right version",
    expected: notFound,
    send: asAda('PATCH', ({ benTask }) => benTask, { headers: ['If-Match: "1"'], body: { status: 'COMPLETED' } }),
  },
  {
    name: "completing another user's task",
    expected: notFound,
    send: asAda('PATCH', ({ benTask }) => `${benTask}/complete`, { body: { completed: true } }),
  },
  { name: "deleting another user's task", expected: notFound, send: asAda('DELETE', ({ benTask }) => benTask) },
  {
    name: "deleting another user's task under the name of its owner",
    expected: notFound,
    send: asAda(
      'DELETE',
      ({ benTask }) => benTask,
      ({ ben }) => ({ headers: [`X-User-ID: ${ben.id}`] }),
    ),
  },
  {
    name: "a dry run of deleting another user's task",
    expected: notFound,
    send: asAda('DELETE', ({ benTask }) => `${benTask}?dryRun=true`),
  },
  {
    name: "replacing another user's task with its right version, by a put of a batch",
    expected: [200],
    send: asAda('POST', `${TASKS}/batch`, ({ benTask, canary }) => ({
      body: {
        atomic: false,
        operations: [{ op: 'put', id: benTask.slice(-36), ifVersion: 1, task: { title: canary } }],
      },
    })),
  },
  {
    name: "a batch that has seen all that another user's sync cursor has",
    expected: [400, 'invalid_cursor'],
    send: asAda('POST', `${TASKS}/batch`, ({ benSyncCursor, canary }) => ({
      body: { ifCursor: benSyncCursor, operations: [{ op: 'create', task: { title: canary } }] },
    })),
  },
  {
    name: "continuing another user's list with its cursor",
    expected: [400, 'invalid_cursor'],
    send: asAda('GET', ({ benCursor }) => `${TASKS}?cursor=${benCursor}`),
  },
  {
    name: "following another user's changes with a sync cursor of theirs",
    expected: [400, 'invalid_cursor'],
    send: asAda('GET', ({ benSyncCursor }) => `/api/changes?cursor=${benSyncCursor}`),
  },
  {
    name: "ending another user's session by its token",
    expected: [200],
    send: asAda('POST', '/api/auth/revoke-session', ({ ben }) => ({ body: { token: ben.token } })),
  },
]

const as = (authorization: string | ((scene: Scene) => string)) => (scene: Scene) =>
  request('GET', TASKS, {
    headers: [`Authorization: ${typeof authorization === 'string' ? authorization : authorization(scene)}`],
  })
const service = (token: string, userId: string | ((scene: Scene) => string) | undefined) => (scene: Scene) =>
  request('GET', TASKS, {
    headers: [
      `X-Service-Auth: ${token}`,
      ...(userId === undefined ? [] : [`X-User-ID: ${typeof userId === 'string' ? userId : userId(scene)}`]),
    ],
  })
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** OWASP API2:2023, broken authentication. */
const authentication: readonly Attack[] = [
  { name: 'no credential', expected: unauthenticated, send: () => request('GET', TASKS) },
  { name: 'an empty Authorization', expected: unauthenticated, send: as('') },
  { name: 'an empty bearer token', expected: unauthenticated, send: as('Bearer ') },
  { name: 'Basic authentication', expected: unauthenticated, send: as('Basic YWRhOnBhc3N3b3Jk') },
  { name: 'a token without its scheme', expected: unauthenticated, send: as(({ ada }) => ada.token) },
  {
    name: 'two tokens in one Authorization',
    expected: unauthenticated,
    send: as(({ ada, ben }) => `Bearer ${ada.token}, Bearer ${ben.token}`),
  },
  { name: 'a token of 8 KiB', expected: unauthenticated, send: as(`Bearer ${'a'.repeat(8192)}`) },
  {
    name: 'ten thousand spaces before a token',
    expected: unauthenticated,
    send: as(`Bearer ${' '.repeat(10_000)}a b`),
  },
  {
    name: 'an invented token',
    expected: unauthenticated,
    send: as(`Bearer ${randomBytes(24).toString('base64url')}`),
  },
  {
    name: 'a token with one letter in another case',
    expected: unauthenticated,
    send: as(({ ada }) => `Bearer ${swapped(ada.token)}`),
  },
  {
    name: 'a token cut by one letter',
    expected: unauthenticated,
    send: as(({ ada }) => `Bearer ${ada.token.slice(0, -1)}`),
  },
  { name: 'a token followed by NUL', expected: unauthenticated, send: as(({ ada }) => `Bearer ${ada.token}%00`) },
  {
    name: 'a token with an invented signature',
    expected: unauthenticated,
    send: as(({ ada }) => `Bearer ${ada.token}.${randomBytes(32).toString('base64')}`),
  },
  {
    name: 'a stored session hash as a token',
    expected: unauthenticated,
    send: as(({ storedHash }) => `Bearer ${storedHash}`),
  },
  {
    name: 'a stored session hash as a token, in upper case',
    expected: unauthenticated,
    send: as(({ storedHash }) => `Bearer ${storedHash.toUpperCase()}`),
  },
  {
    name: 'the token of an expired session',
    expected: unauthenticated,
    send: as(({ expiredToken }) => `Bearer ${expiredToken}`),
  },
  {
    name: 'the token of a session that was signed out',
    expected: unauthenticated,
    send: as(({ signedOutToken }) => `Bearer ${signedOutToken}`),
  },
  {
    name: 'a JWT with alg none',
    expected: unauthenticated,
    send: as(({ ada }) => `Bearer ${base64url({ alg: 'none' })}.${base64url({ sub: ada.id })}.`),
  },
  {
    name: 'SQL as a token',
    expected: unauthenticated,
    send: as("Bearer '||(select/**/token/**/from/**/user_sessions)||'"),
  },
  {
    name: 'a token in the query',
    expected: unauthenticated,
    send: ({ ada }) => request('GET', `${TASKS}?access_token=${ada.token}`),
  },
  {
    name: 'a token in X-Auth-Token',
    expected: unauthenticated,
    send: ({ ada }) => request('GET', TASKS, { headers: [`X-Auth-Token: ${ada.token}`] }),
  },
  {
    name: 'a token in the trailer of a body',
    expected: unauthenticated,
    send: ({ ada }) => [
      'POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      `d\r\n{"title":"a"}\r\n0\r\nAuthorization: Bearer ${ada.token}\r\n\r\n`,
    ],
  },
  {
    name: 'a session cookie on a task route',
    expected: unauthenticated,
    send: ({ cookie }) => request('GET', TASKS, { headers: [`Cookie: ${cookie}`] }),
  },
  {
    name: 'a session cookie that writes a task',
    expected: unauthenticated,
    send: ({ cookie, canary }) =>
      request('POST', TASKS, {
        headers: [`Cookie: ${cookie}`, 'Origin: http://localhost:3000'],
        body: { title: canary },
      }),
  },
  {
    name: 'X-User-ID alone',
    expected: unauthenticated,
    send: ({ ben }) => request('GET', TASKS, { headers: [`X-User-ID: ${ben.id}`] }),
  },
  {
    name: 'X_User_ID and X_Service_Auth, which some servers treat like the names with hyphens',
    expected: unauthenticated,
    send: ({ ben }) => request('GET', TASKS, { headers: [`X_User_ID: ${ben.id}`, `X_Service_Auth: ${SERVICE_TOKEN}`] }),
  },
  {
    name: 'X-User-ID of another user together with a session',
    expected: [200],
    send: asAda('GET', TASKS, ({ ben }) => ({ headers: [`X-User-ID: ${ben.id}`] })),
    check: ({ json }, { ada }) => assert.ok(json.every((task: { userId: string }) => task.userId === ada.id)),
  },
  {
    name: 'a session and a service token at once',
    expected: [400, 'contradictory_credentials'],
    send: asAda('GET', TASKS, ({ ben }) => ({ headers: [`X-Service-Auth: ${SERVICE_TOKEN}`, `X-User-ID: ${ben.id}`] })),
  },
  { name: 'an empty service token', expected: unauthenticated, send: service('', ({ ben }) => ben.id) },
  {
    name: 'the beginning of a service token',
    expected: unauthenticated,
    send: service(SERVICE_TOKEN.slice(0, -1), ({ ben }) => ben.id),
  },
  {
    name: 'a service token with extra characters',
    expected: unauthenticated,
    send: service(`${SERVICE_TOKEN}a`, ({ ben }) => ben.id),
  },
  {
    name: 'a service token prefixed with its name',
    expected: unauthenticated,
    send: service(`default=${SERVICE_TOKEN}`, ({ ben }) => ben.id),
  },
  {
    name: 'a service token twice in one header',
    expected: unauthenticated,
    send: service(`${SERVICE_TOKEN},${SERVICE_TOKEN}`, ({ ben }) => ben.id),
  },
  {
    name: 'a session token as a service token',
    expected: unauthenticated,
    send: (scene) => service(scene.ada.token, scene.ben.id)(scene),
  },
  { name: 'a service token as a session token', expected: unauthenticated, send: as(`Bearer ${SERVICE_TOKEN}`) },
  {
    name: 'a service without X-User-ID',
    expected: [400, 'missing_user_id'],
    send: service(SERVICE_TOKEN, undefined),
  },
  { name: 'a service for a user that does not exist', expected: notFound, send: service(SERVICE_TOKEN, 'unknown') },
  { name: 'a service for all users, by a wildcard', expected: notFound, send: service(SERVICE_TOKEN, '%') },
  {
    name: 'a service for two users',
    expected: notFound,
    send: service(SERVICE_TOKEN, ({ ada, ben }) => `${ada.id},${ben.id}`),
  },
  { name: 'SQL as the user a service acts for', expected: notFound, send: service(SERVICE_TOKEN, "' or '1'='1") },
  { name: 'a user id of 10 000 letters', expected: notFound, send: service(SERVICE_TOKEN, 'a'.repeat(10_000)) },
]

/** Changes the case of the first letter. */
const swapped = (token: string): string =>
  token.replace(/[A-Za-z]/, (letter) => (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()))

export const CREDENTIAL_ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  "Other users' tasks": objects,
  Credentials: authentication,
}
