import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request as send, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ERAS, FOLDER, installPrograms, load, preparePython, run, type Ended, type Era } from './agent-programs.ts'
import { openWorld, type Answer, type User, type World } from './world.ts'

/** The tools for agents with the official client, conformance suite and inspector of the protocol, and in tokens of a model. */

interface ClientModule {
  readonly Client: new (info: object, options: object) => Client
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => object
}

interface Client {
  connect(transport: object): Promise<void>
  close(): Promise<void>
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>
  callTool(call: { readonly name: string; readonly arguments: object }): Promise<Answer['json']>
  setRequestHandler(method: string, handler: (request: Answer['json']) => Promise<object>): void
  getServerVersion(): { readonly name: string } | undefined
}

interface Tokenizer {
  encode(this: void, text: string): readonly number[]
}

before(installPrograms)

let world: World
let ada: User
before(async () => {
  world = await openWorld()
  ada = await world.signUp()
})
after(() => world[Symbol.asyncDispose]())

async function connect(token: string, era: Era, questions: string[] = []): Promise<Client> {
  const { Client, StreamableHTTPClientTransport } = await load<ClientModule>(
    '@modelcontextprotocol/client/dist/index.mjs',
  )
  const client = new Client(
    { name: 'test', version: '1' },
    {
      capabilities: { elicitation: { form: {} } },
      versionNegotiation: era === '2026-07-28' ? { mode: { pin: era } } : { mode: 'legacy' },
    },
  )
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    questions.push(params.message)
    return { action: 'accept', content: { confirm: true } }
  })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { requestInit }))
  return client
}

const newToken = async (scopes: readonly string[]): Promise<string> =>
  (await world.ask('POST', '/api/tokens', { token: ada.token, body: { name: 'Agent', scopes } })).json.token

