import assert from 'node:assert/strict'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { rememberAnswer, rememberBody } from '../../test/canary.ts'
import type { Answer, User, World } from '../../test/world.ts'

/** An app that connects by OAuth 2.1, and its user, for tests. */

export const REDIRECT_URI = 'https://app.example.com/callback'

export interface Pkce {
  readonly verifier: string
  readonly challenge: string
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Parameters that no log may contain. */
const SECRET_FIELDS = ['code', 'code_verifier', 'refresh_token', 'token', 'client_secret']
const rememberSecret = (value: string): void => rememberBody(JSON.stringify(value))

/** Posts a form, as apps do to the token endpoint. */
export async function post(world: World, path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  for (const name of SECRET_FIELDS) rememberSecret(fields[name] ?? '')
  const response = await fetch(world.url + path, { method: 'POST', body: new URLSearchParams(fields) })
  const text = await response.text()
  const json = text === '' ? undefined : JSON.parse(text)
  for (const name of ['access_token', 'refresh_token']) {
    if (typeof json?.[name] === 'string') rememberSecret(json[name])
  }
  rememberAnswer(response.headers, json)
  return { status: response.status, headers: response.headers, text, json }
}

/** The address of another client, for a service that trusts this one as its proxy: registrations are limited for each address. */
export const TRUSTING = { TRUST_PROXY: '127.0.0.1' }
export const fromElsewhere = (): Record<string, string> => ({
  'x-forwarded-for': [10, randomInt(256), randomInt(256), randomInt(1, 255)].join('.'),
})

/** Of a world that is {@link TRUSTING}. */
export async function register(world: World, fields: object = {}): Promise<string> {
  const body = {
    client_name: 'Planner',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    ...fields,
  }
  const { status, json, text } = await world.ask('POST', '/oauth/register', { body, headers: fromElsewhere() })
  assert.equal(status, 201, text)
  return json.client_id
}

export interface Asked {
  readonly clientId: string
  readonly pkce?: Pkce
  /** Replaces parameters of the request; undefined leaves one out. */
  readonly changes?: Readonly<Record<string, string | undefined>>
}

/** The query of an authorization request. */
export function requestOf({ clientId, pkce = newPkce(), changes = {} }: Asked): string {
  const all = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    scope: 'tasks:read',
    state: 'xyz',
    code_challenge: pkce.challenge,
    code_challenge_method: 'S256',
    ...changes,
  }
  const kept = Object.entries(all).filter((each): each is [string, string] => each[1] !== undefined)
  return new URLSearchParams(kept).toString()
}

/** What the page of consent shows of a request. */
export const describeRequest = (world: World, user: User, request: string): Promise<Answer> =>
  world.ask('GET', `/api/apps/authorization?request=${encodeURIComponent(request)}`, { token: user.token })

export const decide = (world: World, user: User, request: string, more: object = {}): Promise<Answer> =>
  world.ask('POST', '/api/apps/authorization', { token: user.token, body: { request, decision: 'allow', ...more } })

/** @returns the code that the app gets */
export async function consent(world: World, user: User, asked: Asked, more: object = {}): Promise<string> {
  const { status, json, text } = await decide(world, user, requestOf(asked), more)
  assert.equal(status, 200, text)
  const code = new URL(json.redirectTo).searchParams.get('code') ?? assert.fail(json.redirectTo)
  rememberSecret(code)
  return code
}

export interface Connected {
  readonly clientId: string
  readonly access: string
  readonly refresh: string
  readonly pkce: Pkce
  readonly code: string
}

export const exchange = (
  world: World,
  { code, clientId, pkce }: Pick<Connected, 'code' | 'clientId' | 'pkce'>,
  changes: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  post(world, '/oauth/token', {
    grant_type: 'authorization_code',
    code,
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code_verifier: pkce.verifier,
    ...changes,
  })

/** The whole way of an app to its tokens. */
export async function connect(world: World, user: User, scope = 'tasks:read', clientId?: string): Promise<Connected> {
  const id = clientId ?? (await register(world))
  const pkce = newPkce()
  const code = await consent(world, user, { clientId: id, pkce, changes: { scope } })
  const { status, json, text } = await exchange(world, { code, clientId: id, pkce })
  assert.equal(status, 200, text)
  return { clientId: id, access: json.access_token, refresh: json.refresh_token, pkce, code }
}

export const renew = (world: World, clientId: string, refresh: string, more: Readonly<Record<string, string>> = {}) =>
  post(world, '/oauth/token', { grant_type: 'refresh_token', refresh_token: refresh, client_id: clientId, ...more })

/** Asserts a problem of this service. */
export const refuses = (answer: Answer, status: number, code: string): void =>
  assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text)

/** Asserts a refusal of the token endpoint. */
export const refusesGrant = (answer: Answer, error = 'invalid_grant', status = 400): void =>
  assert.deepEqual([answer.status, answer.json?.error], [status, error], answer.text)
