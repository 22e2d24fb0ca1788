import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { declareAccess, scoped, SESSION_ONLY } from '../src/http/access.ts'
import { SCOPE_NAMES, type Scope } from '../src/principal.ts'
import { FEATURE_CASES, withParameters, type WriteRequest } from './feature-cases.ts'
import { document, openSurroundedWorld, writesBy } from './writes.ts'
import { SERVICE_TOKEN, type Answer, type User, type World } from './world.ts'

/** Every operation of the OpenAPI document with every kind of credential, and those that are limited to scopes with every scope. */

type Security = readonly Readonly<Record<string, readonly string[]>>[]

interface Operation {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly security: Security
  readonly statuses: readonly string[]
}

const OPERATIONS: readonly Operation[] = Object.entries<Record<string, Answer['json']>>(document.paths)
  .filter(([path]) => path.startsWith('/api/'))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, responses }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      security,
      statuses: Object.keys(responses),
    })),
  )
const isOfAuth = ({ path }: Operation): boolean => path.startsWith('/api/auth/')
const scopeOf = ({ security }: Operation): string | undefined => security.flatMap(({ session = [] }) => session)[0]
/** A personal token is a bearer like a session, where the operation names a scope. */
const takes = (operation: Operation, kind: string): boolean =>
  kind === 'token' ? scopeOf(operation) !== undefined : operation.security.some((each) => kind in each)

let world: World
let ada: User

before(async () => {
  world = await openSurroundedWorld()
  ada = await world.signUp()
})
after(() => world[Symbol.asyncDispose]())

/** Credentials that are limited to scopes, by their kind. Each makes one for ada. */
const LIMITED: Readonly<Record<string, (scope: Scope) => Promise<string>>> = {
  'personal token': (scope) => newToken([scope]),
  ...Object.fromEntries(
    FEATURE_CASES.flatMap(({ bearers = {} }) =>
      Object.entries(bearers).map(([kind, make]) => [kind, (scope: Scope) => make(world, ada, scope)]),
    ),
  ),
}

const newToken = async (scopes: readonly Scope[]): Promise<string> =>
  (await world.ask('POST', '/api/tokens', { token: ada.token, body: { name: 'x', scopes } })).json.token

const cases = writesBy(
  (method, { path, body, headers }) => world.ask(method, path, { token: ada.token, body, ...(headers && { headers }) }),
  (work) => world.asOwner(work),
)
const prepared = async ({ name, path }: Operation): Promise<WriteRequest> =>
  (await cases[name]?.()) ?? { path: withParameters(path).replace('{id}', randomUUID()) }

