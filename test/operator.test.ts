import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { suite, test } from 'node:test'
import type { Config } from '../src/config/config.ts'
import { loadConfig, parseConfig } from '../src/configuration.ts'
import { withMigrations } from '../src/db/database.ts'
import { developmentSecrets, existingSecrets } from '../src/config/development-secrets.ts'
import { openLog } from '../src/log.ts'
import { Secret } from '../src/lib/secret.ts'
import { ask, openChannel } from '../src/operator/channel.ts'
import { operate, perform } from '../src/operator/commands.ts'
import { checkExposure } from '../src/operator/config-checks.ts'
import { doctor } from '../src/operator/doctor.ts'
import { clockFinding, type Finding } from '../src/lib/finding.ts'
import { imagine } from '../src/operator/sample-data.ts'
import type { Output } from '../src/operator/output.ts'
import { openTestDatabase } from './databases.ts'
import { openMailServer } from './mail-server.ts'
import { REDIS_OR_NOWHERE } from './redis.ts'
import { openWorld, type World } from './world.ts'

interface Kept extends Output {
  readonly lines: string[]
  readonly reported: string[]
}

function keep(): Kept {
  const lines: string[] = []
  const reported: string[] = []
  return { lines, reported, line: (text) => lines.push(text), progress: (text) => reported.push(text) }
}

/** A configuration with the secrets that a development process generates in that directory. */
const configOf = (env: Readonly<Record<string, string>>): Config =>
  parseConfig({ LOG_LEVEL: 'silent', REDIS_URL: REDIS_OR_NOWHERE, ...env }, developmentSecrets)

async function run(command: 'jobs' | 'seed' | 'token', config: Config, ...args: readonly string[]): Promise<Kept> {
  const output = keep()
  await operate(command, args, () => config, output)
  return output
}

const PEOPLE = 2

/** E-mail address and token of each line of the table that seed prints. */
const peopleOf = ({ lines }: Kept): { email: string; token: string; tasks: number }[] =>
  lines.slice(1, 1 + PEOPLE).map((line) => {
    const [email = '', token = '', tasks = ''] = line.split(/\s+/)
    return { email, token, tasks: Number(tasks) }
  })

/** A service that stores its secrets where the commands look for them. */
function openService(config: Config, env: Readonly<Record<string, string>>): Promise<World> {
  const { auth, encryptionKeys } = config
  assert.equal(auth.mode, 'embedded')
  return openWorld({
    env: {
      ...env,
      SESSION_HASH_SECRET: auth.sessionHashSecret?.reveal() ?? '',
      BETTER_AUTH_SECRET: auth.betterAuthSecret?.reveal() ?? '',
      SERVICE_AUTH_TOKEN: auth.services[0]?.token.reveal() ?? '',
      ENCRYPTION_KEY: encryptionKeys[0]?.reveal() ?? '',
    },
  })
}

