import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { createClient, isProblem, type Client, type ClientOptions } from './index.ts'
import { newKey } from './key.ts'
import { retryAfterMs } from './retry.ts'

const TASKS = [{ title: 'x' }]
const NOW = 'Sun, 22 Nov 2026 12:00:00 GMT'

type Answer = Response | 'no answer' | 'never'
interface Sent {
  readonly url: string
  readonly headers: Headers
  readonly body: string
  readonly signal: AbortSignal | null | undefined
}

const ok = (): Response => Response.json(TASKS)
const problem = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  Response.json({ code, detail: `It is ${code}`, status }, { status, headers })

/** A client of a service that returns these answers in order, and then repeats the last one. */
function clientOf(
  answers: readonly (() => Answer)[],
  options: Partial<ClientOptions> = {},
): { api: Client; sent: Sent[] } {
  const sent: Sent[] = []
  const fetch: ClientOptions['fetch'] = (url, { headers, body, signal }) => {
    const answer = (answers[sent.length] ?? answers.at(-1) ?? ok)()
    sent.push({
      url,
      headers: new Headers(headers),
      body: body instanceof ArrayBuffer ? Buffer.from(body).toString() : '',
      signal,
    })
    if (answer === 'no answer') return Promise.reject(new TypeError('fetch failed'))
    if (answer !== 'never') return Promise.resolve(answer)
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
  }
  return {
    api: createClient({
      baseUrl: 'http://127.0.0.1:8000',
      auth: { token: 'secret-token' },
      fetch,
      ...options,
      retry: { attemptTimeoutMs: ATTEMPT_MS, ...options.retry },
    }),
    sent,
  }
}

/** Timeout of an attempt. No wait has the same length, so that a timer shows which of the two it is. */
const ATTEMPT_MS = 9_999

/** Waits end at once, and their lengths are recorded. */
function skipWaits({ mock }: TestContext): number[] {
  const waitsMs: number[] = []
  const { setTimeout } = globalThis
  mock.method(globalThis, 'setTimeout', (done: () => void, ms: number) => {
    if (ms === ATTEMPT_MS) return setTimeout(done, ms)
    waitsMs.push(ms)
    return setTimeout(done, 0)
  })
  return waitsMs
}

const within = (ms: number, from: number, to: number): void => assert.ok(ms >= from && ms <= to, `${ms} ms`)
const create = (api: Client, headers = {}): Promise<unknown> =>
  api.POST('/api/tasks', { body: { title: 'x' }, headers })

suite('a call is retried', () => {
  const passing: Readonly<Record<string, () => Answer>> = {
    'a rate limit': () => problem(429, 'too_many_requests', { 'retry-after': '1' }),
    'a service that is not available': () => problem(503, 'unavailable'),
    'an unknown outcome': () => problem(503, 'outcome_unknown', { 'retry-after': '2' }),
    'an error page of a proxy': () => new Response('<html>', { status: 503 }),
    'an Idempotency-Key that is still in use': () => problem(409, 'request_in_progress', { 'retry-after': '1' }),
    'no answer': () => 'no answer',
  }
  for (const [what, answer] of Object.entries(passing)) {
    test(`after ${what}, with the same request and the same key`, async (t) => {
      skipWaits(t)
      const { api, sent } = clientOf([answer, answer, ok])
      await create(api)
      assert.equal(sent.length, 3)
      const [key = ''] = new Set(sent.map(({ headers }) => headers.get('idempotency-key') ?? ''))
      assert.match(key, /^[\da-f-]{36}$/)
      for (const { url, headers, body } of sent) {
        assert.deepEqual(
          [url, headers.get('idempotency-key'), headers.get('content-type'), body],
          ['http://127.0.0.1:8000/api/tasks', key, 'application/json', '{"title":"x"}'],
        )
      }
    })
  }

  test('when an attempt takes too long', async (t) => {
    skipWaits(t)
    const { api, sent } = clientOf([() => 'never', ok], { retry: { attemptTimeoutMs: 5 } })
    assert.deepEqual((await api.GET('/api/tasks')).data, TASKS)
    assert.equal(sent.length, 2)
  })

  test('when the body of its answer is interrupted', async (t) => {
    skipWaits(t)
    const broken = (): Response =>
      new Response(new ReadableStream({ pull: (stream) => stream.error(new TypeError('terminated')) }))
    const { api, sent } = clientOf([broken, ok])
    assert.deepEqual((await api.GET('/api/tasks')).data, TASKS)
    assert.equal(sent.length, 2)
  })

  test('with the credential that `auth` returns at that time', async (t) => {
    skipWaits(t)
    let asked = 0
    const { api, sent } = clientOf([passing['no answer'] ?? ok, ok], {
      auth: async () => ({ token: `token-${++asked}` }),
    })
    await api.GET('/api/tasks')
    assert.deepEqual(
      sent.map(({ headers }) => headers.get('authorization')),
      ['Bearer token-1', 'Bearer token-2'],
    )
  })

  test('up to the configured number of attempts, and then throws the refusal', async (t) => {
    const waitsMs = skipWaits(t)
    const { api, sent } = clientOf([() => problem(503, 'unavailable')], { retry: { attempts: 8 } })
    await assert.rejects(api.GET('/api/tasks'), (error) => isProblem(error, 'unavailable'))
    assert.equal(sent.length, 8)
    // Each wait is twice as long as the one before, up to eight seconds; jitter takes off at most half.
    for (const [at, ms] of waitsMs.entries())
      within(ms, Math.min(8000, 250 * 2 ** at) / 2, Math.min(8000, 250 * 2 ** at))
    assert.equal(waitsMs.length, 7)
  })

  test('and throws the network error if the last attempt had no answer', async (t) => {
    skipWaits(t)
    const { api, sent } = clientOf([() => problem(503, 'unavailable'), () => 'no answer'], { retry: { attempts: 2 } })
    await assert.rejects(api.GET('/api/tasks'), new TypeError('fetch failed'))
    assert.equal(sent.length, 2)
  })
})

