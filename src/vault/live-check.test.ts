import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { answering, hanging, type FakeServer } from '../../test/fake-server.ts'
import { accepting, openFakeProvider, REFUSING } from './fake-provider.testing.ts'
import { Problem } from '../errors.ts'
import { Secret } from '../lib/secret.ts'
import type { Limits } from '../limits/limits.ts'
import { openLiveChecks, type LiveCheckOptions, type LiveChecks, type Verdict } from './live-check.ts'
import { masked, PROVIDER_NAMES, PROVIDERS, type ProviderName } from './providers.ts'

const KEYS: Readonly<Record<ProviderName, readonly string[]>> = {
  gemini: [`AIza${'Sy-_9'.repeat(7)}`, `AQ.${'Ab8RN6'.repeat(8)}`],
  openai: [`sk-${'T3BlbkFJ'.repeat(6)}`, `sk-proj-${'a_B-9'.repeat(30)}`, `sk-svcacct-${'x'.repeat(60)}`],
  anthropic: [`sk-ant-api03-${'a_B-9'.repeat(19)}AA`],
}
const HEADER_OF_KEY: Readonly<Record<ProviderName, (key: string) => readonly [name: string, value: string]>> = {
  gemini: (key) => ['x-goog-api-key', key],
  openai: (key) => ['authorization', `Bearer ${key}`],
  anthropic: (key) => ['x-api-key', key],
}
const URL_ASKED: Readonly<Record<ProviderName, string>> = {
  gemini: '/v1beta/models?pageSize=1',
  openai: '/v1/models',
  anthropic: '/v1/models?limit=1',
}
/** Each provider's answer to a known key without permission for this call. */
const RESTRICTED: Readonly<Record<ProviderName, readonly FakeServer['answer'][]>> = {
  gemini: [
    answering(403, {
      error: { code: 403, status: 'PERMISSION_DENIED', details: [{ reason: 'API_KEY_SERVICE_BLOCKED' }] },
    }),
    answering(403, { error: { code: 403, status: 'PERMISSION_DENIED', details: [{ reason: 'CONSUMER_SUSPENDED' }] } }),
  ],
  openai: [
    answering(403, {
      error: { message: 'You have insufficient permissions for this operation. Missing scopes: api.model.read.' },
    }),
    answering(401, {
      error: { message: 'You have insufficient permissions for this operation. Missing scopes: model.request.' },
    }),
    answering(401, { error: { code: 'ip_not_authorized', message: 'Your IP is not authorized' } }),
  ],
  anthropic: [answering(403, { type: 'error', error: { type: 'permission_error', message: 'no' } })],
}
/** Answers that say nothing about the key. */
const SAYS_NOTHING: Readonly<Record<string, FakeServer['answer']>> = {
  'an error of its own': answering(500, { error: { message: 'oops' } }),
  'a page of its proxy with 401': answering(401, '<h1>Sign in</h1>'),
  'a page of its proxy with 403': answering(403, '<h1>Attention Required!</h1>'),
  'an overload': answering(529, { type: 'error', error: { type: 'overloaded_error' } }),
  'a region where it does not serve (OpenAI)': answering(400, {
    error: { code: 'unsupported_country_region_territory', message: 'Country, region, or territory not supported' },
  }),
  'a region where it does not serve (Gemini)': answering(400, {
    error: { code: 400, status: 'FAILED_PRECONDITION', message: 'User location is not supported' },
  }),
  'a path that it does not have': answering(404, { error: { message: 'not found', type: 'not_found_error' } }),
  'success with a body that is no JSON': answering(200, 'OK'),
  'truncated JSON': answering(200, '{"data": [{"id": "x"'),
  'JSON that is no object': answering(200, [1]),
  'JSON that is null': answering(200, 'null'),
  'an object without a list': answering(200, { data: {}, models: 'x' }),
  'no body': answering(200),
  'a success that is not 200': answering(204),
}

const unlimited: Pick<Limits, 'take'> = {
  take: async (policy) => ({
    policy,
    allowed: true,
    remaining: 1,
    resetSeconds: 1,
    counted: { own: { count: 1, shared: { own: 0, others: 0 }, endsAtMs: 0 }, shared: false },
  }),
}
const SHORT_MS = 300

