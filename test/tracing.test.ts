import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { loadedPackages } from './loaded-packages.ts'
import { answering, hanging, openFakeServer } from './fake-server.ts'
import { openOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts'
import { openWorld, SERVICE_TOKEN, type World, type WorldOptions } from './world.ts'

const [SERVER, CLIENT] = [2, 3]

const traced = (receiver: OtlpReceiver, env: Readonly<Record<string, string>> = {}): WorldOptions => ({
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env },
})

/** The spans that a world sent until its end. */
async function spansOf(
  receiver: OtlpReceiver,
  work: (world: World) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly ReceivedSpan[]> {
  {
    await using world = await openWorld(traced(receiver, env))
    await work(world)
  }
  return receiver.spans()
}

interface LogLine {
  readonly reqId?: string
  readonly trace_id?: string
  readonly span_id?: string
}

const randomTrace = () => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') })

suite('a trace', () => {
  test('has a span for the request with its route, and child spans for everything it waited for', async () => {
    await using receiver = await openOtlpReceiver()
    const ids: string[] = []
    const spans = await spansOf(receiver, async (world) => {
      const { token } = await world.signUp()
      // The auth server has its own span.
      await world.ask('GET', '/api/auth/get-session', { token })
      await world.ask('GET', '/api/tasks', { token })
      const body = { title: 'x', id: randomUUID() }
      await world.ask('POST', '/api/tasks', { token, body, headers: { 'x-request-id': 'the-one' } })
      ids.push(body.id)
    })
    const root = spans.find(({ attributes }) =>
      (attributes['http.response.header.x-request-id'] as string[] | undefined)?.includes('the-one'),
    )
    assert.ok(root)
    assert.deepEqual([root.name, root.kind, root.parentSpanId ?? ''], ['POST /api/tasks', SERVER, ''])
    assert.equal(root.attributes['http.route'], '/api/tasks')
    assert.equal(Number(root.attributes['http.response.status_code']), 201)
    assert.equal(root.attributes['principal'], 'session')
    const inTrace = spans.filter(({ traceId }) => traceId === root.traceId)
    const nameOfParent = ({ parentSpanId }: ReceivedSpan) => inTrace.find(({ spanId }) => spanId === parentSpanId)?.name
    const tree = inTrace.filter((span) => span !== root).map((span) => `${nameOfParent(span)} > ${span.name}`)
    assert.ok(tree.includes('POST /api/tasks > limit write'), tree.join('\n'))
    assert.ok(tree.includes('POST /api/tasks > transaction user'), tree.join('\n'))
    const statement = inTrace.find((span) => nameOfParent(span) === 'transaction user')
    assert.equal(statement?.kind, CLIENT)
    assert.equal(statement.attributes['db.query.summary'], statement.name)
    assert.ok(spans.some(({ name }) => name === 'auth'))
    assert.deepEqual(
      [receiver.resource()['service.name'], receiver.sent[0]?.url, receiver.sent[0]?.headers['content-type']],
      ['todo-backend', '/v1/traces', 'application/json'],
    )
  })

  test('contains no value of a request: no title, path, query, token, e-mail address, key or id', async () => {
    await using receiver = await openOtlpReceiver()
    const sent: string[] = []
    const secret = (): string => {
      const made = randomBytes(12).toString('hex')
      sent.push(made)
      return made
    }
    await spansOf(receiver, async (world) => {
      const { token, id, email, password } = await world.signUp(`u${secret()}`)
      sent.push(token, id, email, password)
      const { json: task } = await world.ask('POST', '/api/tasks', { token, body: { title: secret() } })
      sent.push(task.id)
      await world.ask('PATCH', `/api/tasks/${task.id}`, { token, body: { description: secret() } })
      await world.ask('GET', `/api/tasks/${secret()}?${secret()}=${secret()}`, { token })
      await world.ask('GET', `/api/tasks?q=${secret()}`, { token: secret() })
      await world.ask('GET', `/${secret()}`, {
        headers: { tracestate: `a=${secret()}`, traceparent: secret(), baggage: `a=${secret()}` },
      })
      const { traceId, spanId } = randomTrace()
      await world.ask('GET', '/api/tasks', {
        token,
        headers: { traceparent: `00-${traceId}-${spanId}-01`, tracestate: `a=${secret()}`, cookie: secret() },
      })
      await world.ask('POST', '/api/auth/sign-in/email', { body: { email: `${secret()}@example.com`, password } })
      await world.asOwner((client) =>
        client.query('alter table tasks add constraint never check (version < 0) not valid'),
      )
      await world.ask('POST', '/api/tasks', { token, body: { title: secret() } })
    })
    const all = receiver.sent.map(({ body }) => body.toString()).join('')
    for (const each of sent) assert.ok(!all.includes(each), each)
    const failed = receiver.spans().filter(({ status }) => status.code === 2)
    assert.ok(failed.some(({ attributes }) => attributes['error.type'] === '23514'))
  })

  test('has its id in each log line of the request', async () => {
    await using receiver = await openOtlpReceiver()
    let journal: readonly string[] = []
    const spans = await spansOf(receiver, async (world) => {
      const { token } = await world.signUp()
      await world.asOwner((client) => client.query('alter table tasks rename to elsewhere'))
      await world.ask('GET', '/api/tasks', { token, headers: { 'x-request-id': 'lines' } })
      await world.ask('GET', '/health', { headers: { 'x-request-id': 'probe' } })
      journal = world.logged
    })
    // A request is logged at its end, which may be after the client has the answer.
    const logged = journal.map((line) => JSON.parse(line) as LogLine)
    const lines = logged.filter(({ reqId }) => reqId === 'lines')
    assert.ok(lines.length >= 2, 'a failure and the request itself')
    const root = spans.find(({ traceId, kind }) => traceId === lines[0]?.trace_id && kind === SERVER)
    assert.ok(root)
    assert.equal(Number(root.attributes['http.response.status_code']), 500)
    for (const line of lines) assert.deepEqual([line.trace_id, line.span_id], [root.traceId, root.spanId])
    // Health checks are too frequent for traces.
    assert.deepEqual(
      logged.filter(({ reqId }) => reqId === 'probe').map(({ trace_id }) => trace_id),
      [undefined],
    )
    assert.ok(!spans.some(({ name }) => name.includes('/health')))
  })

  test('continues the trace of the caller, also with a body in several pieces', async () => {
    await using receiver = await openOtlpReceiver()
    const [mine, broken] = [randomTrace(), randomTrace()]
    const spans = await spansOf(receiver, async (world) => {
      const { token } = await world.signUp()
      const traceparent = `00-${mine.traceId}-${mine.spanId}-01`
      const body = { title: 'x', description: 'y'.repeat(9_000) }
      const { status, text } = await world.ask('POST', '/api/tasks', { token, body, headers: { traceparent } })
      assert.equal(status, 201, text)
      // An invalid traceparent is ignored.
      await world.ask('GET', '/api/tasks', { headers: { traceparent: `00-${broken.traceId}-zz-01` } })
    })
    const root = spans.find(({ parentSpanId }) => parentSpanId === mine.spanId)
    assert.equal(root?.traceId, mine.traceId)
    const inside = spans.filter(({ traceId }) => traceId === mine.traceId).map(({ name }) => name)
    assert.ok(inside.includes('transaction user') && inside.includes('limit write'), inside.join())
    assert.ok(!spans.some(({ traceId }) => traceId === broken.traceId))
  })

  test('is recorded at the request of a service, and of no other caller', async () => {
    await using receiver = await openOtlpReceiver()
    const wanted: Record<string, string> = {}
    const none = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }
    const spans = await spansOf(
      receiver,
      async (world) => {
        const { token, id } = await world.signUp()
        const service = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': id }
        const callers = {
          user: { authorization: `Bearer ${token}` },
          anonymous: {},
          impostor: { ...service, 'x-service-auth': 'wrong' },
          service,
        }
        for (const [who, headers] of Object.entries(callers)) {
          const { traceId, spanId } = randomTrace()
          wanted[traceId] = who
          await world.ask('GET', '/api/tasks', { headers: { ...headers, traceparent: `00-${traceId}-${spanId}-01` } })
        }
      },
      none,
    )
    assert.deepEqual([...new Set(spans.map(({ traceId }) => wanted[traceId]))], ['service'])
  })

  test('is recorded even if the caller requests the opposite, unless the caller is a service', async () => {
    await using receiver = await openOtlpReceiver()
    const [user, service] = [randomTrace(), randomTrace()]
    const flagOf = ({ traceId, spanId }: typeof user): string => `00-${traceId}-${spanId}-00`
    const spans = await spansOf(receiver, async (world) => {
      const { token, id } = await world.signUp()
      await world.ask('GET', '/api/tasks', { token, headers: { traceparent: flagOf(user) } })
      const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': id, traceparent: flagOf(service) }
      await world.ask('GET', '/api/tasks', { headers })
    })
    assert.ok(spans.some(({ traceId }) => traceId === user.traceId))
    assert.ok(!spans.some(({ traceId }) => traceId === service.traceId))
  })

  test('is sent as protobuf by default, with the configured headers and service name', async () => {
    await using receiver = await openOtlpReceiver()
    {
      await using world = await openWorld({
        env: {
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/somewhere/else`,
          OTEL_EXPORTER_OTLP_HEADERS: 'x-collector=its%20token',
          OTEL_SERVICE_NAME: 'todo-of-mine',
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=trial',
        },
      })
      await world.ask('GET', '/api/tasks')
    }
    const [{ url, headers, body } = { url: '', headers: {}, body: Buffer.alloc(0) }] = receiver.sent
    assert.deepEqual([url, headers['content-type']], ['/somewhere/else', 'application/x-protobuf'])
    assert.equal(headers['x-collector'], 'its token')
    for (const word of ['GET /api/tasks', 'todo-of-mine', 'deployment.environment.name', 'trial']) {
      assert.ok(body.includes(word), word)
    }
  })
})

suite('a failing collector', () => {
  test('is logged once, and delays no request', async () => {
    await using world = await openWorld({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } })
    const { token } = await world.signUp()
    assert.equal((await world.ask('GET', '/api/tasks', { token })).status, 200)
    await world.deps.tracing?.[Symbol.asyncDispose]()
    const warnings = world.logged.filter((line) => line.includes('traces cannot be sent'))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /"reason":"ECONNREFUSED"/)
  })

  test('that never answers does not delay the end of the process', async () => {
    await using collector = await openFakeServer()
    collector.answer = hanging
    await using world = await openWorld({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SHUTDOWN_TIMEOUT: '1' },
    })
    await world.ask('GET', '/api/tasks')
    await world.deps.tracing?.[Symbol.asyncDispose]()
    assert.ok(world.logged.some((line) => line.includes('the last traces could not be sent before the end')))
  })

  test('that refuses the traces is logged with its status', async () => {
    await using collector = await openFakeServer()
    collector.answer = answering(403, 'a secret of the collector')
    await using world = await openWorld({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
    await world.ask('GET', '/api/tasks')
    await world.deps.tracing?.[Symbol.asyncDispose]()
    assert.ok(world.logged.some((line) => /"reason":403.*traces cannot be sent/.test(line)))
    assert.ok(!world.logged.some((line) => line.includes('a secret of the collector')))
  })
})

suite('the packages of OpenTelemetry', () => {
  const loadedWith = (env: Readonly<Record<string, string>>): readonly string[] =>
    loadedPackages(env).filter((name) => name.startsWith('@opentelemetry/'))

  test('are not loaded without its variables, except for the API that prom-client itself loads', () => {
    assert.deepEqual(loadedWith({}), ['@opentelemetry/api'])
    assert.deepEqual(loadedWith({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_EXPORTER: 'none' }), ['@opentelemetry/api'])
    assert.deepEqual(loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }), [
      '@opentelemetry/api',
    ])
  })

  test('include the SDK if a collector is configured', () => {
    const loaded = loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
    assert.ok(loaded.includes('@opentelemetry/sdk-trace'), loaded.join())
    assert.ok(!loaded.includes('@opentelemetry/exporter-trace-otlp-http'), loaded.join())
  })
})
