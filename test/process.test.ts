import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assertNoSecret, remember, rememberBody } from './canary.ts'
import { needsServer, openTestDatabase, SERVER_URL, type TestDatabase } from './databases.ts'
import { PRODUCTION } from './production.ts'

// The command as an operator runs it: a separate process, a separate directory, and only the listed environment variables.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const COMMAND = join(ROOT, 'bin/todo-backend.mjs')
const TIMEOUT_MS = 120_000
/** KILL_ROUNDS=15 runs more rounds. */
const KILL_ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 3)
const UNLIMITED = { RATE_LIMIT_READ: '1000000', RATE_LIMIT_WRITE: '1000000' }
/** Parts of a stack, which must not be in a message for an operator. */
const STACK_LINE = /^\s+at /m
const UNPRIVILEGED_UID = 65_534

type Env = Readonly<Record<string, string>>

interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

interface Running extends AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Waits for the first match in its output. Rejects with the whole output if the process ends without a match. */
  says(pattern: RegExp): Promise<RegExpExecArray>
}

interface Starting {
  readonly env?: Env
  readonly cwd?: string
  readonly uid?: number
  /** Starts a process group, as in a terminal; the whole group is killed at the end. */
  readonly grouped?: boolean
}

const children = new Set<ChildProcess>()
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))

