import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { keyOf, openFernet, seal } from './fernet.ts'
import { Secret } from './secret.ts'

const newKey = (): string => `${randomBytes(32).toString('base64url')}=`
const fernetOf = (...keys: readonly string[]) => openFernet(keys.map((key) => new Secret(key)))
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString()

/** The vector of the specification, github.com/fernet/spec: generate.json and verify.json. */
const SPEC = {
  key: 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=',
  token: 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==',
  timestampS: 499_162_800n,
  iv: Uint8Array.from({ length: 16 }, (_, index) => index),
  plaintext: 'hello',
}

/** Created with Python's `cryptography`, version 38.0.4. */
const FROM_PYTHON = {
  key: 'Wl8yZ0Q3c0tMcU5iVmNYekFzRGZHaEprUXdFclR5VWk=',
  token:
    'gAAAAABrAyWgu_gWfoMJhmFAbEJZmf85k-BhakGNlWrZXeBnzrVIijUuDEcSnoH0uIut305t0NO1UEXZJn34x0-OWrE5wDEpVHR2hCiNUSrfjEArDc7Z2HIhhWvxHJXgOK1IdaMV5oYv',
  plaintext: 'sk-proj-ünïcode \u0000 and more than one block',
}

suite('a Fernet token', () => {
  test('is byte for byte the one of the specification', () => {
    const { key, token, timestampS, iv, plaintext } = SPEC
    assert.equal(seal(keyOf(new Secret(key)), Buffer.from(plaintext), timestampS, iv), token)
    const opened = fernetOf(key).decrypt(token)
    assert.deepEqual([text(opened?.plaintext), opened?.key, opened?.timestampS], [plaintext, 0, timestampS])
  })

  test('of an earlier version of Python’s library is decrypted', () => {
    assert.equal(text(fernetOf(FROM_PYTHON.key).decrypt(FROM_PYTHON.token)?.plaintext), FROM_PYTHON.plaintext)
  })

  test('is decrypted to a plaintext of any length, and differs each time', () => {
    const fernet = fernetOf(newKey())
    for (let length = 0; length < 70; length++) {
      const plaintext = randomBytes(length)
      const [one, other] = [fernet.encrypt(plaintext), fernet.encrypt(plaintext)]
      assert.notEqual(one, other)
      for (const token of [one, other]) assert.ok(fernet.decrypt(token)?.plaintext.equals(plaintext))
    }
  })

  test('contains its time of creation: by default the current time', () => {
    const fernet = fernetOf(newKey())
    const seconds = Math.floor(Date.now() / 1000)
    const made = Number(fernet.decrypt(fernet.encrypt(Buffer.from('x')))?.timestampS)
    assert.ok(made >= seconds && made <= seconds + 60)
    const last = 2n ** 64n - 1n
    assert.equal(fernet.decrypt(fernet.encrypt(Buffer.from('x'), last))?.timestampS, last)
  })

  test('is decrypted with any of the keys, and encrypted with the first', () => {
    const [old, current, foreign] = [newKey(), newKey(), newKey()]
    const before = fernetOf(old).encrypt(Buffer.from('before'))
    const rotating = fernetOf(current, old)
    const now = rotating.encrypt(Buffer.from('now'))
    const keyThatOpens = (token: string) => rotating.decrypt(token)?.key
    assert.deepEqual([keyThatOpens(now), keyThatOpens(before)], [0, 1])
    assert.equal(fernetOf(old).decrypt(now), undefined)
    assert.equal(keyThatOpens(fernetOf(foreign).encrypt(Buffer.from('x'))), undefined)
  })

  test('with any bit changed is invalid', () => {
    const fernet = fernetOf(newKey())
    const bytes = Buffer.from(fernet.encrypt(Buffer.from('a key of some length')), 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const tampered = Buffer.from(bytes)
        tampered[at] = (tampered[at] ?? 0) ^ (1 << bit)
        assert.equal(fernet.decrypt(urlSafe(tampered)), undefined, `byte ${at}, bit ${bit}`)
      }
    }
    assert.ok(fernet.decrypt(urlSafe(bytes)))
  })

  test('that is truncated or extended at either end, by a byte or a character, is invalid', () => {
    const fernet = fernetOf(newKey())
    const token = fernet.encrypt(Buffer.from('a key of some length'))
    const bytes = Buffer.from(token, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      assert.equal(fernet.decrypt(urlSafe(bytes.subarray(0, at))), undefined, `first ${at} bytes`)
      assert.equal(fernet.decrypt(urlSafe(bytes.subarray(at + 1))), undefined, `without ${at + 1} bytes`)
    }
    for (let at = 0; at < token.length; at++) {
      assert.equal(fernet.decrypt(token.slice(0, at)), undefined, `first ${at} characters`)
      assert.equal(fernet.decrypt(token.slice(at + 1)), undefined, `without ${at + 1} characters`)
    }
    for (const more of ['A', '=', ' ', '\n', '\0', 'AAAA']) {
      assert.equal(fernet.decrypt(token + more), undefined)
      assert.equal(fernet.decrypt(more + token), undefined)
    }
  })

  test('in another base64 encoding of the same bytes is invalid', () => {
    const fernet = fernetOf(newKey())
    // Repeated until the token has two characters of padding and both special characters of URL-safe base64.
    let token = ''
    while (!/-.*_.*==$/.test(token)) token = fernet.encrypt(Buffer.from('x'))
    for (const other of [
      token.replaceAll('-', '+'),
      token.replaceAll('_', '/'),
      token.replace('==', ''),
      token.replace('==', '='),
      `${token.slice(0, 10)}\n${token.slice(10)}`,
      // The last character before the padding has bits that decoders discard.
      token.replace(/.(?===$)/, (last) => ALPHABET[ALPHABET.indexOf(last) + 1] ?? ''),
      token.replaceAll('_', '%5F'),
    ]) {
      assert.notEqual(other, token)
      assert.equal(fernet.decrypt(other), undefined, other)
    }
    assert.ok(fernet.decrypt(token))
  })

  test('is invalid if it violates the specification, even with a valid signature', () => {
    const key = keyOf(new Secret(SPEC.key))
    const fernet = fernetOf(SPEC.key)
    const blocks = (plaintext: Buffer): Buffer => {
      const cipher = createCipheriv('aes-128-cbc', key.encryption, SPEC.iv).setAutoPadding(false)
      return Buffer.concat([cipher.update(plaintext), cipher.final()])
    }
    const signed = (version: number, body: Buffer): string => {
      const head = Buffer.concat([Buffer.from([version]), Buffer.alloc(8), SPEC.iv, body])
      return urlSafe(Buffer.concat([head, createHmac('sha256', key.signing).update(head).digest()]))
    }
    const padded = (padding: readonly number[]): Buffer =>
      blocks(Buffer.from([...Array.from({ length: 16 - padding.length }, () => 7), ...padding]))
    assert.equal(fernet.decrypt(signed(0x80, padded([2, 2])))?.plaintext.length, 14)
    for (const version of [0, 0x7f, 0x81, 0xff])
      assert.equal(fernet.decrypt(signed(version, padded([2, 2]))), undefined)
    for (const padding of [[0], [17], [3, 2, 3], [255]]) {
      assert.equal(fernet.decrypt(signed(0x80, padded(padding))), undefined, `padding ${padding.join()}`)
    }
    for (const size of [0, 1, 15, 17, 31]) {
      const twoBlocks = Buffer.concat([padded([2, 2]), padded([2, 2])])
      assert.equal(fernet.decrypt(signed(0x80, twoBlocks.subarray(0, size))), undefined, `${size} bytes`)
    }
  })

  test('requires at least one key, and valid keys', () => {
    assert.throws(() => fernetOf(), /needs a key/)
    assert.throws(() => fernetOf('short'), /not a Fernet key/)
  })
})

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const urlSafe = (bytes: Buffer): string => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')

