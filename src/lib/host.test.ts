import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isThisMachine, listenHost, reachableUrl } from './host.ts'

suite('a host', () => {
  test('that means all addresses is shown as one address, and IPv6 in brackets', () => {
    assert.deepEqual(
      ['0.0.0.0', '::', 'localhost', '10.0.0.1', 'fe80::1'].map((host) => reachableUrl(host, 80)),
      ['http://127.0.0.1:80', 'http://[::1]:80', 'http://localhost:80', 'http://10.0.0.1:80', 'http://[fe80::1]:80'],
    )
    assert.deepEqual(['localhost', '::'].map(listenHost), ['127.0.0.1', '::'])
  })

  test('counts as this machine by its whole name, not by its beginning', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]', '/var/run/postgresql']) {
      assert.ok(isThisMachine(host), host)
    }
    for (const host of ['localhost.example.com', '127.example.com', '::10', '10.0.0.127', '']) {
      assert.ok(!isThisMachine(host), host)
    }
  })
})