suite('the official client', () => {
  for (const era of ERAS) {
    test(`of ${era} plans a week, moves what is overdue to Monday, and undoes it`, async () => {
      ada = await world.signUp()
      const questions: string[] = []
      const client = await connect(await newToken(['tasks:read', 'tasks:write']), era, questions)
      assert.equal(client.getServerVersion()?.name, 'todo-backend')
      // The client checks the result against the output schema of the tool.
      const call = async (name: string, args: object = {}): Promise<Answer['json']> => {
        const { content, structuredContent, isError } = await client.callTool({ name, arguments: args })
        assert.ok(isError !== true, JSON.stringify(content))
        assert.deepEqual(JSON.parse(content[0].text), structuredContent)
        return structuredContent
      }
      const { tools } = await client.listTools()
      assert.equal(tools.length, 12)

      const { now } = await call('whoami', { timezone: 'Europe/Berlin' })
      assert.match(now, /^[A-Z]+DAY .* Europe\/Berlin$/)
      const plan = ['2030-06-03', '2030-06-04', '2030-06-05'].map((day) => ({ title: `For ${day}`, dueDate: day }))
      const planned = await call('add_tasks', { tasks: plan })
      assert.deepEqual(
        planned.tasks.map((each: Answer['json']) => each.dueDateWeekday),
        ['MONDAY', 'TUESDAY', 'WEDNESDAY'],
      )
      const late = [
        { title: 'Late', dueDate: '2020-01-02T09:00:00Z' },
        { title: 'Later', dueDate: '2020-01-03' },
      ]
      await call('add_tasks', { tasks: late })
      const overdue = await call('find_tasks', { due: 'overdue', sort: ['dueDate'] })
      const ids = overdue.tasks.map(({ id }: { id: string }) => id)
      assert.deepEqual(
        overdue.tasks.map(({ title }: { title: string }) => title),
        ['Late', 'Later'],
      )
      const dry = await call('reschedule_tasks', { ids, dueDate: '2030-06-03', dryRun: true })
      assert.deepEqual([dry.count, dry.tasks[0].dueDateWeekday], [2, 'MONDAY'])
      const { changeId } = await call('reschedule_tasks', { ids, dueDate: '2030-06-03' })
      assert.equal((await call('find_tasks', { due: 'overdue' })).tasks.length, 0)
      const { entries } = await call('get_history', { limit: 1 })
      assert.deepEqual([entries[0].changeId, entries[0].actor], [changeId, 'token:Agent'])
      assert.equal((await call('undo', { changeId })).undone, true)
      assert.equal((await call('find_tasks', { due: 'overdue' })).tasks.length, 2)

      const many: string[] = []
      for (const title of ['a', 'b']) {
        const added = await call('add_tasks', { tasks: Array.from({ length: 15 }, () => ({ title })) })
        many.push(...added.tasks.map(({ id }: { id: string }) => id))
      }
      // A client of the older era cannot be asked: the model gets a code instead.
      const refused = await client.callTool({
        name: 'delete_tasks',
        arguments: { ids: many, dryRun: era === '2026-07-28' },
      })
      const [, confirm] = /and confirm ([0-9a-f]{12})\.$/.exec(refused.content[0].text) ?? []
      assert.equal(confirm !== undefined, era === '2025-11-25')
      const args = { ids: many, confirm }
      assert.equal((await call('delete_tasks', args)).count, 30)
      assert.deepEqual(questions, era === '2026-07-28' ? ['Delete 30 tasks? They stay in the trash for 30 days.'] : [])
      const failed = await client.callTool({ name: 'find_tasks', arguments: { status: ['DONE'] } })
      assert.equal(failed.isError, true)
      await client.close()
    })

    test(`of ${era} reports a credential that is refused, and a scope that is missing`, async () => {
      await assert.rejects(connect('todo_pat_x', era), /401|Unauthorized|auth/i)
      const reader = await connect(await newToken(['tasks:read']), era)
      assert.ok((await reader.listTools()).tools.every(({ name }) => name !== 'add_tasks'))
      const call = { name: 'add_tasks', arguments: { tasks: [{ title: 'x' }] } }
      await assert.rejects(reader.callTool(call), /scope|403/i)
      await reader.close()
    })
  }
})

suite('the official Python client', () => {
  test('uses the tools in both eras', async (context) => {
    const python = await preparePython()
    if (python instanceof Error) return context.skip(python.message)
    ada = await world.signUp()
    const token = await newToken(['tasks:read', 'tasks:write'])
    const { status, said } = await run(python, ['client.py'], { TODO_URL: world.url, TODO_TOKEN: token })
    assert.equal(status, 0, said)
    assert.equal(said.trim(), 'auto 2026-07-28\nlegacy 2025-11-25')
  })
})

const between = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, n) => String.fromCodePoint(first + n))

/** Characters of texts that take many tokens. */
const NASTY = {
  'Chinese characters': between(0x4e_00, 0x9f_ff),
  'Korean syllables': between(0xac_00, 0xd7_a3),
  emoji: between(0x1_f3_00, 0x1_fa_ff),
  'rare characters': between(0x2_00_00, 0x2_08_ff),
  'letters without spaces': between(0x61, 0x7a),
  'letters and digits of both cases': [...between(0x30, 0x39), ...between(0x41, 0x5a), ...between(0x61, 0x7a)],
  'punctuation and quotes': between(0x21, 0x2f).filter((each) => each !== ','),
}

