import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Problem } from '../errors.ts'
import { checkAuthorization, type Client } from './authorization.ts'
import { redirectFault } from './redirects.ts'

/** What is checked of an authorization request without a database. */

const client: Client = { id: 'app', name: 'App', redirectUris: ['https://app.example.com/callback'], mayRefresh: false }
const request = (changes: Readonly<Record<string, string>>): URLSearchParams =>
  new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: 'https://app.example.com/callback',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...changes,
  })

test('the refusal of an unknown scope has no text of the app, and says which scopes there are', () => {
  assert.throws(
    () => checkAuthorization(request({ scope: 'tasks:read call+0800-evil' }), client, 'https://todo.example.com'),
    (error: unknown) => {
      assert.ok(error instanceof Problem)
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /evil/)
      assert.match(error.message, /tasks:write.*offline_access/)
      return true
    },
  )
})

suite('a redirect URI', () => {
  test('must have its host after two slashes, because browsers take it for a path of the page otherwise', () => {
    for (const uri of [
      'https:app.example.com/cb',
      'https:/app.example.com/cb',
      'https:///app.example.com/cb',
      'http:127.0.0.1/cb',
    ]) {
      assert.match(redirectFault(uri) ?? '', /complete URI/, uri)
    }
    for (const uri of ['https://app.example.com/cb', 'HTTPS://app.example.com/cb', 'http://[::1]:1/cb']) {
      assert.equal(redirectFault(uri), undefined, uri)
    }
  })

  test('must not have a scheme that the system of the user handles itself', () => {
    for (const uri of [
      'ms-settings:privacy',
      'ms-msdt:/id',
      'search-ms:query=x',
      'jar:x',
      'content://a',
      'localhost:3000/cb',
      'urn:ietf:wg:oauth:2.0:oob',
    ]) {
      assert.match(redirectFault(uri) ?? '', /must not have the scheme/, uri)
    }
    for (const uri of ['cursor://anysphere.cursor-mcp/oauth/callback', 'vscode://x/cb', 'com.example.app:/cb']) {
      assert.equal(redirectFault(uri), undefined, uri)
    }
  })
})
