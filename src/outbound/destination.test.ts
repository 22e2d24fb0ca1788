import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { allowedHost, destinationOf, URL_LENGTH_MAX, type OutboundPolicy } from './destination.ts'

const PUBLIC: OutboundPolicy = { reach: 'public', allowedHosts: [] }
const LOCAL: OutboundPolicy = { reach: 'local', allowedHosts: [] }

const PRIVATE = 'must not be a private or reserved address'
const MACHINE = 'must not be the machine of this service'
const HTTPS = 'must begin with https://'
const PORT = 'must use port 443 or 8443'
const COMPLETE = 'must be a complete URL, such as https://example.com/hooks'
const INVISIBLE = 'must not contain white space, control characters or backslashes'
const USER = 'must not contain a user name or a password'

const FAULTS: Readonly<Record<string, string>> = {
  // Every spelling of loopback.
  'https://127.0.0.1/': PRIVATE,
  'https://localhost/': MACHINE,
  'https://[::1]/': PRIVATE,
  'https://[::ffff:127.0.0.1]/': PRIVATE,
  'https://[::ffff:7f00:1]/': PRIVATE,
  'https://2130706433/': PRIVATE,
  'https://0x7f.1/': PRIVATE,
  'https://0177.0.0.1/': PRIVATE,
  'https://127.1/': PRIVATE,
  'https://0.0.0.0/': PRIVATE,
  'https://[::]/': PRIVATE,
  'https://[::127.0.0.1]/': PRIVATE,
  'https://127.0.0.1./': PRIVATE,
  'https://0x7f000001/': PRIVATE,
  'https://017700000001/': PRIVATE,
  'https://１２７.０.０.１/': PRIVATE,
  'https://127。0。0。1/': PRIVATE,
  'https://①②⑦.0.0.1/': PRIVATE,
  'https://localhost./': MACHINE,
  'https://LOCALHOST/': MACHINE,
  'https://ｌｏｃａｌｈｏｓｔ/': MACHINE,
  'https://a.localhost/': MACHINE,
  // Others of private networks and of cloud providers.
  'https://10.0.0.1/': PRIVATE,
  'https://169.254.169.254/latest/meta-data': PRIVATE,
  'https://[64:ff9b::7f00:1]/': PRIVATE,
  'https://[2002:7f00:1::]/': PRIVATE,
  'https://[fd00:ec2::254]/': PRIVATE,
  'https://redis/': 'must have a complete host name, such as example.com',
  // Schemes and ports.
  'http://example.com/': HTTPS,
  'ftp://example.com/': HTTPS,
  'file:///etc/passwd': HTTPS,
  'javascript:alert(1)': HTTPS,
  'https://example.com:22/': PORT,
  'https://example.com:80/': PORT,
  'https://example.com:6379/': PORT,
  'https://example.com:0/': PORT,
  // Parts that confuse.
  'https://user@example.com/': USER,
  'https://user:secret@example.com/': USER,
  'https://example.com@127.0.0.1/': USER,
  'https://example.com/#here': 'must not contain a fragment (#)',
  'https://': COMPLETE,
  'https://example.com:99999/': COMPLETE,
  'https://[fe80::1%25eth0]/': COMPLETE,
  'https://256.0.0.1/': COMPLETE,
  'https://exa mple.com/': INVISIBLE,
  // What a parser repairs in silence.
  ' https://example.com/': INVISIBLE,
  'https://example.com/\r\nX: y': INVISIBLE,
  'https://exam\tple.com/': INVISIBLE,
  'https://example.com/a b': INVISIBLE,
  'https:\\\\example.com': INVISIBLE,
  'https://example.com\\@127.0.0.1/': INVISIBLE,
  'https:example.com': COMPLETE,
  'https:/example.com': COMPLETE,
  'https:///example.com': COMPLETE,
  'https://@example.com/': USER,
  'https://:@example.com/': USER,
  '/hooks': COMPLETE,
  'example.com': COMPLETE,
  '': COMPLETE,
  [`https://example.com/${'a'.repeat(URL_LENGTH_MAX)}`]: `must have at most ${URL_LENGTH_MAX} characters`,
}

suite('a URL of a user', () => {
  for (const [url, fault] of Object.entries(FAULTS)) {
    test(`${url.slice(0, 60) || 'without a text'} ${fault}`, () => assert.equal(destinationOf(url, PUBLIC), fault))
  }

  test('with a public host is accepted, on the two ports of HTTPS', () => {
    for (const url of [
      'https://example.com/a?b=c',
      'https://example.com:8443/',
      'https://93.184.216.34/',
      'https://bücher.example/',
    ]) {
      assert.equal(typeof destinationOf(url, PUBLIC), 'object', url)
    }
  })

  test('may be of this machine and of private networks in development, and not of reserved addresses', () => {
    for (const url of [
      'http://localhost:3000/',
      'http://127.0.0.1:1/',
      'http://[::1]:3000/',
      'http://10.0.0.1/',
      'https://example.com/',
    ]) {
      assert.equal(typeof destinationOf(url, LOCAL), 'object', url)
    }
    for (const url of ['http://0.0.0.0:3000/', 'http://169.254.169.254/', 'http://[::127.0.0.1]/']) {
      assert.equal(destinationOf(url, LOCAL), 'must not be a reserved address', url)
    }
  })
})

suite('the hosts that the operator allows', () => {
  const policy: OutboundPolicy = { reach: 'public', allowedHosts: ['Hooks.internal', '10.0.0.5:9000', '[fd00::1]'] }

  test('may have private addresses and http, on their port', () => {
    for (const url of [
      'http://hooks.internal/',
      'https://hooks.internal./',
      'https://hooks.internal:8443/',
      'http://10.0.0.5:9000/',
      'https://10.0.0.5:9000/',
      'https://[fd00::1]/',
    ]) {
      const destination = destinationOf(url, policy)
      assert.ok(typeof destination === 'object' && destination.mayConnectTo('10.1.2.3'), url)
    }
  })

  test('have no other ports, and neither subdomains nor hosts that only begin or end alike', () => {
    for (const url of [
      'http://hooks.internal:6379/',
      'http://10.0.0.5/',
      'http://10.0.0.5:9001/',
      'http://a.hooks.internal/',
      'http://hooks.internal.example.com/',
      'http://xhooks.internal/',
    ]) {
      assert.equal(typeof destinationOf(url, policy), 'string', url)
    }
  })

  test('are names or addresses, with or without a port', () => {
    for (const entry of ['', 'http://a', 'a/b', 'a:0', 'a:99999', 'a:b', 'a@b', '::1', '*.internal/', 'a b']) {
      assert.throws(() => allowedHost(entry), /must be a host name or an IP address/, entry)
    }
  })
})