suite('in tokens of o200k', () => {
  const DEFINITIONS_MAX = 4_000
  const RESULT_MAX = 2_000
  let tokens: (value: unknown) => number
  before(async () => {
    const { encode } = await load<Tokenizer>('gpt-tokenizer/esm/encoding/o200k_base.js')
    tokens = (value) => encode(typeof value === 'string' ? value : JSON.stringify(value)).length
  })
  const result = async (name: string, args: object = {}): Promise<Answer['json']> => {
    const params = { name, arguments: args }
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
    return (await world.ask('POST', '/mcp', { token: ada.token, body })).json.result
  }

  test(`the definitions of all tools take at most ${DEFINITIONS_MAX}`, async (context) => {
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    const { tools } = (await world.ask('POST', '/mcp', { token: ada.token, body })).json.result
    const count = tokens(tools)
    context.diagnostic(`${count} for ${tools.length} tools`)
    assert.ok(count <= DEFINITIONS_MAX, `${count}`)
  })

  test(`the default results take at most ${RESULT_MAX}`, async (context) => {
    ada = await world.signUp()
    for (let batch = 0; batch < 3; batch++) {
      const tasks = Array.from({ length: 15 }, (_, n) => ({
        title: `Prepare the slides for the quarterly meeting of team ${n}`,
        description: 'The numbers are in the shared folder. '.repeat(20),
        priority: 'HIGH',
        dueDate: `2030-06-${String(n + 10)}T09:30:00Z`,
        tags: ['work', `team-${batch}-${n}`],
      }))
      const added = await result('add_tasks', { tasks })
      assert.ok(tokens(added.content[0].text) <= RESULT_MAX)
    }
    const { tasks } = (await result('find_tasks')).structuredContent
    await result('delete_tasks', { ids: tasks.slice(10).map(({ id }: { id: string }) => id) })
    for (const [name, args] of [
      ['find_tasks', {}],
      ['find_tasks', { deleted: true }],
      ['get_task', { id: tasks[0].id }],
      ['get_history', {}],
      ['tags_and_stats', {}],
      ['whoami', {}],
    ] as const) {
      const { content, structuredContent } = await result(name, args)
      const count = tokens(content[0].text)
      context.diagnostic(`${name} ${JSON.stringify(args)}: ${count}`)
      assert.ok(structuredContent !== undefined && count <= RESULT_MAX, `${name}: ${count}`)
    }
  })

  for (const [what, characters] of Object.entries(NASTY)) {
    test(`the default results take at most ${RESULT_MAX} with tasks full of ${what}`, async (context) => {
      ada = await world.signUp()
      // Always the same, so that a failure can be repeated.
      let seed = 1
      const text = (length: number): string => {
        let made = ''
        while (made.length < length - 1) {
          seed = (seed * 48_271) % 2_147_483_647
          made += characters[seed % characters.length]
        }
        return made
      }
      let most = 0
      const measured = async (name: string, args: object = {}): Promise<Answer['json']> => {
        const { content, structuredContent, isError } = await result(name, args)
        assert.equal(isError, false, content[0].text)
        const count = tokens(content[0].text)
        assert.ok(count <= RESULT_MAX, `${name} ${JSON.stringify(args).slice(0, 80)}: ${count}`)
        most = Math.max(most, count)
        return structuredContent
      }
      const tasks = Array.from({ length: 20 }, () => ({
        title: text(200),
        description: text(10_000),
        dueDate: '2030-06-12T09:30:00Z',
        tags: Array.from({ length: 10 }, () => text(50)),
      }))
      const added = await measured('add_tasks', { tasks })
      const ids: string[] = added.tasks.map(({ id }: { id: string }) => id)
      assert.equal(ids.length, 20)
      for (let n = 0; n < 3; n++) {
        await measured('update_tasks', { tasks: ids.map((id) => ({ id, title: text(200), description: text(5_000) })) })
      }
      for (const args of [{}, { sort: ['title'] }, { fields: ['title', 'description', 'tags'] }]) {
        const found: string[] = []
        for (let cursor: string | undefined; ;) {
          const page = await measured('find_tasks', { ...args, cursor })
          found.push(...page.tasks.map(({ id }: { id: string }) => id))
          if ((cursor = page.nextCursor) === undefined) break
        }
        assert.deepEqual(found.toSorted(), ids.toSorted())
      }
      const { task } = await measured('get_task', { id: ids[0] })
      assert.ok(task.cut.includes('description') && task.description.endsWith('…'))
      const whole = (await result('get_task', { id: ids[0], whole: true })).structuredContent.task
      assert.ok(whole.cut === undefined && whole.description.startsWith(task.description.slice(0, -1)))
      let entries = 0
      for (let cursor: string | undefined; ;) {
        const page = await measured('get_history', { cursor })
        entries += page.entries.length
        if ((cursor = page.nextCursor) === undefined) break
      }
      assert.equal(entries, 4)
      await measured('tags_and_stats')
      const { changeId } = await measured('complete_tasks', { ids })
      await measured('undo', { changeId })
      await measured('delete_tasks', { ids })
      await measured('delete_tasks', { ids: ids.map(() => crypto.randomUUID()) })
      await measured('find_tasks', { deleted: true })
      await measured('restore_tasks', { ids })
      context.diagnostic(`${most} at most`)
    })
  }
})

