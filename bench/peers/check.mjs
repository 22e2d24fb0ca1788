/* oxlint-disable no-console, no-process-env */
// Checks that the peers return the same answers. Starts each with a scratch database with this service's own schema and sends all
// requests of the benchmark.
//
//   node bench/peers/check.mjs [folder…]
//
// CHECK_DATABASE_URL is the URL of a superuser on the server, 127.0.0.1:5432 by default. Without folders all peers are checked.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = join(HERE, '../..')
const SERVER_URL = process.env.CHECK_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 5_000

const SESSION_HASH_SECRET = randomBytes(32).toString('hex')
const ENVIRONMENT = {
  ...process.env,
  PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  SESSION_HASH_SECRET,
  HOST: '127.0.0.1',
}

/** Matches any instant in an expected task. */
const INSTANT = Symbol('instant')
const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const folders = process.argv.slice(2).map((folder) => resolve(folder))
const variants = (
  folders.length > 0
    ? folders
    : globSync('*/variant.json', { cwd: HERE })
        .sort()
        .map((file) => join(HERE, file, '..'))
).map((directory) => ({ ...JSON.parse(readFileSync(join(directory, 'variant.json'), 'utf8')), directory }))

let failed = 0
for (const variant of variants) {
  const missing = variant.requires?.filter((name) => !isInstalled(name)) ?? []
  if (missing.length > 0) {
    console.log(`${variant.name}: skipped, takes ${missing.join(' and ')}`)
    continue
  }
  try {
    console.log(`${variant.name}: ${await check(variant)} answers are correct`)
  } catch (error) {
    failed++
    console.error(`${variant.name}: FAILED`, error)
  }
}
process.exitCode = failed === 0 ? 0 : 1

