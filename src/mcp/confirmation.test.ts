import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test, type TestContext } from 'node:test'
import { openWorld, type User, type World } from '../../test/world.ts'
import { callTool, failTool, newToken, rpc } from './client.testing.ts'

interface Sent {
  readonly token?: string
  readonly capabilities?: object
  readonly args?: object
}

const NOT_OF_THIS_CALL = 'Invalid params: requestState was not made for this call, was used, or has expired'
const FORMS = { elicitation: { form: {} } }

suite('a deletion of more than 25 tasks', () => {
  let world: World
  let ada: User
  let ids: string[]
  before(async () => {
    world = await openWorld()
  })
  after(() => world[Symbol.asyncDispose]())
  beforeEach(async () => {
    ada = await world.signUp()
    const operations = Array.from({ length: 26 }, () => ({ op: 'create', task: { title: 'a' } }))
    const { json } = await world.ask('POST', '/api/tasks/batch', { token: ada.token, body: { operations } })
    ids = json.results.map(({ task }: { task: { id: string } }) => task.id)
  })

  const remaining = async (): Promise<number> => (await callTool(world, ada.token, 'tags_and_stats')).total
  const send = async (more: object = {}, { token = ada.token, capabilities = FORMS, args = { ids } }: Sent = {}) =>
    (await rpc(world, token, 'tools/call', { name: 'delete_tasks', arguments: args, ...more }, { capabilities })).json
  const accepted = { confirm: { action: 'accept', content: { confirm: true } } }

  test('is done once the user has agreed, in a client that can ask', async () => {
    const { result } = await send()
    assert.equal(result.resultType, 'input_required')
    const { method, params } = result.inputRequests.confirm
    assert.deepEqual(
      [method, params.mode, params.message],
      ['elicitation/create', 'form', 'Delete 26 tasks? They stay in the trash for 30 days.'],
    )
    assert.deepEqual(params.requestedSchema.required, ['confirm'])
    assert.equal(await remaining(), 26)
    const done = await send({ inputResponses: accepted, requestState: result.requestState })
    assert.equal(done.result.structuredContent.count, 26)
    assert.equal(await remaining(), 0)
  })

  test('is not done if the user declines, or does not answer', async () => {
    const { requestState } = (await send()).result
    for (const confirm of [
      { action: 'decline' },
      { action: 'cancel' },
      { action: 'accept', content: { confirm: false } },
      { action: 'accept' },
      { action: 'accept', content: { confirm: 'true' } },
    ]) {
      const { result } = await send({ inputResponses: { confirm }, requestState })
      assert.match(result.content[0].text, /^The user declined: nothing was deleted/)
    }
    for (const more of [{ requestState }, { inputResponses: accepted }, { inputResponses: {}, requestState }]) {
      assert.equal((await send(more)).result.resultType, 'input_required')
    }
    // An argument of the model does not replace the answer of a user who can be asked.
    assert.equal(
      (await send({}, { args: { ids, confirm: await codeOf({ ids }) } })).result.resultType,
      'input_required',
    )
    assert.equal(await remaining(), 26)
  })

  test('is not done with the state of another question', async (context: TestContext) => {
    const { requestState } = (await send()).result
    const [expiry, signature] = requestState.split('.')
    const other = await newToken(world, ada.token, ['tasks:write'])
    const ben = await world.signUp('Ben')
    const attempts: readonly (readonly [string, Sent])[] = [
      [requestState, { args: { ids: [...ids.slice(1), crypto.randomUUID()] } }],
      [requestState, { args: { ids: [...ids, crypto.randomUUID()] } }],
      [requestState, { token: other }],
      [requestState, { token: ben.token }],
      [`${Number(expiry) + 1}.${signature}`, {}],
      [`${expiry}.${'A'.repeat(43)}`, {}],
      ['', {}],
    ]
    for (const [state, sending] of attempts) {
      const { error } = await send({ inputResponses: accepted, requestState: state }, sending)
      assert.deepEqual([error.code, error.message], [-32_602, NOT_OF_THIS_CALL])
    }
    const nowMs = Date.now()
    context.mock.timers.enable({ apis: ['Date'], now: nowMs + 11 * 60 * 1000 })
    const late = await send({ inputResponses: accepted, requestState })
    context.mock.timers.reset()
    assert.equal(late.error.code, -32_602)
    assert.equal(await remaining(), 26)
    // The order of the ids and their case do not matter.
    const args = { ids: ids.toReversed().map((id) => id.toUpperCase()) }
    const done = await send({ inputResponses: accepted, requestState }, { args })
    assert.equal(done.result.structuredContent.count, 26)
  })

  /** The code that a refusal gives to a model whose client cannot ask. */
  const codeOf = async (args: object, tool = 'delete_tasks', token = ada.token): Promise<string> => {
    const text = await failTool(world, token, tool, args)
    const [, code] =
      /^Nothing was deleted: these are 26 tasks.*with the same arguments and confirm ([0-9a-f]{12})\.$/.exec(text) ?? []
    assert.ok(code !== undefined, text)
    return code
  }
  const restore = async (): Promise<void> => {
    for (const each of [ids.slice(0, 20), ids.slice(20)])
      await callTool(world, ada.token, 'restore_tasks', { ids: each })
    assert.equal(await remaining(), 26)
  }

  test('is explained to a model whose client cannot ask, which then confirms with the code of the refusal', async () => {
    for (const [era, capabilities] of [
      ['2026-07-28', {}],
      ['2026-07-28', { elicitation: { url: {} } }],
      ['2025-11-25', FORMS],
    ] as const) {
      const text = await failTool(world, ada.token, 'delete_tasks', { ids }, { era, capabilities })
      assert.match(text, /^Nothing was deleted: these are 26 tasks/)
    }
    const other = await newToken(world, ada.token, ['tasks:read', 'tasks:write'])
    const wrong = [
      '26',
      '0'.repeat(12),
      'x',
      await codeOf({ ids }, 'delete_tasks', other),
      await codeOf({ ids: [...ids.slice(1), crypto.randomUUID()] }),
    ]
    for (const confirm of wrong) await codeOf({ ids, confirm })
    assert.match(await failTool(world, ada.token, 'delete_tasks', { ids, confirm: 26 }), /confirm must be a string/)
    assert.equal(await remaining(), 26)
    const confirm = await codeOf({ ids })
    assert.equal((await callTool(world, ada.token, 'delete_tasks', { ids, confirm })).count, 26)
  })

  test('is asked again after the tasks were restored: an answer counts once', async () => {
    const { requestState } = (await send()).result
    const again = { inputResponses: accepted, requestState }
    assert.equal((await send(again)).result.structuredContent.count, 26)
    await restore()
    const { error } = await send(again)
    assert.deepEqual([error.code, error.message], [-32_602, NOT_OF_THIS_CALL])
    const confirm = await codeOf({ ids })
    await callTool(world, ada.token, 'delete_tasks', { ids, confirm })
    await restore()
    await codeOf({ ids, confirm })
    assert.equal(await remaining(), 26)
    // A change of another task is none of what was asked.
    const next = (await send()).result.requestState
    await callTool(world, ada.token, 'add_tasks', { tasks: [{ title: 'b' }] })
    assert.equal((await send({ inputResponses: accepted, requestState: next })).result.structuredContent.count, 26)
  })

  test('by an undo, of one change or of a time, is asked for too', async () => {
    const { entries } = await callTool(world, ada.token, 'get_history')
    const [{ changeId }] = entries
    const since = new Date(Date.now() - 60_000).toISOString()
    const undo = async (args: object, more: object = {}) =>
      (await rpc(world, ada.token, 'tools/call', { name: 'undo', arguments: args, ...more }, { capabilities: FORMS }))
        .json.result
    for (const args of [{ changeId }, { since }]) {
      const { inputRequests, requestState } = await undo(args)
      assert.match(inputRequests.confirm.params.message, /^Undo changes, and by that delete 26 tasks\?/)
      const confirm = { action: 'decline' }
      const declined = await undo(args, { inputResponses: { confirm }, requestState })
      assert.match(declined.content[0].text, /^The user declined: nothing was deleted/)
      assert.equal((await callTool(world, ada.token, 'undo', { ...args, dryRun: true })).changeCount, 26)
      assert.equal(await remaining(), 26)
    }
    await failTool(world, ada.token, 'undo', { since, confirm: await codeOf({ ids }) })
    const headers = { 'idempotency-key': 'once' }
    const args = { since, confirm: await codeOf({ since }, 'undo') }
    const done = await callTool(world, ada.token, 'undo', args, { headers })
    assert.deepEqual([done.undone, done.changeCount, await remaining()], [true, 26, 0])
    assert.equal((await callTool(world, ada.token, 'find_tasks', { deleted: true })).tasks.length, 20)
    await restore()
    const { requestState } = await undo({
      changeId: (await callTool(world, ada.token, 'get_history')).entries[0].changeId,
    })
    assert.equal(requestState, undefined, 'an undo of 6 restored tasks asks nothing')
  })

  test('needs no answer as a dry run, nor for 25 tasks', async () => {
    assert.equal((await callTool(world, ada.token, 'delete_tasks', { ids, dryRun: true })).count, 26)
    assert.equal((await callTool(world, ada.token, 'delete_tasks', { ids: ids.slice(1) })).count, 25)
    assert.equal(await remaining(), 1)
  })
})