/** Adds the credential, which the conformance suite cannot send. */
async function openProxy(token: string): Promise<Server> {
  const proxy = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${token}` }
    const forwarded = send(`${world.url}${incoming.url}`, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  await once(proxy.listen(0, 'localhost'), 'listening')
  return proxy
}

suite('the conformance suite', () => {
  for (const era of ERAS) {
    test(`of ${era} finds nothing but what test/agents/expected-failures-${era}.yaml explains`, async (context) => {
      const proxy = await openProxy(ada.token)
      const output = mkdtempSync(join(tmpdir(), 'todo-conformance-'))
      // A server listens on an address, and not on a path.
      const { port } = proxy.address() as AddressInfo
      const { status, said } = await run(process.execPath, [
        'node_modules/@modelcontextprotocol/conformance/dist/index.js',
        'server',
        `--url=http://localhost:${port}/mcp`,
        era === '2026-07-28' ? `--requirements=${era}` : `--spec-version=${era}`,
        `--expected-failures=expected-failures-${era}.yaml`,
        `--output-dir=${output}`,
      ])
      proxy.close()
      proxy.closeAllConnections()
      rmSync(output, { recursive: true, force: true })
      context.diagnostic(/Total:.*/.exec(said)?.[0] ?? '')
      assert.equal(status, 0, said)
    })
  }
})

suite('the inspector', () => {
  let home: string
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'todo-inspector-'))
  })
  after(() => rmSync(home, { recursive: true, force: true }))

  const inspect = (era: string, args: readonly string[]): Promise<Ended> =>
    run(
      process.execPath,
      [
        'node_modules/.bin/mcp-inspector',
        '--cli',
        `${world.url}/mcp`,
        '--transport=http',
        `--protocol-era=${era}`,
        `--header=Authorization: Bearer ${ada.token}`,
        ...args,
      ],
      { HOME: home },
    )

  for (const era of ['modern', 'legacy']) {
    test(`of the ${era} era lists the tools, finds no fault in their schemas, and calls them`, async () => {
      const [listed, called, failed] = await Promise.all([
        inspect(era, ['--method', 'tools/list', '--strict']),
        inspect(era, ['--method', 'tools/call', '--tool-name', 'find_tasks', '--tool-arg', 'limit=1']),
        inspect(era, ['--method', 'tools/call', '--tool-name', 'get_task', '--tool-arg', 'id=x']),
      ])
      assert.equal(listed.status, 0, listed.said)
      assert.match(listed.said, /"name": "whoami"/)
      assert.equal(called.status, 0, called.said)
      assert.match(called.said, /structuredContent/)
      // 5: the result is an error of the tool.
      assert.equal(failed.status, 5, failed.said)
      assert.match(failed.said, /id must be a UUID/)
    })
  }
})

suite('the lock file of test/agents', () => {
  test('records no addresses of a registry', () => {
    assert.doesNotMatch(readFileSync(join(FOLDER, 'package-lock.json'), 'utf8'), /"resolved"/)
  })
})