suite('a wait', () => {
  test('lasts for Retry-After and a little jitter', async (t) => {
    const waitsMs = skipWaits(t)
    const { api } = clientOf([() => problem(429, 'too_many_requests', { 'retry-after': '3' }), ok])
    await api.GET('/api/tasks')
    assert.equal(waitsMs.length, 1)
    within(waitsMs[0] ?? 0, 3000, 3250)
  })

  test('is read from Retry-After in seconds or as a date, relative to the clock of the service', () => {
    const wait = (retryAfter: string, date = NOW): number | undefined =>
      retryAfterMs(new Headers({ 'retry-after': retryAfter, date }))
    assert.equal(wait('7'), 7000)
    assert.equal(wait('Sun, 22 Nov 2026 12:00:07 GMT'), 7000)
    assert.equal(wait('Sun, 22 Nov 2026 11:00:00 GMT'), 0)
    assert.equal(wait('soon'), undefined)
    assert.equal(wait('-1'), undefined)
    assert.equal(retryAfterMs(new Headers()), undefined)
    const aheadMs = retryAfterMs(new Headers({ 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }))
    within(aheadMs ?? 0, 3_000_000, 3_600_000)
  })

  test('that would exceed the deadline is not begun, and the refusal has its length', async () => {
    const limited = (): Response =>
      Response.json(
        { code: 'too_many_requests', detail: 'x', retryAfter: 60 },
        { status: 429, headers: { 'retry-after': '60' } },
      )
    const { api, sent } = clientOf([limited])
    await assert.rejects(
      api.GET('/api/tasks'),
      (error) => isProblem(error, 'too_many_requests') && error.retryAfter === 60,
    )
    assert.equal(sent.length, 1)
  })

  test('ends when the signal is aborted, and the reason of the signal is thrown', async ({ mock }) => {
    const stop = new AbortController()
    const { api, sent } = clientOf([() => problem(503, 'unavailable', { 'retry-after': '20' })])
    const { setTimeout } = globalThis
    // The timer of this wait never fires.
    mock.method(globalThis, 'setTimeout', (done: () => void, ms: number) => {
      if (ms === ATTEMPT_MS) return setTimeout(done, ms)
      setImmediate(() => stop.abort(new Error('enough')))
      return undefined
    })
    await assert.rejects(api.GET('/api/tasks', { signal: stop.signal }), new Error('enough'))
    assert.equal(sent.length, 1)
  })
})