function start(command: string, args: readonly string[], { env = {}, cwd, uid, grouped = false }: Starting): Running {
  const own = cwd === undefined ? mkdtempSync(join(tmpdir(), 'todo-cwd-')) : undefined
  const child = spawn(command, args, {
    cwd: cwd ?? own,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: grouped,
    ...(uid === undefined ? {} : { uid }),
  })
  children.add(child)
  for (const [name, value] of Object.entries(env)) if (/SECRET|TOKEN|KEY/.test(name)) remember(name, value)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => {
      children.delete(child)
      if (own !== undefined) rmSync(own, { recursive: true, force: true })
      try {
        // The greeting, which is no log line, contains a command to sign up.
        assertNoSecret(`${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('{')))
        resolve({ status, signal, stdout, stderr })
      } catch (error) {
        reject(error)
      }
    })
  })
  return {
    child,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(stdout)
          if (found !== null) resolve(found)
        }
        child.stdout.on('data', look)
        look()
        ended.then((end) => reject(new Error(`it ended: ${JSON.stringify(end, null, 2)}`)), reject)
      }),
    [Symbol.asyncDispose]: async () => {
      if (grouped && child.pid !== undefined) killGroup(child.pid)
      else child.kill('SIGKILL')
      await ended
    },
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // The process has already ended.
  }
}

const todoBackend = (args: readonly string[], starting: Starting = {}): Running =>
  start(process.execPath, [COMMAND, ...args], starting)

/** Runs a command and waits for its end. */
async function run(args: readonly string[], starting: Starting = {}): Promise<Ended> {
  await using running = todoBackend(args, starting)
  // Awaited here, because the end of this block kills the process.
  return await running.ended
}

interface Service extends Running {
  readonly url: string
}

async function serve(starting: Starting, running: Running = todoBackend([], withFreePort(starting))): Promise<Service> {
  try {
    const [, url = ''] = await running.says(/(?:is at|listening at) (http:\/\/127\.0\.0\.1:\d+)/)
    return { ...running, url }
  } catch (error) {
    await running[Symbol.asyncDispose]()
    throw error
  }
}

const withFreePort = (starting: Starting): Starting => ({ ...starting, env: { PORT: '0', ...starting.env } })

async function stop(service: Running, signal: NodeJS.Signals): Promise<Ended> {
  service.child.kill(signal)
  return service.ended
}

interface Answer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- a value of another shape fails the test
  readonly body: any
}

async function ask(url: string, method: string, path: string, token?: string, body?: unknown): Promise<Answer> {
  if (token !== undefined) remember('a token', token)
  if (body !== undefined) rememberBody(JSON.stringify(body))
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

async function signUp(url: string): Promise<string> {
  const email = `${randomBytes(6).toString('hex')}@example.com`
  const { status, body } = await ask(url, 'POST', '/api/auth/sign-up/email', undefined, {
    name: 'Ada',
    email,
    password: 'correct horse',
  })
  assert.equal(status, 200)
  return body.token
}

const isServing = async (url: string): Promise<boolean> => (await ask(url, 'GET', '/health')).status === 200

/** Asserts that the command exits with 1, prints exactly one line for each of `lines`, in any order, and no stack. */
function assertRefusal({ status, stdout, stderr }: Ended, ...lines: readonly RegExp[]): void {
  assert.equal(status, 1, stderr)
  assert.doesNotMatch(stdout + stderr, STACK_LINE)
  const said = stderr.trimEnd().split('\n')
  assert.match(said[0] ?? '', /^todo-backend: /)
  const mistakes = said.filter((line) => !/The configuration has \d* ?.*mistakes?:$/.test(line))
  assert.equal(mistakes.length, lines.length, stderr)
  for (const line of lines)
    assert.ok(
      mistakes.some((mistake) => line.test(mistake)),
      `${line} is not in:\n${stderr}`,
    )
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

const temporaryDirectory = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), 'todo-process-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const embeddedOnly = SERVER_URL === undefined ? false : 'is about the embedded database'
const isThere = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const needsCurl = isThere('curl', '--version') ? false : 'there is no curl on this machine'

describe('an empty environment', { skip: embeddedOnly, timeout: TIMEOUT_MS }, () => {
  test('serves on an embedded database, and every command that it prints works', { skip: needsCurl }, async (t) => {
    const home = temporaryDirectory(t)

    // It stops at a signal while it creates its database, and the next start creates it.
    await using first = todoBackend([], { cwd: home, env: { PORT: '0' } })
    await first.says(/is starting/)
    assert.equal((await stop(first, 'SIGTERM')).status, 0)

    await using service = await serve({ cwd: home })
    const [, dataIn] = await service.says(/data +(\/\S+) \(embedded PostgreSQL/)
    assert.equal(dataIn, join(home, '.data/postgres'))
    assert.ok(existsSync(join(home, '.data/postgres/PG_VERSION')))
    assert.equal(modeOf(join(home, '.data')), '700')
    assert.equal(modeOf(join(home, '.data/secrets.json')), '600')

    // A .curlrc prints the status, so that the command is exactly the printed one.
    writeFileSync(join(home, '.curlrc'), 'write-out = "\\n%{http_code}"\n')
    const curl = async (command: string): Promise<Answer> => {
      const { stdout } = await promisify(execFile)('sh', ['-c', command], { env: { ...process.env, CURL_HOME: home } })
      const [text = '', status] = stdout.split(/\n(?=\d+$)/)
      return { status: Number(status), body: text === '' ? undefined : JSON.parse(text) }
    }
    const [, printed = ''] = await service.says(/try +(curl [\s\S]*?)\n\n/)
    const signedUp = await curl(printed)
    assert.equal(signedUp.status, 200)

    const tasks = `${service.url}/api/tasks`
    const as = `-s -H 'Authorization: Bearer ${signedUp.body.token}' -H 'Content-Type: application/json'`
    const created = await curl(`curl ${as} ${tasks} -d '{"title": "Buy milk"}'`)
    assert.equal(created.status, 201)
    const task = `${tasks}/${created.body.id}`
    assert.deepEqual(await curl(`curl ${as} ${tasks}`), { status: 200, body: [created.body] })
    assert.deepEqual(await curl(`curl ${as} ${task}`), { status: 200, body: created.body })
    const patched = await curl(`curl ${as} ${task} -X PATCH -d '{"priority": "HIGH"}'`)
    assert.deepEqual([patched.status, patched.body.priority], [200, 'HIGH'])
    const completed = await curl(`curl ${as} ${task}/complete -X PATCH`)
    assert.deepEqual([completed.status, completed.body.status], [200, 'COMPLETED'])
    assert.equal((await curl(`curl ${as} ${task} -X DELETE`)).status, 204)
    assert.equal((await curl(`curl ${as} ${task}`)).status, 404)
  })
})

describe('acknowledged data', { timeout: TIMEOUT_MS }, () => {
  test('survives a restart: tasks, users and sessions', async () => {
    await using database = await openTestDatabase()
    await using before = await serve({ env: database.env })
    const token = await signUp(before.url)
    const { body: task } = await ask(before.url, 'POST', '/api/tasks', token, { title: 'Buy milk' })

    const { status, signal, stderr } = await stop(before, 'SIGTERM')
    assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' })
    await using restarted = await serve({ env: database.env })
    assert.deepEqual(await ask(restarted.url, 'GET', '/api/tasks', token), { status: 200, body: [task] })

    // The reader of its output has ended (`npm start | head`); each request still tries to write a log line.
    restarted.child.stdout?.destroy()
    for (let request = 0; request < 3; request += 1) assert.ok(await isServing(restarted.url))

    // One Ctrl-C sends two signals under npm, and a user may press it repeatedly.
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) restarted.child.kill(signal)
    assert.deepEqual(await restarted.ended.then((end) => [end.status, end.signal]), [0, null])
  })

  test(`survives kill -9 during writes, ${KILL_ROUNDS} times in a row`, async () => {
    await using database = await openTestDatabase()
    const acknowledged = new Set<string>()
    let token: string | undefined
    for (let round = 0; round <= KILL_ROUNDS; round += 1) {
      await using service = await serve({ env: { ...database.env, ...UNLIMITED } })
      token ??= await signUp(service.url)
      const there = new Set(await taskIds(service.url, token))
      assert.deepEqual(
        [...acknowledged].filter((id) => !there.has(id)),
        [],
        `round ${round} lost tasks`,
      )
      if (round < KILL_ROUNDS) await killWhileWriting(service, token, acknowledged)
    }
    assert.ok(acknowledged.size >= KILL_ROUNDS * WRITES_BEFORE_KILL)
  })

  const WRITERS = 4
  const WRITES_BEFORE_KILL = 30

  /** Kills the service at an acknowledgement, while requests of other writers are in progress. */
  async function killWhileWriting(service: Service, token: string, acknowledged: Set<string>): Promise<void> {
    const target = acknowledged.size + WRITES_BEFORE_KILL + Math.floor(Math.random() * WRITERS)
    const write = async (): Promise<void> => {
      try {
        for (;;) {
          const { status, body } = await ask(service.url, 'POST', '/api/tasks', token, { title: 'Buy milk' })
          assert.equal(status, 201)
          acknowledged.add(body.id)
          if (acknowledged.size >= target) service.child.kill('SIGKILL')
        }
      } catch (error) {
        // Only the kill of the service closes the connection.
        if (error instanceof assert.AssertionError || !service.child.killed) throw error
      }
    }
    await Promise.all(Array.from({ length: WRITERS }, write))
    assert.equal((await service.ended).signal, 'SIGKILL')
  }

  async function taskIds(url: string, token: string): Promise<string[]> {
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Response = await fetch(`${url}/api/tasks${cursor === '' ? '' : `?cursor=${cursor}`}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      assert.equal(page.status, 200)
      ids.push(...((await page.json()) as { id: string }[]).map(({ id }) => id))
      cursor = page.headers.get('x-next-cursor')
    }
    return ids
  }
})

