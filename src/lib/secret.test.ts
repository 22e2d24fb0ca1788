import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { format, inspect } from 'node:util'

import { fernetKeyBytes, namedToken, Secret, SecretRules } from './secret.ts'

const VALUE = 'correct horse battery staple 0123456789'

suite('a secret', () => {
  test('is printed as [secret] in every way of printing', () => {
    const secret = new Secret(VALUE)
    const printed = [
      String(secret),
      // oxlint-disable-next-line typescript/restrict-template-expressions -- this mistake is under test
      `${secret}`,
      JSON.parse(JSON.stringify(secret)),
      inspect(secret),
      format('%s', secret),
    ]
    assert.deepEqual(new Set(printed), new Set(['[secret]']))
    assert.equal(inspect({ token: secret }), '{ token: [secret] }')
    assert.equal(format('%o %j', { token: secret }, { token: secret }).includes(VALUE), false)
  })

  test('has no members that reveal it', () => {
    const secret = new Secret(VALUE)
    assert.deepEqual(Object.keys(secret), [])
    assert.deepEqual(Object.entries(secret), [])
    assert.deepEqual(Reflect.ownKeys(secret), [])
    // oxlint-disable-next-line typescript/no-misused-spread -- this mistake is under test
    assert.deepEqual({ ...secret }, {})
    assert.deepEqual(structuredClone(secret), {})
    assert.equal(inspect(secret, { customInspect: false, showHidden: true, depth: 9 }).includes(VALUE), false)
  })

  test('is returned only by reveal', () => {
    assert.equal(new Secret(VALUE).reveal(), VALUE)
  })

  test('equals only its own value, and no other value of any length', () => {
    const secret = new Secret(VALUE)
    assert.equal(secret.equals(VALUE), true)
    for (const other of ['', VALUE.slice(1), `${VALUE} `, VALUE.toUpperCase(), '[secret]']) {
      assert.equal(secret.equals(other), false)
    }
  })
})

suite('the rules for secrets', () => {
  const strong = (): string => randomBytes(32).toString('base64')

  test('refuse a secret of 31 bytes everywhere and accept one of 32, counted in UTF-8', () => {
    for (const strict of [false, true]) {
      const rules = new SecretRules(strict)
      assert.throws(
        () => rules.accept('A', strong().slice(0, 31)),
        /^Error: is shorter than 32 bytes: generate one with/,
      )
      assert.equal(rules.accept('A', VALUE.slice(0, 32)).reveal().length, 32)
      assert.equal(rules.accept('A', 'äöüßéèêëîïôûçñåø').reveal().length, 16)
    }
  })

  const GUESSABLE = [
    ['x'.repeat(40), /is one character repeated/],
    ['abcabcabc'.repeat(5), /fewer than 10 different/],
    ['Change-Me-In-Production-0123456789', /placeholder/],
    ['your_secret_key_goes_in_here_4711!', /placeholder/],
  ] as const

  for (const [guessable, reason] of GUESSABLE) {
    test(`in production refuse ${guessable}`, () => {
      assert.throws(() => new SecretRules(true).accept('A', guessable), reason)
      assert.ok(new SecretRules(false).accept('A', guessable))
    })
  }

  test('accept random bytes in hex and base64', () => {
    const rules = new SecretRules(true)
    for (let round = 0; round < 200; round++) {
      rules.accept('A', strong())
      rules.accept('A', randomBytes(32).toString('hex'))
      rules.acceptFernetKey('B', strong())
    }
  })

  test('check the decoded bytes of a Fernet key, which may be one repeated byte', () => {
    const text = Buffer.from('changeme'.repeat(4)).toString('base64')
    assert.throws(() => new SecretRules(true).acceptFernetKey('A', text), /fewer than 10 different/)
    assert.throws(() => new SecretRules(true).acceptFernetKey('A', `${'A'.repeat(43)}=`), /one character repeated/)
  })

  test('refuse one secret for two purposes in production only, and twice for one purpose everywhere', () => {
    const secret = strong()
    for (const strict of [false, true]) {
      const rules = new SecretRules(strict)
      rules.accept('A', secret)
      assert.throws(() => rules.accept('A', secret), /is given twice/)
      const again = (): Secret => rules.acceptDistinct('B', secret)
      if (strict) assert.throws(again, /is the same secret as A/)
      else assert.ok(again())
    }
  })
})

suite('a Fernet key', () => {
  test('is accepted in both base64 alphabets, as in Python', () => {
    const bytes = Buffer.alloc(32, 0xfb)
    assert.deepEqual(fernetKeyBytes(bytes.toString('base64')), bytes)
    assert.deepEqual(fernetKeyBytes(`${bytes.toString('base64url')}=`), bytes)
    const spelt = new SecretRules(false).acceptFernetKey('A', bytes.toString('base64')).reveal()
    assert.equal(spelt, `${bytes.toString('base64url')}=`)
  })

  test('must be exactly 32 bytes with padding', () => {
    const right = Buffer.alloc(32, 1).toString('base64')
    for (const wrong of [
      '',
      right.slice(0, -1),
      ` ${right}`,
      `${right}\n`,
      `${right}=`,
      right.replace('A', '!'),
      'AAAA',
    ]) {
      assert.equal(fernetKeyBytes(wrong), undefined)
    }
  })
})

suite('a service token', () => {
  const READ = [
    ['agent=abc', 'agent', 'abc'],
    ['mcp-2_b=a=b==', 'mcp-2_b', 'a=b=='],
    ['c2VjcmV0', 'default', 'c2VjcmV0'],
    ['c2VjcmV0==', 'default', 'c2VjcmV0=='],
    ['abc=', 'default', 'abc='],
    ['default=Qx=y', 'default', 'Qx=y'],
  ] as const

  for (const [entry, name, token] of READ) {
    test(`${entry} is of the service ${name}`, () => assert.deepEqual(namedToken(entry), { name, token }))
  }

  for (const entry of ['Agent=abc', '9=abc', `${'a'.repeat(33)}=abc`, '=abc', 'my agent=abc']) {
    test(`${entry} is refused, because its name may be misspelt`, () => {
      assert.throws(() => namedToken(entry), /no lower-case service name/)
    })
  }
})
