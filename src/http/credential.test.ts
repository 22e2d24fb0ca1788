import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { sessionTokenKeys, type CredentialRules } from './credential.ts'

const SESSION_HASH_SECRET = 'session-hash-secret-0123456789abcdef'
const SIGNING_SECRET = 'better-auth-secret-Zx81kQ9v7Lw2TnB5rY'
const RAW = 'AbCdEfGhIjKlMnOpQrStUvWxYz012345'

const hmac = (text: string, secret: string) => createHmac('sha256', secret).update(text).digest()
const HASH = hmac(RAW, SESSION_HASH_SECRET).toString('hex')
const SIGNATURE = hmac(RAW, SIGNING_SECRET).toString('base64')
const FOREIGN_SIGNATURE = hmac(RAW, 'another-secret-another-secret-another').toString('base64')
const signed = (raw: string) => `${raw}.${hmac(raw, SIGNING_SECRET).toString('base64')}`

const embedded: CredentialRules = {
  sessionHashSecret: SESSION_HASH_SECRET,
  signingSecret: SIGNING_SECRET,
  storage: 'hashed',
}
const secretUnknown: CredentialRules = { sessionHashSecret: SESSION_HASH_SECRET, storage: 'hashed' }

const accepted: readonly (readonly [what: string, presented: string])[] = [
  ['a raw token', RAW],
  ['a signed token', `${RAW}.${SIGNATURE}`],
  ['a signed token, percent-encoded', encodeURIComponent(`${RAW}.${SIGNATURE}`)],
  ['a signed token whose dot is percent-encoded too', encodeURIComponent(`${RAW}.${SIGNATURE}`).replace('.', '%2E')],
  ['a raw token, percent-encoded', RAW.replace('A', '%41')],
  ['a signature in base64url', `${RAW}.${hmac(RAW, SIGNING_SECRET).toString('base64url')}`],
]
for (const [what, presented] of accepted) {
  test(`${what} is looked up by the token's HMAC`, () => {
    assert.deepEqual(sessionTokenKeys(presented, embedded), [HASH])
  })
}

const refused: readonly (readonly [what: string, presented: string])[] = [
  ['nothing', ''],
  ['a token of 15 characters', 'A'.repeat(15)],
  ['a token of 257 characters', 'A'.repeat(257)],
  ['a megabyte', 'A'.repeat(1 << 20)],
  ['a token with a space', `${RAW} `],
  ['a token with a line break', `${RAW}\n`],
  ['a token with a NUL', `${RAW}\0`],
  ['a token with a letter outside ASCII', `${RAW}é`],
  ['a stored hash', HASH],
  ['a stored hash in capitals', HASH.toUpperCase()],
  ['a stored hash, properly signed', signed(HASH)],
  ['a handle', `h.${HASH}`],
  ['a handle, properly signed', signed(`h.${HASH}`)],
  ['a wrong signature', `${RAW}.${FOREIGN_SIGNATURE}`],
  ['a wrong signature, percent-encoded', encodeURIComponent(`${RAW}.${FOREIGN_SIGNATURE}`)],
  ["another token's signature", `${RAW}.${hmac('x'.repeat(32), SIGNING_SECRET).toString('base64')}`],
  ['an empty signature', `${RAW}.`],
  ['a signature cut short', `${RAW}.${SIGNATURE.slice(0, 20)}`],
  ['a signature with more behind it', `${RAW}.${SIGNATURE}.${SIGNATURE}`],
  ['a token percent-encoded twice', encodeURIComponent(encodeURIComponent(`${RAW}.${SIGNATURE}`))],
  ['broken percent-encoding', `${RAW}%`],
  ['percent-encoding that is not UTF-8', `${RAW}%ff`],
]
for (const [what, presented] of refused) {
  for (const [rules, known] of [
    [embedded, 'known'],
    [secretUnknown, 'unknown'],
  ] as const) {
    if (rules === secretUnknown && /^(a wrong|another)/.test(what)) continue
    test(`${what} is refused if the signing secret is ${known}`, () => {
      assert.equal(sessionTokenKeys(presented, rules), undefined)
    })
  }
}

test('without a signing secret only the token counts, with any signature', () => {
  assert.deepEqual(sessionTokenKeys(`${RAW}.${FOREIGN_SIGNATURE}`, secretUnknown), [HASH])
  assert.deepEqual(sessionTokenKeys(encodeURIComponent(`${RAW}.${SIGNATURE}`), secretUnknown), [HASH])
})

test('tokens of 16 and of 256 characters are within the bounds', () => {
  for (const chars of [16, 256]) assert.equal(sessionTokenKeys(signed('_'.repeat(chars)), embedded)?.length, 1)
})

test('the longest token with its signature is accepted when every possible character is percent-encoded', () => {
  const signature = '+'.repeat(43).concat('=')
  assert.deepEqual(sessionTokenKeys(`${'_'.repeat(256)}.${encodeURIComponent(signature)}`, secretUnknown)?.length, 1)
})

test('in a table that may contain hashes and tokens both are looked up, the hash first', () => {
  assert.deepEqual(sessionTokenKeys(RAW, { ...embedded, storage: 'auto' }), [HASH, RAW])
})

test('in a table of plain tokens the token is looked up, and a hash is still refused', () => {
  assert.deepEqual(sessionTokenKeys(`${RAW}.${SIGNATURE}`, { ...embedded, storage: 'plain' }), [RAW])
  assert.equal(sessionTokenKeys(HASH, { ...embedded, storage: 'plain' }), undefined)
})