describe('a running service', { timeout: TIMEOUT_MS }, () => {
  let database: TestDatabase
  let service: Service
  before(async () => {
    database = await openTestDatabase()
    const plant = `process.on('SIGUSR2', () => void Promise.reject(new Error('planted')))`
    const args = ['--import', `data:text/javascript,${encodeURIComponent(plant)}`, COMMAND]
    service = await serve({}, start(process.execPath, args, { env: { PORT: '0', ...database.env } }))
  })
  after(async () => {
    await service[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  test(
    'locks its data directory: a second process is refused with the pid of the first',
    { skip: embeddedOnly },
    async () => {
      const second = await run([], { env: { PORT: '0', ...database.env } })
      assertRefusal(second, new RegExp(`in use by another process \\(pid ${service.child.pid}\\)`))
      assert.ok(await isServing(service.url))
    },
  )

  test('refuses a second process on its port with a message', async () => {
    await using other = await openTestDatabase()
    const { port } = new URL(service.url)
    const second = await run([], { env: { ...other.env, PORT: port } })
    assertRefusal(second, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use`))
    assert.ok(await isServing(service.url))
  })

  test('ends at an uncaught error with status 1 and its stack in the log', async () => {
    service.child.kill('SIGUSR2')
    const { status, stdout } = await service.ended
    assert.equal(status, 1)
    assert.match(stdout, /"message":"planted","stack":" +at /)
  })
})

test('npm start forwards signals and leaves no process behind', { timeout: TIMEOUT_MS }, async () => {
  await using database = await openTestDatabase()
  const env = { ...database.env, PORT: '0', HOME: tmpdir() }
  await using npm = await serve({}, start('npm', ['start'], { cwd: ROOT, env, grouped: true }))
  await stop(npm, 'SIGTERM')
  await assert.rejects(isServing(npm.url), { message: 'fetch failed' })
})

describe(
  'an error of the operator is reported in one line without a stack:',
  { timeout: TIMEOUT_MS, concurrency: 2 },
  () => {
    const PASSWORD = 'hunter2hunter2'
    const cases: readonly (readonly [what: string, env: Env, ...lines: RegExp[]])[] = [
      ['an unknown AUTH_MODE', { AUTH_MODE: 'magic' }, /AUTH_MODE: must be one of embedded, external/],
      ['a PORT that is no number', { PORT: 'abc' }, /PORT: must be a whole number from 0 to 65535/],
      ['a URL of another database', { DATABASE_URL: `mysql://u:${PASSWORD}@127.0.0.1/x` }, /DATABASE_URL: /],
      [
        'several mistakes',
        { PORT: '70000', LOG_LEVEL: 'loud', DOCS_ENABLED: PASSWORD, REDIS_URL: `http://:${PASSWORD}@127.0.0.1` },
        /PORT: /,
        /LOG_LEVEL: /,
        /DOCS_ENABLED: /,
        /REDIS_URL: /,
      ],
      [
        'a misspelt ENVIRONMENT, judged as production',
        { ENVIRONMENT: 'prod' },
        /ENVIRONMENT: must be one of development, staging, production/,
        /SERVICE_AUTH_TOKEN: is required/,
        /ENCRYPTION_KEY: is required/,
        /SESSION_HASH_SECRET: is required/,
        /BETTER_AUTH_SECRET: is required/,
        /DATABASE_URL: is required/,
      ],
      [
        'production with one secret too short and the rest missing',
        { ENVIRONMENT: 'production', SESSION_HASH_SECRET: PASSWORD },
        /SERVICE_AUTH_TOKEN: is required/,
        /ENCRYPTION_KEY: is required/,
        /SESSION_HASH_SECRET: /,
        /BETTER_AUTH_SECRET: is required/,
        /DATABASE_URL: is required/,
      ],
    ]
    for (const [what, env, ...lines] of cases) {
      test(what, async () => {
        const ended = await run([], { env })
        assertRefusal(ended, ...lines)
        assert.doesNotMatch(ended.stderr + ended.stdout, new RegExp(PASSWORD))
      })
    }

    test('an unreachable database', async () => {
      const env = { DATABASE_URL: `postgres://u:${PASSWORD}@127.0.0.1:${await closedPort()}/x` }
      const ended = await run([], { env })
      assertRefusal(ended, /cannot connect to the database of DATABASE_URL: .*ECONNREFUSED.*Start PostgreSQL there/)
      assert.doesNotMatch(ended.stderr + ended.stdout, new RegExp(PASSWORD))
    })

    test('an unreachable database with dev, because a change of the code cannot correct it', async () => {
      const env = { PORT: '0', DATABASE_URL: `postgres://u:${PASSWORD}@127.0.0.1:${await closedPort()}/x` }
      const ended = await run(['dev'], { env })
      assertRefusal(ended, /cannot connect to the database of DATABASE_URL: .*ECONNREFUSED.*Start PostgreSQL there/)
      assert.doesNotMatch(ended.stderr + ended.stdout, new RegExp(PASSWORD))
    })

    test('a DATA_DIR that is a file', async (t) => {
      const cwd = temporaryDirectory(t)
      writeFileSync(join(cwd, 'file'), '')
      assertRefusal(await run([], { cwd, env: { DATA_DIR: 'file' } }), /DATA_DIR.*not a directory/)
    })

    test('a DATA_DIR that this user may not read', async (t) => {
      const cwd = temporaryDirectory(t)
      const asRoot = process.getuid?.() === 0
      const readable = `require('node:fs').readFileSync(${JSON.stringify(COMMAND)})`
      if (asRoot && spawnSync(process.execPath, ['-e', readable], { uid: UNPRIVILEGED_UID }).status !== 0) {
        return t.skip('an unprivileged user may not read this clone')
      }
      chmodSync(cwd, 0o755)
      const dataDir = join(cwd, 'data')
      mkdirSync(dataDir, { mode: asRoot ? 0o700 : 0o000 })
      const ended = await run([], { cwd, env: { DATA_DIR: dataDir }, ...(asRoot ? { uid: UNPRIVILEGED_UID } : {}) })
      chmodSync(dataDir, 0o700)
      assertRefusal(ended, /DATA_DIR.*permission denied/)
    })

    test('a .env that is no file', async (t) => {
      const cwd = temporaryDirectory(t)
      mkdirSync(join(cwd, '.env'))
      assertRefusal(await run([], { cwd }), /cannot read .*\.env: illegal operation on a directory/)
    })

    const wrong: readonly (readonly [args: readonly string[], line: RegExp])[] = [
      [
        ['sevre'],
        /unknown command sevre: the commands are serve, dev, doctor, migrate, vault, jobs, seed, token, openapi, llms and help/,
      ],
      [[`postgres://u:${PASSWORD}@127.0.0.1/x`], /unknown command: /],
      [['serve', 'now'], /unknown argument now/],
      [['migrate', 'sideways'], /unknown command. The commands are: migrate .*up, down/],
      [['migrate', 'up', 'x'], /number of migrations must be a whole number from 1/],
      [['migrate', 'down', '-1'], /number of migrations must be a whole number from 1/],
      [['migrate', 'up', '1', '2'], /: see help/],
      [['dev', 'now'], /unknown argument now/],
      [['doctor', '--all'], /the options of doctor are --json and --mail ADDRESS: see doctor --help/],
      [['doctor', '--mail', 'ada'], /--mail needs an address such as you@example\.org/],
      [['seed', '--users', '0'], /--users must be a whole number from 1 to 1000/],
      [['seed', '--people', '3'], /the options of seed are --users N, --tasks N and --seed N/],
      [['token'], /token needs one e-mail address/],
      [
        ['token', 'ada@example.com', '--forever'],
        /token needs one e-mail address; its options are --scopes, --days, --name and --production/,
      ],
      [['openapi', '/proc/none/openapi.json'], /cannot write \/proc\/none\/openapi\.json: no such file or directory/],
    ]
    for (const [args, line] of wrong) {
      test(`todo-backend ${args.join(' ')}`, async () => {
        const ended = await run(args)
        assertRefusal(ended, line)
        assert.doesNotMatch(ended.stderr, new RegExp(PASSWORD))
      })
    }

    const olderNode = findOlderNode()
    const needsOlderNode = olderNode === undefined ? 'there is no older Node on this machine' : false
    test('an older Node', { skip: needsOlderNode }, async () => {
      await using older = start(olderNode ?? '', [COMMAND], {})
      assertRefusal(await older.ended, /needs Node 26\.0 or newer and this is \d+\.\d+\.\d+: run npm ci/)
    })

    test('dependencies that are not installed', async (t) => {
      const clone = temporaryDirectory(t)
      for (const part of ['bin', 'src', 'package.json'])
        cpSync(join(ROOT, part), join(clone, part), { recursive: true })
      await using bare = start(process.execPath, [join(clone, 'bin/todo-backend.mjs')], {})
      assertRefusal(await bare.ended, /the package \S+ is not installed: run npm ci first/)
      assert.ok(!existsSync(join(clone, 'node_modules')))
    })
  },
)

function findOlderNode(): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin']
  return directories
    .map((directory) => join(directory, 'node'))
    .find((node) => {
      const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
      return status === 0 && Number(/^v(\d+)/.exec(stdout)?.[1]) < 24
    })
}

test('the required version of Node is the same in both places', () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const [, major, minor] = /NODE_MIN = \[(\d+), (\d+)\]/.exec(readFileSync(join(ROOT, 'bin/launch.mjs'), 'utf8')) ?? []
  assert.equal(engines.node, `>=${major}.${minor}`)
})

describe('the commands', { timeout: TIMEOUT_MS }, () => {
  test('migrate lists, reverts and applies migrations', async () => {
    await using database = await openTestDatabase()
    const migrate = async (...args: readonly string[]): Promise<string[]> => {
      const { status, stdout, stderr } = await run(['migrate', ...args], { env: database.env })
      assert.deepEqual([status, stderr], [0, ''])
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/ {2}in \d+ ms$/, ''))
    }
    const before = await migrate('status')
    assert.equal(before.at(-1), 'pending  nothing')
    const newest = before.at(-2)?.replace('applied  ', '')
    assert.match(newest ?? '', /^\d{4}_[a-z_]+$/)
    assert.deepEqual(await migrate('down'), [`reverted  ${newest}`])
    assert.deepEqual((await migrate()).slice(-1), [`pending  ${newest}`])
    assert.deepEqual(await migrate('up'), [`applied  ${newest}`])
    assert.deepEqual(await migrate('up', '1'), ['applied  nothing'])
  })

  test('openapi prints the same document each time', async () => {
    const [first, second] = await Promise.all([run(['openapi']), run(['openapi'])])
    assert.deepEqual([first.status, first.stderr], [0, ''])
    assert.equal(JSON.parse(first.stdout).openapi, '3.1.0')
    assert.equal(second.stdout, first.stdout)
  })

  test('a reader of their output may close the pipe early', async () => {
    await using cut = start('sh', ['-c', '"$0" "$1" openapi | head -c 1', process.execPath, COMMAND], {})
    assert.deepEqual(await cut.ended, { status: 0, signal: null, stdout: '{', stderr: '' })
  })

  test('help lists the commands', async () => {
    const { status, stdout } = await run(['--help'])
    assert.equal(status, 0)
    for (const command of ['serve', 'dev', 'doctor', 'migrate', 'vault', 'seed', 'token', 'openapi'])
      assert.match(stdout, new RegExp(`todo-backend.*${command}`))
  })
})

describe('on a server', { skip: needsServer, timeout: TIMEOUT_MS }, () => {
  test('production migrates only by command, names that command, and prints only its log', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const env = { ...database.env, ...PRODUCTION, PORT: '0' }
    assertRefusal(await run([], { env }), /npm run migrate -- up/)
    assert.equal((await run(['migrate', 'up'], { env })).status, 0)

    await using service = await serve({ env })
    assert.ok(await isServing(service.url))
    const { status, stdout, stderr } = await stop(service, 'SIGTERM')
    assert.deepEqual([status, stderr], [0, ''])
    for (const line of stdout.trimEnd().split('\n')) assert.equal(typeof JSON.parse(line).msg, 'string')
  })

  test('two development processes that start at once on a new database both serve', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const services = await Promise.all([serve({ env: database.env }), serve({ env: database.env })])
    for (const service of services) {
      await using disposed = service
      assert.ok(await isServing(disposed.url))
    }
  })
})
