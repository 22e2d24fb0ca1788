import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { reachOf, type Reach } from './address.ts'

const ADDRESSES: Readonly<Record<Reach, readonly string[]>> = {
  public: ['93.184.216.34', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::1', '::ffff:93.184.216.34'],
  local: [
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '::1',
    'fc00::1',
    'fd12:3456::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
  ],
  special: [
    '0.0.0.0',
    '::',
    '169.254.169.254',
    '::ffff:169.254.169.254',
    'fe80::1',
    'fe80::1%lo',
    'fd00:ec2::254%eth0',
    '100.64.0.1',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '203.0.113.9',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    // Addresses that embed another one: IPv4-compatible, NAT64, 6to4, Teredo.
    '::127.0.0.1',
    '::8.8.8.8',
    '::ffff:0:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::808:808',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001:0:1::',
    '2001:db8::1',
    '2001:10::1',
    '2001:20::1',
    '100::1',
    '3fff::1',
    '5f00::1',
    '4000::1',
    'fec0::1',
    'ff02::1',
    // No addresses as a resolver gives them.
    '',
    'localhost',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '127.0.0.1 ',
  ],
}

suite('an address', () => {
  for (const [reach, addresses] of Object.entries(ADDRESSES)) {
    for (const address of addresses) {
      test(`${JSON.stringify(address)} is ${reach}`, () => assert.equal(reachOf(address), reach))
    }
  }
})