suite('a live check', () => {
  let provider: FakeServer
  let checks: LiveChecks
  const checksAt = (url: string, options: Partial<LiveCheckOptions> = {}): LiveChecks =>
    openLiveChecks({ baseUrls: { gemini: url, openai: url, anthropic: url }, limits: unlimited, ...options })
  before(async () => {
    provider = await openFakeProvider()
    checks = checksAt(provider.url)
  })
  after(() => provider[Symbol.asyncDispose]())

  const check = (name: ProviderName = 'openai', key = KEYS[name][0] ?? '', by = checks): Promise<Verdict> =>
    by.check(randomUUID(), name, new Secret(key))

  for (const name of PROVIDER_NAMES) {
    test(`of ${name} requests the list of models, with the key only in a header`, async () => {
      provider.answer = accepting
      for (const key of KEYS[name]) {
        assert.match(key, PROVIDERS[name].shape)
        assert.deepEqual(await check(name, key), { status: 'success' })
        const asked = provider.asked.at(-1)
        assert.equal(asked?.url, URL_ASKED[name])
        const [header, value] = HEADER_OF_KEY[name](key)
        assert.equal(asked.headers[header], value)
        const others = Object.entries(asked.headers).filter(([other]) => other !== header)
        assert.ok(!JSON.stringify(others).includes(key))
      }
    })

    test(`of ${name} distinguishes an unknown key from one without permission`, async () => {
      const { title } = PROVIDERS[name]
      provider.answer = REFUSING[name]
      assert.deepEqual(await check(name), {
        status: 'failure',
        reason: `${title} does not know this key: copy it again from there, or make a new one`,
      })
      for (const answer of RESTRICTED[name]) {
        provider.answer = answer
        const verdict = await check(name)
        assert.ok(
          verdict.status === 'failure' && verdict.reason.startsWith(`${title} knows this key but does not permit it`),
        )
      }
    })

    test(`of ${name} does not refuse the key because of a gateway's 403`, async () => {
      provider.answer = answering(403, { message: 'Forbidden' })
      assert.equal((await check(name)).status, 'unreachable')
    })

    test(`of ${name} refuses the key for 401 with any JSON`, async () => {
      for (const body of [{}, { error: 'no' }, { error: { message: 'no' } }]) {
        provider.answer = answering(401, body)
        assert.equal((await check(name)).status, 'failure')
      }
    })

    for (const [what, answer] of Object.entries(SAYS_NOTHING)) {
      test(`of ${name} is no decision about the key for ${what}`, async () => {
        provider.answer = answer
        assert.equal((await check(name)).status, 'unreachable')
      })
    }

    test(`of ${name} reports an exhausted quota and the provider's Retry-After`, async () => {
      for (const [given, expected] of [
        ['17', 17],
        ['', 30],
        ['Fri, 31 Dec 1999 23:59:59 GMT', 30],
        ['-5', 30],
        ['99999999', 30],
      ] as const) {
        provider.answer = answering(429, { error: { message: 'slow down' } }, { 'retry-after': given })
        const verdict = await check(name)
        assert.deepEqual(
          [verdict.status, 'retryAfterS' in verdict && verdict.retryAfterS],
          ['quota_exceeded', expected],
        )
      }
    })
  }

  test('of openai does not refuse the key because of the location of this service', async () => {
    const error = {
      code: 'unsupported_country_region_territory',
      message: 'Country, region, or territory not supported',
    }
    provider.answer = answering(403, { error })
    assert.equal((await check('openai')).status, 'unreachable')
  })

  test('accepts a base URL with the version of the API, or with a path before it', async () => {
    provider.answer = accepting
    for (const [base, asked] of [
      ['/v1', '/v1/models'],
      ['/proxy/openai', '/proxy/openai/v1/models'],
      ['/proxy/v2', '/proxy/v2/models'],
      ['/v1beta', '/v1beta/models'],
      ['/very', '/very/v1/models'],
    ]) {
      await checksAt(provider.url + base).check('ada', 'openai', new Secret(KEYS.openai[0] ?? ''))
      assert.equal(provider.asked.at(-1)?.url, asked)
    }
  })

  test('follows no redirect, so that the key reaches no other host', async () => {
    await using elsewhere = await openFakeProvider()
    for (const status of [301, 302, 303, 307, 308]) {
      provider.answer = answering(status, '', { location: `${elsewhere.url}/v1/models` })
      assert.equal((await check()).status, 'unreachable')
    }
    assert.deepEqual(elsewhere.asked, [])
  })

  test('ends at its timeout if the provider hangs before or within its answer', async () => {
    const dripping: FakeServer['answer'] = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
    for (const answer of [hanging, dripping]) {
      provider.answer = answer
      const startedMs = performance.now()
      const verdict = await check('openai', KEYS.openai[0], checksAt(provider.url, { timeoutMs: SHORT_MS }))
      const tookMs = performance.now() - startedMs
      assert.equal(verdict.status, 'unreachable')
      assert.ok(tookMs >= SHORT_MS - 50 && tookMs < SHORT_MS + 5_000, `${tookMs} ms`)
    }
  })

  test('reads at most a mebibyte, also of an answer that is compressed or has no Content-Length', async () => {
    const mebibyte = 1024 * 1024
    const list = (size: number): string => `{"data":["${'x'.repeat(size - 13)}"]}`
    provider.answer = answering(200, list(mebibyte), { 'content-type': 'application/json' })
    assert.equal((await check()).status, 'success')
    provider.answer = answering(200, list(mebibyte + 1), { 'content-type': 'application/json' })
    assert.equal((await check()).status, 'unreachable')

    provider.answer = (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.end(gzipSync(list(50 * mebibyte)))
    }
    assert.equal((await check()).status, 'unreachable')
    assert.equal(provider.asked.at(-1)?.headers['accept-encoding'], 'identity')

    let sent = 0
    const endless = Promise.withResolvers<void>()
    provider.answer = (response) => {
      response.writeHead(200)
      const more = (error?: Error | null): void => {
        if (error) return endless.resolve()
        sent += 65_536
        response.write('x'.repeat(65_536), more)
      }
      more()
    }
    assert.equal((await check()).status, 'unreachable')
    await endless.promise
    assert.ok(sent < 64 * mebibyte, `${sent} bytes were sent`)
  })

  test('is `unreachable` if the provider refuses or closes the connection', async () => {
    provider.answer = (response) => response.destroy()
    assert.equal((await check()).status, 'unreachable')
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    server.close()
    await once(server, 'close')
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const verdict = await checksAt(`http://127.0.0.1:${port}`).check('ada', 'gemini', new Secret(KEYS.gemini[0] ?? ''))
    assert.equal(verdict.status, 'unreachable')
    const { status } = await checksAt('http://nowhere.invalid').check('ada', 'gemini', new Secret(KEYS.gemini[0] ?? ''))
    assert.equal(status, 'unreachable')
  })

  test('of anthropic does not refuse the key because of the location of this service', async () => {
    provider.answer = answering(403, { type: 'error', error: { type: 'forbidden', message: 'Request not allowed' } })
    assert.equal((await check('anthropic')).status, 'unreachable')
  })

  test('of a stored key that is not valid in a header calls no provider and never quotes the key', async () => {
    const before = provider.asked.length
    const verdict = await checksAt(provider.url).check('ada', 'openai', new Secret('sk-proj-aaaaaaaaaaaaaaaa\nb'))
    assert.equal(verdict.status, 'failure')
    assert.equal(provider.asked.length, before)
    assert.doesNotMatch(JSON.stringify(verdict), /aaaa/)
  })

  test('beyond 32 at once is 503, does not count and calls no provider; later checks are accepted again', async () => {
    const held: (() => void)[] = []
    const all = Promise.withResolvers<void>()
    provider.answer = (response, asked) => {
      held.push(() => accepting(response, asked))
      if (held.length === 32) all.resolve()
    }
    let taken = 0
    const counted = checksAt(provider.url, {
      limits: {
        take: (policy, subject) => {
          taken++
          return unlimited.take(policy, subject)
        },
      },
    })
    const key = new Secret(KEYS.openai[0] ?? '')
    const underWay = Array.from({ length: 32 }, (_, index) => counted.check(`user ${index}`, 'openai', key))
    // A check that waited too long gets an answer too, which fails the test.
    await Promise.race([all.promise, Promise.all(underWay)])
    await assert.rejects(
      counted.check('one more', 'openai', key),
      (error) =>
        error instanceof Problem && error.code === 'provider_unavailable' && error.headers['retry-after'] === '30',
    )
    for (const release of held) release()
    assert.deepEqual(
      (await Promise.all(underWay)).map(({ status }) => status),
      underWay.map(() => 'success'),
    )
    assert.equal(taken, 32)
    provider.answer = accepting
    assert.equal((await counted.check('one more', 'openai', key)).status, 'success')
  })

  test('beyond the limit is 429 with Retry-After, and calls no provider', async () => {
    provider.answer = accepting
    const before = provider.asked.length
    const exhausted = checksAt(provider.url, {
      limits: {
        take: async (policy) => ({
          policy,
          allowed: false,
          remaining: 0,
          resetSeconds: 1234,
          counted: { own: { count: 1, shared: { own: 0, others: 0 }, endsAtMs: 0 }, shared: false },
        }),
      },
    })
    await assert.rejects(exhausted.check('ada', 'openai', new Secret(KEYS.openai[0] ?? '')), (error) => {
      assert.ok(error instanceof Problem)
      assert.deepEqual(
        [error.status, error.headers['retry-after'], error.headers['x-ratelimit-limit'], error.body],
        [429, '1234', '5', { retryAfter: 1234 }],
      )
      return true
    })
    assert.equal(provider.asked.length, before)
  })
})

suite('the shape of a key', () => {
  test('of one provider is refused by the others, and so is text that is not valid in a header', () => {
    const takenBy = (key: string): string[] => PROVIDER_NAMES.filter((name) => PROVIDERS[name].shape.test(key))
    for (const name of PROVIDER_NAMES) for (const key of KEYS[name]) assert.deepEqual(takenBy(key), [name])
    const [key = ''] = KEYS.anthropic
    for (const bad of [
      '',
      'sk-',
      'AIza',
      `${key} `,
      ` ${key}`,
      `${key}\r\nx: y`,
      `${key}\n`,
      `${key}\0`,
      `${key}é`,
      `Bearer ${key}`,
      `"${key}"`,
      key.repeat(9),
    ]) {
      assert.deepEqual(takenBy(bad), [], JSON.stringify(bad))
    }
  })

  test('masked shows its first four and its last three characters', () => {
    assert.equal(masked('AIzaSyD-1234567890xyz'), 'AIza...xyz')
  })
})
