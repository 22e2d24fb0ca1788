import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openWorld, SERVICE_TOKEN, type World } from './world.ts'

const ROOT = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8')

interface Metric {
  readonly name: string
  readonly type: string
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>
}

/** Parses the exposition format as Prometheus does. */
function parsed(text: string): ReadonlyMap<string, Metric> {
  const metrics = new Map<string, { name: string; type: string; labels: Map<string, Set<string>> }>()
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    metrics.set(name, { name, type, labels: new Map() })
  }
  for (const [, sample = '', labels = ''] of text.matchAll(/^([a-z_0-9]+)(?:\{(.*)\})? \S+$/gm)) {
    const metric = metrics.get(sample) ?? metrics.get(sample.replace(/_(?:bucket|sum|count)$/, ''))
    assert.ok(metric, `${sample} has no type`)
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      metric.labels.set(label, (metric.labels.get(label) ?? new Set()).add(value))
    }
  }
  return metrics
}

interface Operation {
  readonly method: string
  readonly path: string
}

/** Every operation of the OpenAPI document except /metrics. */
const OPERATIONS: readonly Operation[] = Object.entries(
  (JSON.parse(read('openapi.json')) as { paths: Record<string, Record<string, unknown>> }).paths,
).flatMap(([path, item]) =>
  Object.keys(item)
    .filter((method) => /^(?:get|put|post|patch|delete)$/.test(method) && path !== '/metrics')
    .map((method) => ({ method: method.toUpperCase(), path })),
)