suite('seed and token', () => {
  test('seed creates users who can sign in and have tasks; the second time it only creates new tokens', async () => {
    await using database = await openTestDatabase()
    const config = configOf(database.env)
    const args = ['--users', String(PEOPLE), '--tasks', '250', '--seed', '7']
    const first = await run('seed', config, ...args)
    const people = peopleOf(first)
    assert.deepEqual(
      people.map(({ tasks }) => tasks),
      [250, 250],
    )
    assert.match(first.reported.at(-1) ?? '', /^2 of 2 users, 500 tasks$/)
    const second = peopleOf(await run('seed', config, ...args))
    assert.deepEqual(
      second.map(({ email, tasks }) => ({ email, tasks })),
      people.map(({ email }) => ({ email, tasks: 0 })),
    )

    const [email] = people.map((each) => each.email)
    const { lines } = await run('token', config, (email ?? '').toUpperCase())
    await using world = await openService(config, database.env)
    for (const token of [lines[0], people[0]?.token, second[0]?.token]) {
      const { status, json, headers } = await world.ask('GET', '/api/tasks?limit=300', { token: token ?? '' })
      assert.equal(status, 200)
      assert.equal(json.length, 250)
      assert.equal(headers.get('x-total-count'), '250')
    }
    assert.ok(new Set([lines[0], people[0]?.token, second[0]?.token]).size === 3)
    const password = /password is: (.*)/.exec(first.lines.join('\n'))?.[1]
    const signedIn = await world.ask('POST', '/api/auth/sign-in/email', { body: { email, password } })
    assert.equal(signedIn.status, 200)
  })

  test('the same seed generates the same users and tasks, and another seed others', () => {
    const now = new Date('2026-03-04T05:06:07Z')
    const people = (seed: number) => [...imagine({ users: 3, tasks: 40, seed }, now)]
    assert.deepEqual(people(1), people(1))
    assert.notDeepEqual(people(1), people(2))
    const [first, ...others] = people(1)
    assert.deepEqual([...imagine({ users: 1, tasks: 40, seed: 1 }, now)], [first])
    assert.equal(new Set([first, ...others].map((person) => person?.email)).size, 3)
    for (const { title } of first?.tasks ?? []) assert.doesNotMatch(title, /[{}|]|undefined/)
  })

  test('token with --scopes prints a personal token, which has these scopes and no others', async () => {
    await using database = await openTestDatabase()
    const config = configOf(database.env)
    const [ada] = peopleOf(await run('seed', config, '--users', '1', '--tasks', '1', '--seed', '7'))
    assert.ok(ada)
    const words = ['--scopes', 'tasks:read,account:read', '--days', '3', '--name', 'Nightly import']
    const { lines, reported } = await run('token', config, ada.email, ...words)
    const [made = ''] = lines
    assert.deepEqual([lines.length, made.startsWith('todo_pat_')], [1, true])
    assert.ok(!reported.join().includes(made))
    {
      await using world = await openService(config, database.env)
      assert.equal((await world.ask('GET', '/api/tasks', { token: made })).status, 200)
      assert.equal((await world.ask('POST', '/api/tasks', { token: made, body: { title: 'x' } })).status, 403)
      const [{ name, scopes, expiresAt }] = (await world.ask('GET', '/api/tokens', { token: ada.token })).json
      assert.deepEqual([name, scopes], ['Nightly import', ['tasks:read', 'account:read']])
      assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 3 * 86_400_000) < 60_000)
    }
    for (const [wrong, message] of [
      [['--scopes', 'tasks:all'], /^--scopes must be one or more of tasks:read/],
      [['--scopes', ''], /^--scopes must be/],
      [['--scopes', 'tasks:read', '--days', '367'], /^--days must be a whole number from 1 to 366/],
      [['--scopes', 'tasks:read', '--days', 'x'], /^--days must be/],
      [['--scopes', 'tasks:read', '--name', ' '], /^--name must have 1 to 100 characters/],
      [['--days', '3'], /needs --scopes/],
    ] as const) {
      await assert.rejects(run('token', config, ada.email, ...wrong), { message })
    }
  })

  test('token reports an unknown address, and both commands are refused in production and with external sessions', async () => {
    await using database = await openTestDatabase()
    const config = configOf(database.env)
    await assert.rejects(run('token', config, 'unknown@example.com'), {
      name: 'StartError',
      message: /^no user has this e-mail address/,
    })
    const elsewhere = (environment: Config['environment']): Config => ({ ...config, environment })
    await assert.rejects(run('token', elsewhere('production'), 'ada@example.com'), {
      name: 'StartError',
      message: /refused in production.*--production/,
    })
    await assert.rejects(run('token', elsewhere('production'), 'ada@example.com', '--production'), {
      message: /^no user has this/,
    })
    for (const environment of ['staging', 'production'] as const) {
      await assert.rejects(run('seed', elsewhere(environment)), { message: /ENVIRONMENT=development only/ })
    }
    const external = configOf({ ...database.env, AUTH_MODE: 'external' })
    for (const [command, ...args] of [['seed'], ['token', 'ada@example.com']] as const) {
      await assert.rejects(run(command, external, ...args), { message: /belong to another auth server/ })
    }
  })

  test('the service with the embedded database executes these commands and no others, also after a killed one left its socket', async () => {
    await using database = await openTestDatabase({ embedded: true })
    const config = configOf(database.env)
    assert.equal(await ask(config.dataDir, ['token', 'x@example.com'], keep()), false)
    await using world = await openService(config, database.env)
    const ada = await world.signUp()
    await using _left = await openChannel(world.deps, perform)
    const channel = await openChannel(world.deps, perform)
    assert.equal(statSync(join(config.dataDir, 'operator.sock')).mode & 0o777, 0o600)
    const { lines } = await run('token', config, ada.email)
    assert.equal((await world.ask('GET', '/api/tasks', { token: lines[0] ?? '' })).status, 200)
    assert.ok(world.logged.some((line) => line.includes(ada.id) && line.includes('created a session')))
    await assert.rejects(run('token', config, 'unknown@example.com'), { message: /^no user has this/ })
    assert.deepEqual(
      peopleOf(await run('seed', config, '--users', '2', '--tasks', '3')).map(({ tasks }) => tasks),
      [3, 3],
    )
    await assert.rejects(ask(config.dataDir, ['vault', 'rotate'], keep()), { message: /does not know this command/ })
    await channel[Symbol.asyncDispose]()
    assert.ok(!existsSync(join(config.dataDir, 'operator.sock')))
  })
})