/** Only the head of the answer and, of a refusal, the body: a stream stays open. */
async function send(method: string, { path, body, headers }: WriteRequest, credential: Record<string, string>) {
  const response = await fetch(`${world.url}${path}`, {
    method,
    headers: { ...headers, ...credential, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (response.status >= 400) return { response, problem: (await response.json()) as Answer['json'] }
  await response.body?.cancel()
  return { response, problem: undefined }
}
const bearer = (token: string | undefined): Record<string, string> => ({ authorization: `Bearer ${token}` })
const service = (): Record<string, string> => ({ 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id })

/** The rows that the operations change, as far as scopes limit that. */
const state = (): Promise<unknown> =>
  world.asOwner(async (client) => {
    const { rows } = await client.query(
      `select (select json_agg(t order by id) from tasks t) as tasks,
         (select json_agg(c order by user_id, seq) from changes c) as changes,
         (select json_agg(k order by user_id, provider) from user_api_keys k) as keys,
         (select json_agg(id order by id) from personal_tokens) as tokens`,
    )
    return rows
  })

const assertAllowed = ({ name }: Operation, { response, problem }: Awaited<ReturnType<typeof send>>): void => {
  assert.ok(response.status !== 401 && response.status !== 403, JSON.stringify(problem))
  if (cases[name] !== undefined) assert.ok(response.status < 300, JSON.stringify(problem))
}

suite('every operation', () => {
  test('needs exactly one scope, or takes no personal token', () => {
    for (const operation of OPERATIONS) {
      const { name, security } = operation
      const scopes = security.flatMap(({ session = [] }) => session)
      assert.ok(scopes.length <= 1 && scopes.every((scope) => SCOPE_NAMES.some((each) => each === scope)), name)
      if (isOfAuth(operation)) assert.ok(!takes(operation, 'token') && !takes(operation, 'service'), name)
      else assert.ok(security.length > 0, name)
      assert.ok(operation.statuses.includes('403'), `${name} has no 403`)
    }
  })

  test('that reads needs no scope for writing, and one that writes none for reading', () => {
    for (const operation of OPERATIONS) {
      const scope = scopeOf(operation)
      if (scope?.startsWith('tasks:') !== true) continue
      assert.equal(scope, operation.method === 'GET' ? 'tasks:read' : 'tasks:write', operation.name)
    }
  })

  test('that does not say which credentials it takes, or names two scopes, cannot be registered', () => {
    const route = (security?: Security) => ({
      method: 'GET' as const,
      url: '/api/new',
      handler: () => undefined,
      ...(security && { schema: { security } }),
    })
    for (const security of [
      undefined,
      [],
      [{ session: ['tasks:read', 'tasks:write'] }],
      [{ session: ['tasks:all'] }],
      [{ session: ['tasks:read'] }, { session: ['tasks:write'] }],
    ]) {
      assert.throws(() => declareAccess(route(security)), /GET \/api\/new needs a security/)
    }
    for (const security of [scoped('tasks:read'), SESSION_ONLY]) declareAccess(route(security))
  })

  for (const operation of OPERATIONS.filter((each) => !isOfAuth(each))) {
    const { name, method } = operation
    const needs = scopeOf(operation)

    test(`${name} without a valid credential is 401`, async () => {
      const asked = await prepared(operation)
      for (const credential of [{}, bearer(await revoked()), bearer('x'.repeat(32))]) {
        assert.equal((await send(method, asked, credential)).problem?.code, 'unauthenticated')
      }
    })

    for (const [kind, make] of Object.entries(LIMITED)) {
      test(`${name} with ${kind === 'personal token' ? 'a' : 'an'} ${kind} needs ${needs ?? 'what none has'}`, async () => {
        ada = await world.signUp()
        const credentials = new Map<Scope, string>()
        for (const scope of SCOPE_NAMES) credentials.set(scope, await make(scope))
        const asked = await prepared(operation)
        const before = await state()
        for (const [scope, token] of credentials) {
          if (scope === needs) continue
          const { response, problem } = await send(method, asked, bearer(token))
          const expected = needs === undefined ? ['forbidden', undefined] : ['insufficient_scope', [needs]]
          assert.deepEqual([response.status, problem?.code, problem?.required], [403, ...expected], scope)
          const challenge = needs === undefined ? null : `Bearer error="insufficient_scope", scope="${needs}"`
          assert.equal(response.headers.get('www-authenticate'), challenge)
        }
        assert.deepEqual(await state(), before)
        const right = [...credentials].find(([scope]) => scope === needs)
        if (right !== undefined) assertAllowed(operation, await send(method, asked, bearer(right[1])))
      })
    }

    for (const [kind, credential] of [
      ['session', () => bearer(ada.token)],
      ['service', service],
    ] as const) {
      test(`${name} with a ${kind} is ${takes(operation, kind) ? 'allowed' : '403'}`, async () => {
        ada = await world.signUp()
        const asked = await prepared(operation)
        const answer = await send(method, asked, credential())
        if (takes(operation, kind)) assertAllowed(operation, answer)
        else assert.deepEqual([answer.response.status, answer.problem?.code], [403, 'forbidden'])
      })
    }
  }

  for (const operation of OPERATIONS.filter(isOfAuth)) {
    test(`${operation.name} with a credential that is limited to scopes is 403, whatever its scopes`, async () => {
      const body = operation.method === 'POST' ? {} : undefined
      const made = await Promise.all(Object.values(LIMITED).map((make) => make('account:read')))
      for (const token of [await newToken(SCOPE_NAMES), await revoked(), ...made]) {
        const { response, problem } = await send(operation.method, { path: operation.path, body }, bearer(token))
        assert.deepEqual([response.status, problem?.code], [403, 'forbidden'])
      }
    })
  }
})

async function revoked(): Promise<string> {
  const { json } = await world.ask('POST', '/api/tokens', {
    token: ada.token,
    body: { name: 'x', scopes: SCOPE_NAMES },
  })
  await world.ask('DELETE', `/api/tokens/${json.id}`, { token: ada.token })
  return json.token
}