suite('the metrics', () => {
  let world: World
  let text: string
  const sent: string[] = []
  const secret = (): string => {
    const made = randomBytes(12).toString('hex')
    sent.push(made)
    return made
  }

  before(async () => {
    world = await openWorld()
    // Each round uses other ids, names, tokens and queries; no label may depend on them.
    for (let round = 0; round < 3; round++) {
      const { token, id, email } = await world.signUp(`u${secret()}`)
      sent.push(token, id, email)
      for (const { method, path } of OPERATIONS) {
        const uuid = randomUUID()
        sent.push(uuid)
        const url = path.replaceAll(/\{(\w+)\}/g, (_, name) => (name === 'id' ? uuid : secret()))
        const headers = { 'user-agent': secret(), 'idempotency-key': secret(), origin: 'http://localhost:3000' }
        const body = method === 'GET' ? undefined : { title: secret(), password: secret(), [secret()]: 1 }
        // Operations that end the session would affect the later ones.
        const credential = /sign-out|delete-user|revoke/.test(path) ? {} : { token }
        await world.ask(method, url, { ...credential, headers, body })
        await world.ask(method, `${url}?${secret()}=${secret()}`, {
          headers: { ...headers, 'x-service-auth': SERVICE_TOKEN, 'x-user-id': id },
          body,
        })
        await world.ask(method, url, { token: secret(), headers, body })
      }
      await world.ask('GET', `/${secret()}/${secret()}`)
    }
    text = (await world.ask('GET', '/metrics')).text
  })
  after(() => world[Symbol.asyncDispose]())

  test('contain no value of a request', () => {
    for (const each of sent) assert.ok(!text.includes(each), each)
  })

  test('have labels from small fixed sets', () => {
    const routes = new Set(OPERATIONS.map(({ path }) => path.replaceAll(/\{(\w+)\}/g, ':$1')))
    const found = parsed(text)
    for (const [label, { size }] of [...found.values()].flatMap(({ labels }) => [...labels])) {
      assert.ok(size <= (label === 'route' ? routes.size + 10 : 40), `${label} has ${size} values`)
    }
    const requests = found.get('http_request_duration_seconds')?.labels
    const others = [...(requests?.get('route') ?? [])].filter((route) => !routes.has(route))
    assert.deepEqual(others.sort(), ['none'])
    for (const route of routes) assert.ok(requests?.get('route')?.has(route), `${route} is not counted`)
    for (const status of requests?.get('status') ?? []) assert.match(status, /^[1-5]\d\d$/)
  })

  test(
    'are those of the documentation',
    { skip: process.platform !== 'linux' && 'other platforms have fewer metrics' },
    () => {
      const document = read('docs/operations/metrics.md')
      const [own = '', ofNode = ''] = document.split('\n## Prometheus')[0]?.split('as `prom-client` gives them') ?? []
      const rows = [...own.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm)]
      const names = [
        ...rows.map(([, name = '']) => name),
        ...[...ofNode.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
      ]
      const found = parsed(text)
      assert.deepEqual(names.sort(), [...found.keys()].sort())
      for (const [, name = '', type, labels = ''] of rows) {
        assert.equal(type, found.get(name)?.type, name)
        const documented = [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)
        const shown = [...(found.get(name)?.labels.keys() ?? [])].filter((label) => label !== 'le')
        // Events that have not happened yet have no series.
        if (shown.length > 0) assert.deepEqual(shown.sort(), documented.sort(), name)
      }
    },
  )

  test('have names that follow the conventions of Prometheus', () => {
    for (const { name, type } of parsed(text).values()) {
      // Gauges of the library with names of counters.
      if (/^nodejs_active_\w+_total$/.test(name)) continue
      assert.equal(type === 'counter', name.endsWith('_total'), name)
      if (type === 'histogram') assert.match(name, /_seconds$/)
    }
  })

  test('include all metrics of the dashboard and the alerts', () => {
    const samples = new Set(['up'])
    for (const { name, type } of parsed(text).values()) {
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      for (const suffix of suffixes) samples.add(`${name}${suffix}`)
    }
    const alerts = [...read('deploy/prometheus/alerts.yaml').matchAll(/^( *)expr: *(?:\|\n((?:\1  .*\n)+)|(.*)\n)/gm)]
    const dashboard = JSON.parse(read('deploy/grafana/dashboard.json')) as Dashboard
    const panels = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? [])
    assert.ok(alerts.length >= 15 && panels.length >= 40 && variables.length >= 2)
    for (const expression of [...alerts.map(([, , block, line]) => block ?? line ?? ''), ...panels, ...variables]) {
      const asked = namesIn(expression)
      for (const name of asked) assert.ok(samples.has(name), `${name} in ${expression}`)
      assert.ok(asked.length > 0, expression)
    }
  })

  test('have an alert for each row of the documentation, and vice versa', () => {
    const alerts = [...read('deploy/prometheus/alerts.yaml').matchAll(/^ *- alert: (\w+)$/gm)].map(([, name]) => name)
    const rows = [...read('docs/operations/metrics.md').matchAll(/^\| `(TodoBackend\w+)` /gm)].map(([, name]) => name)
    assert.deepEqual(rows, alerts)
  })
})

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[]
  readonly templating: { readonly list: readonly { readonly definition?: string }[] }
}

/** The metrics of a PromQL expression: names outside of braces and not after `by`, which are no functions. */
const namesIn = (expression: string): readonly string[] =>
  [
    ...expression
      .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(?:by|on) \([^)]*\)|"[^"]*"/g, ' ')
      .replaceAll(/, (?:job|instance)\)/g, ')')
      .matchAll(/\b([a-z][a-z0-9_]*)\b(?! *\()/g),
  ]
    .map(([, name = '']) => name)
    .filter((name) => !['or', 'and', 'unless'].includes(name))

const DEPLOY = fileURLToPath(new URL('deploy/prometheus/', ROOT))
const hasPromtool = spawnSync('promtool', ['--version']).error === undefined

suite('the rules', { skip: !hasPromtool && 'needs promtool, which comes with Prometheus' }, () => {
  for (const args of [
    ['check', 'config', 'prometheus.yaml'],
    ['test', 'rules', 'alerts.test.yaml'],
  ]) {
    test(`promtool ${args.join(' ')}`, () => {
      const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: DEPLOY, encoding: 'utf8' })
      assert.equal(status, 0, `${stdout}${stderr}`)
    })
  }
})