/** @returns the number of checked answers */
async function check({ directory, command: [program, ...args], cwd = '.', env, setup }) {
  if (existsSync(join(directory, 'package-lock.json')) && !existsSync(join(directory, 'node_modules'))) {
    execute(['npm', 'ci', '--include=dev'], directory)
  }
  if (setup !== undefined) execute(setup, directory)

  const name = `peer_check_${randomBytes(6).toString('hex')}`
  await asOwner(SERVER_URL, (client) => client.query(`create database ${name}`))
  try {
    const url = new URL(SERVER_URL)
    url.pathname = `/${name}`
    const DATABASE_URL = url.href
    execute(['node', 'bin/todo-backend.mjs', 'migrate', 'up'], ROOT, { DATABASE_URL, ENVIRONMENT: 'development' })

    const PORT = String(await freePort())
    const child = spawn(program, args, {
      cwd: join(directory, cwd),
      env: { ...ENVIRONMENT, ...env, DATABASE_URL, PORT },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    try {
      await healthy(child, `http://127.0.0.1:${PORT}`)
      return await asOwner(DATABASE_URL, (client) => converse(client, `http://127.0.0.1:${PORT}`))
    } finally {
      await ended(child)
    }
  } finally {
    await asOwner(SERVER_URL, (client) => client.query(`drop database ${name} with (force)`))
  }
}

async function converse(client, url) {
  let answers = 0
  const [ada, ben, late] = [await signUp(client), await signUp(client), await signUp(client, '-1 second')]

  async function ask(method, path, { token, body } = {}) {
    answers++
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, json: isJson ? JSON.parse(text) : text }
  }
  const as = (user) => async (method, path, body) => ask(method, path, { token: user.token, body })
  const asAda = as(ada)
  const asBen = as(ben)
  const statusOf = async (answer) => (await answer).status

  assert.equal(await statusOf(ask('GET', '/health')), 200)

  // 401, on every route
  const anyId = randomUUID()
  const routes = [
    { method: 'GET', path: '/api/tasks?limit=20' },
    { method: 'GET', path: '/api/tasks?status=TODO&limit=20' },
    { method: 'GET', path: `/api/tasks/${anyId}` },
    { method: 'POST', path: '/api/tasks', body: { title: 'x' } },
    { method: 'PATCH', path: `/api/tasks/${anyId}`, body: { title: 'x' } },
    { method: 'PATCH', path: `/api/tasks/${anyId}/complete` },
  ]
  for (const { method, path, body } of routes) {
    const tokens = { none: undefined, unknown: 'no-such-token', expired: late.token, hash: ada.hash }
    for (const [which, token] of Object.entries(tokens)) {
      assert.equal(await statusOf(ask(method, path, { token, body })), 401, `${method} ${path}, ${which}`)
    }
  }
  assert.equal((await client.query('select 1 from tasks')).rowCount, 0, 'a refusal changes nothing')

  // Create
  const defaults = {
    description: null,
    status: 'TODO',
    priority: 'MEDIUM',
    dueDate: null,
    tags: [],
    completedAt: null,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    version: 1,
  }
  assert.deepEqual((await asAda('GET', '/api/tasks?limit=20')).json, [])
  const plain = await asAda('POST', '/api/tasks', { title: 'Buy milk' })
  assert.equal(plain.status, 201)
  assert.match(plain.json.id, UUID)
  sameTask(plain.json, { ...defaults, id: plain.json.id, title: 'Buy milk', userId: ada.id })

  const all = {
    title: 'Straße “7” 🥛',
    description: 'two\nlines',
    status: 'IN_PROGRESS',
    priority: 'URGENT',
    dueDate: '2030-12-27T17:00:00.250Z',
    tags: ['home', 'a, "b"', '{c}'],
  }
  const full = await asAda('POST', '/api/tasks', all)
  assert.equal(full.status, 201)
  sameTask(full.json, { ...defaults, ...all, id: full.json.id, userId: ada.id })
  const done = await asAda('POST', '/api/tasks', { title: 'done', status: 'COMPLETED' })
  sameTask(done.json, {
    ...defaults,
    id: done.json.id,
    title: 'done',
    status: 'COMPLETED',
    completedAt: INSTANT,
    userId: ada.id,
  })
  const bens = await asBen('POST', '/api/tasks', { title: 'of Ben', dueDate: '2030-01-01T02:00:00+02:00' })
  sameTask(bens.json, {
    ...defaults,
    id: bens.json.id,
    title: 'of Ben',
    dueDate: '2030-01-01T00:00:00Z',
    userId: ben.id,
  })

  // Read: the same tasks as in the answers, newest first
  for (const { json } of [plain, full, done]) {
    const got = await asAda('GET', `/api/tasks/${json.id}`)
    assert.equal(got.status, 200)
    assert.deepEqual(got.json, json)
  }
  const newestFirst = [done.json, full.json, plain.json]
  assert.deepEqual((await asAda('GET', '/api/tasks?limit=20')).json, newestFirst)
  assert.deepEqual((await asAda('GET', '/api/tasks?limit=2')).json, newestFirst.slice(0, 2))
  // A parameter that only this service has
  assert.deepEqual((await asAda('GET', '/api/tasks?limit=20&count=true')).json, newestFirst)
  assert.deepEqual((await asAda('GET', '/api/tasks?status=TODO&limit=20')).json, [plain.json])
  assert.deepEqual((await asAda('GET', '/api/tasks?status=COMPLETED&limit=20')).json, [done.json])
  assert.deepEqual((await asBen('GET', '/api/tasks?limit=20')).json, [bens.json])

  // 404: a missing task, and another user's task, which does not change
  for (const id of [anyId, bens.json.id]) {
    assert.equal(await statusOf(asAda('GET', `/api/tasks/${id}`)), 404)
    assert.equal(await statusOf(asAda('PATCH', `/api/tasks/${id}`, { title: 'mine' })), 404)
    assert.equal(await statusOf(asAda('PATCH', `/api/tasks/${id}/complete`)), 404)
  }
  assert.deepEqual((await asBen('GET', `/api/tasks/${bens.json.id}`)).json, bens.json)

  // Change
  let task = full.json
  const patch = async (changes, expected = changes) => {
    const { status, json } = await asAda('PATCH', `/api/tasks/${task.id}`, changes)
    assert.equal(status, 200)
    sameTask(json, { ...task, ...expected, updatedAt: INSTANT, version: task.version + 1 })
    assert.ok(Date.parse(json.updatedAt) >= Date.parse(task.updatedAt), 'updatedAt')
    task = json
  }
  await patch({ title: 'other' })
  await patch({ description: 'one', priority: 'LOW', tags: ['x', 'y'], dueDate: '2031-01-01T00:00:00Z' })
  await patch({ description: null, dueDate: null, tags: [] })
  await patch({ status: 'COMPLETED' }, { status: 'COMPLETED', completedAt: INSTANT })
  await patch({ status: 'IN_PROGRESS' }, { status: 'IN_PROGRESS', completedAt: null })

  // Toggle
  for (const [status, completedAt] of [
    ['COMPLETED', INSTANT],
    ['TODO', null],
    ['COMPLETED', INSTANT],
  ]) {
    const answer = await asAda('PATCH', `/api/tasks/${task.id}/complete`)
    assert.equal(answer.status, 200)
    sameTask(answer.json, { ...task, status, completedAt, updatedAt: INSTANT, version: task.version + 1 })
    task = answer.json
  }
  assert.deepEqual((await asAda('GET', `/api/tasks/${task.id}`)).json, task)

  // 32 at once, of both users, and a list of 1000
  const many = Array.from({ length: 32 }, async (_, i) => {
    const [user, own] = i % 2 === 0 ? [asAda, plain.json] : [asBen, bens.json]
    assert.deepEqual((await user('GET', `/api/tasks/${own.id}`)).json, own)
  })
  await Promise.all(many)
  await client.query(
    `insert into tasks (id, user_id, title, created_at)
     select gen_random_uuid(), $1, 'task ' || i, now() + i * interval '1 millisecond' from generate_series(1, 1000) i`,
    [ben.id],
  )
  const thousand = (await asBen('GET', '/api/tasks?limit=1000')).json
  assert.equal(thousand.length, 1000)
  assert.deepEqual(
    thousand.map(({ title }) => title),
    Array.from({ length: 1000 }, (_, i) => `task ${1000 - i}`),
  )
  return answers
}

/** Exactly the same fields; instants in RFC 3339 and UTC, with any number of fractional digits. */
function sameTask(actual, expected) {
  const comparable = (task, other) =>
    Object.fromEntries(
      Object.entries(task).map(([field, value]) => {
        if (!/(At|Date)$/.test(field) || value === null) return [field, value]
        if (value === INSTANT || other[field] === INSTANT) {
          if (value !== INSTANT) assert.match(value, RFC_3339_UTC, field)
          return [field, 'an instant']
        }
        assert.match(value, RFC_3339_UTC, field)
        return [field, Date.parse(value)]
      }),
    )
  assert.deepEqual(comparable(actual, expected), comparable(expected, actual))
}

async function signUp(client, lifetime = '1 hour') {
  const [id, token] = [randomUUID(), randomBytes(24).toString('base64url')]
  const hash = createHmac('sha256', SESSION_HASH_SECRET).update(token).digest('hex')
  await client.query('insert into users (id, name, email, "emailVerified") values ($1, $1, $1, true)', [id])
  await client.query(
    `insert into user_sessions (id, "userId", token, "expiresAt", "updatedAt")
     values (gen_random_uuid()::text, $1, $2, now() + $3::interval, now())`,
    [id, hash, lifetime],
  )
  return { id, token, hash }
}

async function asOwner(connectionString, work) {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function healthy(child, url) {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    assert.equal(child.exitCode, null, 'it ended before it served')
    const ok = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    assert.ok(Date.now() < deadline, `not healthy within ${START_TIMEOUT_MS} ms`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exit
  clearTimeout(kill)
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

function execute([program, ...args], cwd, env = {}) {
  return execFileSync(program, args, { cwd, env: { ...ENVIRONMENT, ...env }, stdio: ['ignore', 'ignore', 'inherit'] })
}

function isInstalled(name) {
  return ENVIRONMENT.PATH.split(delimiter).some((place) => existsSync(join(place, name)))
}