suite('the jobs command', () => {
  const DEAD = `insert into jobs (id, name, key, reference, attempts, run_at, last_error, dead_at)
    values ($1, 'test-dead', $2, '{"n": 1}', 10, now() - interval '1 day', 'Problem unavailable', now())`
  const ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'
  const OTHER = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a12'

  for (const isRunning of [false, true]) {
    const where = isRunning ? 'in the running service that has the embedded database' : 'in a process of its own'
    test(`lists jobs, and retries and drops dead ones alone, ${where}`, async () => {
      await using database = await openTestDatabase({ embedded: isRunning })
      const config = configOf({ ...database.env, LOG_LEVEL: 'silent' })
      await using world = await openWorld({ env: database.env })
      const add = (id: string, key: string) => world.asOwner((client) => client.query(DEAD, [id, key]))
      await using _channel = isRunning ? await openChannel(world.deps, perform) : undefined
      await add(ID, 'one')
      await add(OTHER, 'two')
      const { lines } = await run('jobs', config, 'list')
      const fields = lines.map((line) => line.split('  '))
      assert.deepEqual(
        fields
          .slice(0, 2)
          .map(([id, name, state, attempts, , error, reference]) => [id, name, state, attempts, error, reference]),
        [ID, OTHER].map((id) => [id, 'test-dead', 'dead', '10', 'Problem unavailable', '{"n":1}']),
      )
      assert.match(fields[0]?.[4] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

      assert.match((await run('jobs', config, 'retry', ID)).lines[0] ?? '', /^test-dead .* is due: .* within 75 s$/)
      assert.deepEqual((await run('jobs', config, 'drop', OTHER)).lines, [`test-dead ${OTHER} was dropped`])
      const { rows } = await world.asOwner((client) =>
        client.query(
          `select id, attempts, dead_at, last_error, run_at <= now() as due from jobs where name = 'test-dead'`,
        ),
      )
      assert.deepEqual(rows, [{ id: ID, attempts: 0, dead_at: null, last_error: null, due: true }])
      assert.equal((await world.deps.jobs.state()).dead, 0)
      // One that is not dead any more, one that was dropped, and one that never was.
      for (const [action, id] of [
        ['retry', ID],
        ['drop', ID],
        ['drop', OTHER],
        ['retry', OTHER.replace('12', '13')],
      ] as const) {
        await assert.rejects(run('jobs', config, action, id), { name: 'StartError', message: /^there is no dead job/ })
      }
    })
  }

  test('refuses other words before it reads the configuration, and prints its help', async () => {
    for (const words of [[], ['list', 'x'], ['revive', ID], ['retry'], ['drop', 'x'], ['drop', ID, OTHER]]) {
      const load = (): Config => assert.fail('the configuration was read')
      await assert.rejects(operate('jobs', words, load, keep()), {
        name: 'StartError',
        message: /jobs (?:list|retry|drop)/,
      })
    }
    const output = keep()
    await operate('jobs', ['--help'], () => assert.fail('the configuration was read'), output)
    assert.match(output.lines.join('\n'), /^usage: todo-backend jobs list/)
  })

  test('works with another auth server, too', async () => {
    await using database = await openTestDatabase()
    const config = configOf({ ...database.env, LOG_LEVEL: 'silent' })
    await using world = await openWorld({ env: database.env })
    await world.asOwner((client) => client.query(DEAD, [ID, 'one']))
    const external = { ...config, auth: { ...config.auth, mode: 'external', tokenStorage: 'auto' } } as Config // as read with AUTH_MODE=external
    await perform(['jobs', 'drop', ID], { ...world.deps, config: external }, keep())
    assert.equal((await world.deps.jobs.state()).dead, 0)
  })
})

suite('the socket of the service', () => {
  function openHome(): { dataDir: string; path: string } & Disposable {
    const dataDir = mkdtempSync(join(tmpdir(), 'todo-socket-'))
    const path = join(dataDir, 'operator.sock')
    return { dataDir, path, [Symbol.dispose]: () => rmSync(dataDir, { recursive: true, force: true }) }
  }

  test('survives clients that are silent, disconnect or send too much, with a timeout and without an error in the log', async ({
    mock,
  }) => {
    using home = openHome()
    let logged = ''
    const log = openLog('error', new Writable({ write: (line, _, done) => ((logged += String(line)), done()) }))
    // No command is executed here, so its dependencies are not used.
    await using _channel = await openChannel(
      { config: home, log } as unknown as Parameters<typeof openChannel>[0],
      perform,
    )
    connect(home.path).end('["tok')
    const talker = connect(home.path)
    talker.write(`["${'é'.repeat(5_000)}"]\n`)
    const [refused] = await once(talker.setEncoding('utf8'), 'data')
    assert.match(String(refused), /"refused".*at most 10000 bytes/)
    mock.timers.enable({ apis: ['setTimeout'] })
    const silent = connect(home.path).resume()
    while (!silent.destroyed) {
      mock.timers.tick(5_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(logged, '')
  })

  test('that closes without an answer is reported as a stopped service', async () => {
    using home = openHome()
    const server = createServer({ pauseOnConnect: true }, (visitor) => setImmediate(() => visitor.destroy()))
    server.listen(home.path)
    await once(server, 'listening')
    try {
      await assert.rejects(ask(home.dataDir, ['token'], keep()), {
        name: 'StartError',
        message: /stopped before the command was done/,
      })
    } finally {
      server.close()
    }
  })
})

/** The rows about mails, with a test mail if there is an address. */
async function mailChecked(env: Readonly<Record<string, string>>, to?: string): Promise<readonly Finding[]> {
  const before = process.exitCode
  const home = mkdtempSync(join(tmpdir(), 'todo-doctor-'))
  try {
    const json = keep()
    await doctor(
      ['--json', ...(to === undefined ? [] : ['--mail', to])],
      () => configOf({ DATA_DIR: home, ...env }),
      json,
    )
    const findings: readonly Finding[] = JSON.parse(json.lines.join('\n'))
    return findings.filter(({ check }) => check === 'mail')
  } finally {
    process.exitCode = before
    rmSync(home, { recursive: true, force: true })
  }
}

async function examined(load: () => Config): Promise<{ findings: Finding[]; status: unknown; text: string }> {
  const before = process.exitCode
  process.exitCode = 0
  try {
    const json = keep()
    await doctor(['--json'], load, json)
    const status = process.exitCode
    const text = keep()
    await doctor([], load, text)
    return { findings: JSON.parse(json.lines.join('\n')), status, text: text.lines.join('\n') }
  } finally {
    process.exitCode = before
  }
}

const stateOf = (findings: readonly Finding[], check: string): string | undefined =>
  findings.find((each) => each.check === check)?.state

suite('doctor', () => {
  test('reports no problem for a correct database', async () => {
    await using database = await openTestDatabase()
    const { findings, status, text } = await examined(() => configOf({ ...database.env, PORT: '0' }))
    assert.deepEqual(
      findings.filter(({ state }) => state === 'fail'),
      [],
    )
    for (const check of [
      'database',
      'database clock',
      'migrations',
      'database roles',
      'policies',
      'jobs',
      'encryption keys',
    ]) {
      assert.equal(stateOf(findings, check), 'ok', check)
    }
    assert.equal(status, 0)
    assert.match(text, /ok +policies +row-level security is forced on [1-9]\d* tables/)
  })

  test('warns about dead and late background jobs', async () => {
    await using database = await openTestDatabase()
    const config = configOf({ ...database.env, PORT: '0' })
    const insert = (columns: string, values: string) =>
      withMigrations(config, (client) =>
        client.query(
          `begin; set local role todo_app_system; insert into jobs (name, ${columns}) values ('send-mail', ${values}); commit`,
        ),
      )
    await insert('run_at', `now() - interval '1 hour'`)
    const late = await examined(() => config)
    assert.match(late.text, /warn +jobs +one has been due for 36\d\d s\n +→ start the service/)
    await withMigrations(config, (client) =>
      client.query(`begin; set local role todo_app_system; update jobs set dead_at = now(); commit`),
    )
    const dead = await examined(() => config)
    assert.match(
      dead.text,
      /warn +jobs +1 failed for the last time: send-mail\n +→ npm run jobs -- list .* docs\/operations\/jobs\.md/,
    )
    assert.equal(dead.status, 0)
  })

  test('names each problem with the next step, and exits with 1', async () => {
    await using database = await openTestDatabase()
    const config = configOf({ ...database.env, PORT: '0' })
    await withMigrations(config, (client) => client.query('alter table tasks no force row level security'))
    const loose = await examined(() => config)
    assert.equal(loose.status, 1)
    assert.match(loose.text, /fail +database roles +refusing to serve: row-level security is not forced on tasks/)
    assert.equal(stateOf(loose.findings, 'encryption keys'), 'skipped')
    await withMigrations(config, (client) => client.query('alter table tasks force row level security'))

    chmodSync(join(config.dataDir, 'secrets.json'), 0o644)
    const open = await examined(() => config)
    assert.match(open.text, /warn +privacy +\S+secrets\.json has mode 644[^\n]*\n +→ chmod go= \S+secrets\.json/)
    assert.equal(open.status, 0)
    const production = await examined(() => ({ ...config, environment: 'production' }))
    assert.equal(stateOf(production.findings, 'secrets'), 'fail')
    assert.equal(stateOf(production.findings, 'public URL'), 'warn')
    assert.equal(stateOf(production.findings, 'metrics'), 'warn')
    // In two of these URLs only the password or the beginning of the host is that of this machine.
    for (const [url, state] of [
      ['redis://:localhost@redis.example.com', 'warn'],
      ['redis://127.example.com', 'warn'],
      ['redis://[::1]:6379/0', undefined],
      ['rediss://redis.example.com', undefined],
    ] as const) {
      const reaching: Config = {
        ...config,
        environment: 'production',
        redis: { ...config.redis, url: new Secret(url) },
      }
      assert.equal(stateOf(checkExposure(reaching), 'Redis TLS'), state, url)
    }
  })

  test('reports pending migrations, and creates no database', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const config = configOf({ ...database.env, PORT: '0' })
    const { findings } = await examined(() => config)
    assert.equal(stateOf(findings, 'migrations'), 'warn')
    assert.equal(stateOf(findings, 'database roles'), 'skipped')

    const home = mkdtempSync(join(tmpdir(), 'todo-doctor-'))
    try {
      const load = (): Config =>
        loadConfig({ env: { PORT: '0', REDIS_URL: REDIS_OR_NOWHERE }, cwd: home, secrets: existingSecrets })
      const { findings, status } = await examined(load)
      assert.equal(stateOf(findings, 'database'), 'skipped')
      assert.equal(status, 0)
      assert.ok(!existsSync(join(home, '.data')))
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })

  test('prints its table even if configuration, database, Redis and port are all unusable, and prints no password', async () => {
    const PASSWORD = 'hunter2hunter2'
    const bad = await examined(() => configOf({ PORT: 'x', LOG_LEVEL: PASSWORD }))
    assert.equal(bad.status, 1)
    assert.equal(bad.findings.filter(({ check, state }) => check === 'config' && state === 'fail').length, 2)

    const server = createServer((socket) => socket.end('no HTTP'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const home = mkdtempSync(join(tmpdir(), 'todo-doctor-'))
    try {
      const { findings, status, text } = await examined(() =>
        configOf({
          DATA_DIR: home,
          PORT: String(port),
          DATABASE_URL: `postgres://u:${PASSWORD}@127.0.0.1:1/x`,
          REDIS_URL: `redis://:${PASSWORD}@127.0.0.1:1`,
        }),
      )
      assert.equal(status, 1)
      assert.equal(stateOf(findings, 'database'), 'fail')
      assert.equal(stateOf(findings, 'Redis'), 'warn')
      assert.equal(stateOf(findings, 'port'), 'fail')
      assert.match(text, /cannot connect to the database of DATABASE_URL: .*ECONNREFUSED/)
      assert.doesNotMatch(text + bad.text + JSON.stringify(findings), new RegExp(PASSWORD))
    } finally {
      server.close()
      rmSync(home, { recursive: true, force: true })
    }
  })

  test('connects to the mail server, and sends a test mail only to a given address', async () => {
    await using server = await openMailServer()
    const env = { SMTP_URL: server.url, MAIL_FROM: 'todo@todo.example' }
    const where = server.url.slice('smtp://'.length)
    assert.deepEqual(await mailChecked(env), [
      { check: 'mail', state: 'ok', found: `${where} is ready to take mails from todo@todo.example` },
    ])
    assert.equal(server.received.length, 0)
    const [sent] = await mailChecked(env, 'ada@example.com')
    assert.deepEqual([sent?.state, sent?.found], ['ok', `${where} has taken a test mail to ada@example.com`])
    const { to, headers } = await server.next()
    assert.deepEqual([to, headers.get('subject')], [['ada@example.com'], 'A test mail'])
    server.onRecipient = () => ({ status: 550, answer: '5.1.1 unknown' })
    const [refused] = await mailChecked(env, 'ada@example.com')
    assert.equal(refused?.state, 'fail')
    assert.match(refused.found, /the mail server refused the sender or the recipient: 550 5\.1\.1 \(EENVELOPE-550\)$/)
  })

  test('reports a mail server that is not running or refuses the password, without showing it', async () => {
    await using server = await openMailServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: (_auth, _session, callback) => callback(Object.assign(new Error('wrong'), { responseCode: 535 })),
    })
    const url = server.url.replace('smtp://', 'smtp://todo:hunter2hunter2@')
    const [refused] = await mailChecked({ SMTP_URL: url, MAIL_FROM: 'todo@todo.example' })
    assert.equal(refused?.state, 'fail')
    assert.match(refused.found, /refused user and password of SMTP_URL: 535/)
    assert.doesNotMatch(JSON.stringify(refused), /hunter2/)
    const [missing] = await mailChecked({ SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'todo@todo.example' })
    assert.equal(missing?.state, 'fail')
  })

  test('writes a test mail to the outbox, and cannot send one where there are no mails', async () => {
    const [written] = await mailChecked({}, 'ada@example.com')
    assert.match(written?.found ?? '', /^a test mail is in .*\.eml$/)
    const [silent] = await mailChecked({ ENVIRONMENT: 'staging' })
    assert.deepEqual([silent?.state, silent?.found], ['ok', 'none: SMTP_URL is not set'])
    const [failed] = await mailChecked({ ENVIRONMENT: 'staging' }, 'ada@example.com')
    assert.equal(failed?.state, 'fail')
  })

  test('has a timeout for a body that never arrives', async () => {
    const server = createServer((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const home = mkdtempSync(join(tmpdir(), 'todo-doctor-'))
    try {
      const { port } = server.address() as AddressInfo
      const { text } = await examined(() => configOf({ DATA_DIR: home, PORT: String(port) }))
      assert.match(text, /fail +port +127\.0\.0\.1:\d+ does not answer within 2 s/)
    } finally {
      server.close()
      rmSync(home, { recursive: true, force: true })
    }
  })

  test('names the process that has the embedded database open', async () => {
    await using database = await openTestDatabase({ embedded: true })
    const config = configOf({ ...database.env, PORT: '0' })
    await using _world = await openService(config, database.env)
    const { findings, status } = await examined(() => config)
    assert.deepEqual(
      findings.filter(({ check }) => check === 'database').map(({ state, found }) => [state, found.split(',')[0]]),
      [['skipped', `process ${process.pid} has it open`]],
    )
    assert.equal(status, 0)
  })

  test('reports only the part of a clock difference that the round trip does not explain', () => {
    assert.equal(clockFinding('clock', 1_000, 990, 1_010).state, 'ok')
    assert.equal(clockFinding('clock', 5_000, 1_000, 1_500).state, 'warn')
    assert.match(clockFinding('clock', 5_000, 1_000, 1_500).found, /3\.5 s ahead/)
    assert.equal(clockFinding('clock', 0, 61_000, 61_000).state, 'fail')
    assert.match(clockFinding('clock', 0, 61_000, 61_000).found, /61 s behind/)
  })
})
