import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { suite, test } from 'node:test'
import { DockerfileParser } from 'dockerfile-ast'
import { parse, parseAllDocuments } from 'yaml'
import { VARIABLES } from '../src/configuration.ts'
import { namesOf } from '../src/lib/variable.ts'

/** Checks the files for containers and systemd without running them; deploy/prove.sh runs them, manually. */

// oxlint-disable-next-line typescript/no-explicit-any -- a document of another shape fails the tests
type Json = any

const fileOf = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const isThere = (path: string): boolean => existsSync(new URL(`../${path}`, import.meta.url))
const manifest: Json = JSON.parse(fileOf('package.json'))
/** The maximum duration of a stop: its deadline and then the closing of the database (15 s), or twice the deadline and 2 s. */
const STOP_MAX_S = 10 + 15

const NAMES: ReadonlySet<string> = new Set(
  Object.entries(VARIABLES).flatMap(([name, variable]) => namesOf(name, variable)),
)

function assertVariables(names: Iterable<string>, where: string): void {
  assert.deepEqual(
    [...names].filter((name) => !NAMES.has(name)),
    [],
    `unknown variables in ${where}`,
  )
}

suite('the Dockerfile', () => {
  const dockerfile = DockerfileParser.parse(fileOf('Dockerfile'))
  const instructions = dockerfile.getInstructions().map((instruction) => ({
    keyword: instruction.getKeyword(),
    words: instruction.getArguments().map((argument) => argument.getValue()),
    content: instruction.getArgumentsContent() ?? '',
  }))
  const last = instructions.slice(instructions.findLastIndex(({ keyword }) => keyword === 'FROM'))
  const all = (keyword: string): typeof instructions => instructions.filter((each) => each.keyword === keyword)
  const only = (keyword: string): (typeof instructions)[number] => {
    const [one, ...more] = last.filter((each) => each.keyword === keyword)
    assert.ok(one && more.length === 0, `the last stage has one ${keyword}`)
    return one
  }

  test('has two stages, whose bases are named exactly', () => {
    const bases = all('FROM').map(({ words: [base = ''] }) => base)
    assert.equal(bases.length, 2)
    for (const base of bases) {
      assert.match(base, /:[\w.-]+$/)
      assert.doesNotMatch(base, /:latest$/)
    }
    assert.match(
      bases[0] ?? '',
      new RegExp(`^node:${manifest.devDependencies.node.replaceAll('.', '\\.')}-`),
      'the version of Node of the tests',
    )
  })

  test('runs as an unprivileged user, with commands in exec form', () => {
    assert.match(only('USER').content, /^[1-9]\d*:[1-9]\d*$/)
    for (const keyword of ['ENTRYPOINT', 'CMD']) assert.ok(Array.isArray(JSON.parse(only(keyword).content)), keyword)
    assert.equal(only('STOPSIGNAL').content, 'SIGTERM')
    assert.deepEqual(
      last.filter(({ keyword }) => keyword === 'RUN'),
      [],
      'the base image has no shell',
    )
  })

  test('checks liveness on the port that the service listens on', () => {
    const [, command = ''] = /CMD (\[.*\])$/.exec(only('HEALTHCHECK').content) ?? []
    assert.match(JSON.parse(command).at(-1), /127\.0\.0\.1:\$\{process\.env\.PORT\}\/health`/)
  })

  test('listens on all addresses, is production by default, and sets only known variables', () => {
    const env = Object.fromEntries(only('ENV').words.map((word) => word.split('=', 2) as [string, string]))
    assert.deepEqual([env['HOST'], env['ENVIRONMENT']], ['0.0.0.0', 'production'])
    assertVariables(Object.keys(env), 'ENV')
    assert.equal(env['DATA_DIR'], only('VOLUME').content)
    assert.equal(env['PORT'], only('EXPOSE').content)
  })

  test('downloads nothing, and copies only existing files that .dockerignore permits', () => {
    assert.deepEqual(all('ADD'), [])
    const rules = fileOf('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    const copied = dockerfile
      .getCOPYs()
      .filter((copy) => !copy.getFlags().some((flag) => flag.getName() === 'from'))
      .flatMap((copy) => copy.getArguments().slice(0, -1))
      .map((source) => source.getValue())
    assert.notEqual(copied.length, 0)
    for (const source of copied) {
      assert.ok(isThere(source), source)
      assert.ok(rules.includes(`!${source}`), `.dockerignore excludes ${source}`)
    }
    for (const secret of ['.env', '.data/secrets.json', '.git/config', 'node_modules/pg/package.json']) {
      const allowed = rules.some((rule) => rule.startsWith('!') && matchesGlob(secret, `${rule.slice(1)}{,/**}`))
      assert.ok(!allowed, `.dockerignore does not exclude ${secret}`)
    }
    assert.equal(rules[0], '*')
  })

  test('installs from the lock file, runs no scripts of packages, and omits development dependencies', () => {
    const installs =
      all('RUN')
        .map(({ content }) => content)
        .join('\n')
        .match(/npm (?:ci|prune|i|install)\b[^&\n]*/g) ?? []
    assert.equal(installs.length, 2)
    assert.match(installs[0] ?? '', /^npm ci .*--ignore-scripts/)
    assert.match(installs[1] ?? '', /^npm prune --omit=dev --omit=optional/)
  })
})

suite('compose.yaml', () => {
  const { services }: Json = parse(fileOf('compose.yaml'), { merge: true })
  const { services: pooled }: Json = parse(fileOf('deploy/compose.pgbouncer.yaml'))

  test('migrates once with the login of the owner, before the service starts without that login', () => {
    const { migrate, 'todo-backend': service } = services
    assert.deepEqual([migrate.command, migrate.restart], [['migrate', 'up'], 'no'])
    assert.equal(service.depends_on.migrate.condition, 'service_completed_successfully')
    assert.equal(migrate.depends_on.postgres.condition, 'service_healthy')
    assert.equal(service.image, migrate.image)
    assert.equal(service.environment.MIGRATION_DATABASE_URL, undefined)
    assert.match(migrate.environment.MIGRATION_DATABASE_URL, /todo_owner/)
  })

  test('gives the service only known variables, no privileges, and no writable file system', () => {
    for (const service of [services['todo-backend'], services.migrate]) {
      assertVariables(Object.keys(service.environment), 'compose.yaml')
      assert.equal(service.read_only, true)
      assert.deepEqual(service.cap_drop, ['ALL'])
    }
    assertVariables(Object.keys(pooled['todo-backend'].environment), 'deploy/compose.pgbouncer.yaml')
  })

  test('passes on the variables that operators tune under each of their names, without defaults of its own', () => {
    const { environment } = services['todo-backend']
    const tuned = Object.entries(VARIABLES)
      .filter(([name]) =>
        /^(?:OTEL_|RATE_LIMIT_|CORS_|DATABASE_POOL_(?:SIZE|OVERFLOW)$|WORKERS$|SHUTDOWN_TIMEOUT$|DOCS_ENABLED$|LOG_LEVEL$)/.test(
          name,
        ),
      )
      .flatMap(([name, variable]) => namesOf(name, variable))
    assert.ok(tuned.length > 10)
    for (const name of tuned) assert.equal(environment[name], `\${${name}:-}`)
  })

  test('has a Redis that evicts only keys with a TTL, the shortest first, as the doctor advises', () => {
    const { command } = services.redis
    assert.equal(command[command.indexOf('--maxmemory-policy') + 1], 'volatile-ttl')
  })

  test('contains no secret, and does not start without them', () => {
    for (const name of ['SESSION_HASH_SECRET', 'BETTER_AUTH_SECRET', 'SERVICE_AUTH_TOKEN', 'ENCRYPTION_KEY']) {
      assert.match(services['todo-backend'].environment[name], new RegExp(`^\\$\\{${name}:\\?`))
    }
    const passwords = fileOf('compose.yaml').match(/_PASSWORD: .*/g) ?? []
    assert.notEqual(passwords.length, 0)
    for (const password of passwords) assert.match(password, /: \$\{[A-Z_]+:\?/)
  })

  test('pins every image, publishes one port only to this machine, and has a stop timeout of the right length', () => {
    for (const [name, { image }] of Object.entries<Json>({ ...services, ...pooled })) {
      if (name === 'todo-backend' && image === undefined) continue
      assert.match(image, /:v?\d[\w.-]*$/, name)
    }
    assert.deepEqual(
      Object.entries<Json>(services).flatMap(([, { ports = [] }]) => ports),
      ['127.0.0.1:8000:8000'],
    )
    assert.ok(Number.parseInt(services['todo-backend'].stop_grace_period, 10) > STOP_MAX_S)
  })

  test('sets DATABASE_POOLER wherever the service connects to a pooler', () => {
    const { environment, depends_on: dependsOn } = pooled['todo-backend']
    assert.match(environment.DATABASE_URL, /@pgbouncer:6432\/todo$/)
    assert.equal(environment.DATABASE_POOLER, 'transaction')
    assert.equal(pooled.pgbouncer.environment.POOL_MODE, 'transaction')
    assert.equal(pooled.pgbouncer.environment.LISTEN_PORT, 6432)
    assert.equal(dependsOn.pgbouncer.condition, 'service_healthy')
    assert.equal(pooled.migrate, undefined, 'migrations connect to PostgreSQL directly')
  })
})

suite('the Kubernetes example', () => {
  const DIRECTORY = 'deploy/kubernetes'
  const objects: Json[] = globSync(`${DIRECTORY}/*.yaml`, { cwd: new URL('..', import.meta.url).pathname }).flatMap(
    (file) =>
      parseAllDocuments(fileOf(file)).map((document) => {
        assert.deepEqual(document.errors, [], file)
        return document.toJS()
      }),
  )
  const of = (kind: string): Json => {
    const [one, ...more] = objects.filter((object) => object.kind === kind)
    assert.ok(one !== undefined && more.length === 0, `there is one ${kind}`)
    return one
  }
  const pod = of('Deployment').spec.template
  const [container]: Json[] = pod.spec.containers

  test('probes the actual paths, and readiness as often as the notice period of a stop requires', () => {
    assert.equal(container.livenessProbe.httpGet.path, '/health')
    assert.equal(container.startupProbe.httpGet.path, '/health')
    assert.equal(container.readinessProbe.httpGet.path, '/health/ready')
    assert.ok(container.readinessProbe.periodSeconds * container.readinessProbe.failureThreshold <= 2)
  })

  test('replaces pods without having fewer at any time, and has a termination period of the right length', () => {
    assert.deepEqual(of('Deployment').spec.strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 })
    assert.ok(pod.spec.terminationGracePeriodSeconds > STOP_MAX_S)
  })

  test('gives service and migrations no privileges and no writable file system', () => {
    for (const { spec } of [pod, of('Job').spec.template]) {
      assert.equal(spec.securityContext.runAsNonRoot, true)
      assert.equal(spec.automountServiceAccountToken, false)
      for (const { securityContext, resources } of spec.containers) {
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        assert.ok(resources.limits.memory)
      }
    }
  })

  test('gives the service only known variables, the login of the owner only to the migrations, and contains no secret', () => {
    const [secret, owner] = objects.filter(({ kind }) => kind === 'Secret')
    for (const data of [of('ConfigMap').data, secret.stringData, owner.stringData])
      assertVariables(Object.keys(data), DIRECTORY)
    assert.deepEqual([...new Set([...Object.values(secret.stringData), ...Object.values(owner.stringData)])], [''])
    assert.deepEqual(Object.keys(owner.stringData), ['MIGRATION_DATABASE_URL'])
    const sources = (spec: Json): string[] =>
      spec.containers[0].envFrom.map((from: Json) => (from.secretRef ?? from.configMapRef).name)
    assert.ok(!sources(pod.spec).includes(owner.metadata.name))
    assert.ok(sources(of('Job').spec.template.spec).includes(owner.metadata.name))
  })

  test('has selectors that match the pods, and an autoscaler and a disruption budget that keep some running', () => {
    const labels = pod.metadata.labels
    assert.deepEqual(of('Service').spec.selector, labels)
    assert.deepEqual(of('Deployment').spec.selector.matchLabels, labels)
    assert.deepEqual(of('PodDisruptionBudget').spec.selector.matchLabels, labels)
    assert.equal(of('Service').spec.ports[0].targetPort, container.ports[0].name)
    const { minReplicas, scaleTargetRef } = of('HorizontalPodAutoscaler').spec
    assert.ok(minReplicas > of('PodDisruptionBudget').spec.maxUnavailable)
    assert.equal(scaleTargetRef.name, of('Deployment').metadata.name)
  })

  test('lists all its files, with the image of this version', () => {
    const { resources, images } = of('Kustomization')
    for (const file of resources) assert.ok(isThere(`${DIRECTORY}/${file}`), file)
    assert.deepEqual(
      images.map(({ name, newTag }: Json) => [name, newTag]),
      [[container.image, manifest.version]],
    )
    assert.equal(of('Job').spec.template.spec.containers[0].image, `${images[0].newName}:${manifest.version}`)
  })
})

suite('the systemd units', () => {
  const units = ['todo-backend', 'todo-backend-migrate'].map((name) => fileOf(`deploy/systemd/${name}.service`))
  const settings = (unit: string): [string, string][] =>
    [...unit.matchAll(/^([A-Z]\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value])

  test('set only known variables, and run programs of the package', () => {
    for (const unit of units) {
      for (const [name, value] of settings(unit)) {
        if (name === 'Environment')
          assertVariables(
            value.split(' ').map((pair) => pair.split('=')[0] ?? ''),
            'a unit',
          )
        if (name === 'ExecStart')
          assert.match(value, /\/node_modules\/todo-backend\/bin\/todo-backend\.mjs(?: migrate up)?$/)
      }
    }
    assert.ok(isThere(manifest.bin['todo-backend']))
  })

  test('run as a separate user with a read-only file system, and permit V8 to compile', () => {
    for (const unit of units) {
      const all = settings(unit)
      for (const [name, value] of [
        ['DynamicUser', 'yes'],
        ['ProtectSystem', 'strict'],
        ['NoNewPrivileges', 'yes'],
        ['CapabilityBoundingSet', ''],
      ]) {
        assert.ok(
          all.some((each) => each[0] === name && each[1] === value),
          `${name}=${value}`,
        )
      }
      assert.ok(!all.some(([name]) => name === 'MemoryDenyWriteExecute'))
    }
  })

  test('give the login of the owner only to the migrations, and have a stop timeout of the right length', () => {
    const [service = '', migrate = ''] = units
    assert.ok(!service.includes('migrate.env') && migrate.includes('migrate.env'))
    const stop = settings(service).find(([name]) => name === 'TimeoutStopSec')
    assert.ok(Number(stop?.[1]) > STOP_MAX_S)
  })
})