suite('a call is not retried', () => {
  const final: Readonly<Record<string, number>> = {
    malformed_request: 400,
    unauthenticated: 401,
    forbidden: 403,
    not_found: 404,
    conflict: 409,
    precondition_failed: 412,
    invalid_input: 422,
    internal: 500,
  }
  for (const [code, status] of Object.entries(final)) {
    test(`after ${status} ${code}`, async () => {
      const { api, sent } = clientOf([() => problem(status, code)])
      await assert.rejects(create(api), { name: 'ProblemError', status, code, message: `It is ${code}` })
      assert.equal(sent.length, 1)
    })
  }

  test('after a refusal that is no problem document', async () => {
    const { api, sent } = clientOf([() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' })])
    await assert.rejects(create(api), { status: 502, code: 'unknown', title: 'Bad Gateway', errors: [] })
    assert.equal(sent.length, 1)
  })

  test('when it is a write that the service could execute twice', async () => {
    for (const answer of [() => 'no answer' as const, () => problem(503, 'outcome_unknown')]) {
      const { api, sent } = clientOf([answer])
      await assert.rejects(api.POST('/api/auth/sign-out', { headers: { 'idempotency-key': 'x' } }))
      assert.equal(sent.length, 1)
    }
  })

  test('after its signal or its deadline has aborted the attempt', async () => {
    const { api, sent } = clientOf([() => 'never'], { retry: { deadlineMs: 5 } })
    await assert.rejects(api.GET('/api/tasks'), { name: 'TimeoutError' })
    const stop = new AbortController()
    const under = clientOf([() => (setImmediate(() => stop.abort(new Error('enough'))), 'never')])
    await assert.rejects(under.api.GET('/api/tasks', { signal: stop.signal }), new Error('enough'))
    await assert.rejects(under.api.GET('/api/tasks', { signal: stop.signal }), new Error('enough'))
    assert.deepEqual(under.sent[0]?.signal?.reason, new Error('enough'))
    assert.deepEqual([sent.length, under.sent.length], [1, 1])
  })

  test('or sent at all when `auth` throws', async () => {
    const { api, sent } = clientOf([ok], { auth: () => Promise.reject(new Error('signed out')) })
    await assert.rejects(api.GET('/api/tasks'), new Error('signed out'))
    assert.equal(sent.length, 0)
  })

  test('or sent at all when `auth` does not resolve before the deadline or the signal, even if it resolves later', async () => {
    const late = Promise.withResolvers<{ token: string }>()
    const { api, sent } = clientOf([ok], { auth: () => late.promise, retry: { deadlineMs: 5 } })
    await assert.rejects(api.GET('/api/tasks'), { name: 'TimeoutError' })
    const stop = new AbortController()
    const under = clientOf([ok], { auth: () => (setImmediate(() => stop.abort(new Error('enough'))), late.promise) })
    await assert.rejects(under.api.GET('/api/tasks', { signal: stop.signal }), new Error('enough'))
    late.resolve({ token: 'late' })
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([sent.length, under.sent.length], [0, 0])
  })
})

suite('an Idempotency-Key', () => {
  test('is generated for each write, and not sent with a read', async () => {
    const { api, sent } = clientOf([ok])
    await create(api)
    await create(api)
    await api.GET('/api/tasks')
    const keys = sent.map(({ headers }) => headers.get('idempotency-key'))
    assert.equal(new Set(keys).size, 3)
    assert.equal(keys[2], null)
  })

  test("is the caller's if it passes one", async () => {
    const { api, sent } = clientOf([ok])
    await create(api, { 'Idempotency-Key': 'mine' })
    await api.POST('/api/tasks', { body: { title: 'x' }, params: { header: { 'idempotency-key': 'mine' } } })
    assert.deepEqual(
      sent.map(({ headers }) => headers.get('idempotency-key')),
      ['mine', 'mine'],
    )
  })

  test('is random outside a secure context too', () => {
    const source = { getRandomValues: crypto.getRandomValues.bind(crypto) }
    const keys = [newKey(source), newKey(source)]
    for (const key of keys) assert.match(key, /^[\da-f]{32}$/)
    assert.notEqual(keys[0], keys[1])
  })
})

suite('a credential', () => {
  test('is in no error', async () => {
    for (const answer of [() => problem(401, 'unauthenticated'), () => 'no answer' as const]) {
      const { api } = clientOf([answer], { retry: { attempts: 1 } })
      const error: unknown = await api.GET('/api/tasks').catch((thrown: unknown) => thrown)
      assert.doesNotMatch(inspect(error, { depth: Infinity, showHidden: true }), /secret-token/)
    }
  })

  test('that is not valid in a header is refused, and the error does not quote it', async () => {
    for (const token of ['secret\ntoken', 'secret töken', '', undefined as unknown as string]) {
      const { api, sent } = clientOf([ok], { auth: { token } })
      await assert.rejects(api.GET('/api/tasks'), new TypeError('auth: token must be visible ASCII characters'))
      assert.equal(sent.length, 0)
    }
  })

  test('is sent only to the origin of baseUrl, with any path', async () => {
    for (const path of ['.example.com/x', '-else/x', ':81/x']) {
      const { api, sent } = clientOf([ok], { baseUrl: 'http://localhost' })
      await assert.rejects(
        api.GET(path as '/api/tasks'),
        new TypeError('The path leads away from baseUrl: nothing was sent'),
      )
      assert.equal(sent.length, 0, path)
    }
    const { api, sent } = clientOf([ok])
    await assert.rejects(api.GET('@example.com/x' as '/api/tasks'), TypeError)
    assert.equal(sent.length, 0)
  })

  test('requires a baseUrl of http or https, which in a browser may be a path', async (t) => {
    for (const baseUrl of ['', '/', 'localhost:8000', 'ftp://127.0.0.1']) {
      assert.throws(() => createClient({ baseUrl }), new TypeError('baseUrl must be a URL of http or https'))
    }
    Object.defineProperty(globalThis, 'location', {
      value: { href: 'http://127.0.0.1:8000/a/page' },
      configurable: true,
    })
    t.after(() => Reflect.deleteProperty(globalThis, 'location'))
    const { api, sent } = clientOf([ok], { baseUrl: '/behind/a/proxy/' })
    await api.GET('/api/tasks')
    assert.equal(sent[0]?.url, 'http://127.0.0.1:8000/behind/a/proxy/api/tasks')
  })
})