/** A Python with the library; Debian's is tried first. */
const python = ['/usr/bin/python3', 'python3'].find(
  (each) => spawnSync(each, ['-c', 'import cryptography.fernet']).status === 0,
)

/** A program that decrypts the given tokens, and encrypts and rotates with the first key only. */
const PEER = `
import json, sys
from cryptography.fernet import Fernet, MultiFernet, InvalidToken
asked = json.load(sys.stdin)
ring = MultiFernet([Fernet(key) for key in asked["keys"]])
def opened(token):
    try:
        return ring.decrypt(token.encode()).hex()
    except InvalidToken:
        return None
print(json.dumps({
    "opened": [opened(token) for token in asked["tokens"]],
    "made": [ring.encrypt(bytes.fromhex(each)).decode() for each in asked["plaintexts"]],
    "rotated": [ring.rotate(token.encode()).decode() for token in asked["tokens"]],
    "key": Fernet.generate_key().decode(),
}))`

suite("Python's cryptography", { skip: python === undefined && 'needs python3 with cryptography' }, () => {
  const keys = [newKey(), newKey()] as const
  const plaintexts = Array.from({ length: 40 }, (_, length) => randomBytes(length))
  const peer = (tokens: readonly string[]): Record<'opened' | 'made' | 'rotated', string[]> & { key: string } => {
    const input = JSON.stringify({ keys, tokens, plaintexts: plaintexts.map((each) => each.toString('hex')) })
    const { stdout, stderr } = spawnSync(python ?? '', ['-c', PEER], { input, encoding: 'utf8' })
    assert.notEqual(stdout, '', stderr)
    // The output of the program above.
    return JSON.parse(stdout) as ReturnType<typeof peer>
  }
  const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex')
  const wanted = plaintexts.map(hex)

  test('decrypts tokens of this module under either key, and this module decrypts the tokens that it creates and rotates', () => {
    const made = plaintexts.map((each, index) => fernetOf(keys[index % 2] ?? '').encrypt(each))
    const answer = peer(made)
    assert.deepEqual(answer.opened, wanted)
    const ours = fernetOf(...keys)
    for (const tokens of [answer.made, answer.rotated]) {
      assert.deepEqual(
        tokens.map((token) => hex(ours.decrypt(token)?.plaintext)),
        wanted,
      )
      assert.ok(tokens.every((token) => ours.decrypt(token)?.key === 0))
    }
    // Rotation in Python keeps the creation time of a token.
    const times = (tokens: readonly string[]) => tokens.map((token) => ours.decrypt(token)?.timestampS)
    assert.deepEqual(times(answer.rotated), times(made))
    assert.ok(fernetOf(answer.key))
  })
})
