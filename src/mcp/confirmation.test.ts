import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test, type TestContext } from 'node:test'
import { openWorld, type User, type World } from '../../test/world.ts'
import { callTool, failTool, newToken, rpc } from './client.testing.ts'

interface Sent {
  readonly token?: string
  readonly capabilities?: object
  readonly args?: object
}

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
    assert.equal((await send({}, { args: { ids, confirm: 26 } })).result.resultType, 'input_required')
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
      assert.deepEqual(
        [error.code, error.message],
        [-32_602, 'Invalid params: requestState was not made for this call, or has expired'],
      )
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

  test('is explained to a model whose client cannot ask, which then confirms the number', async () => {
    for (const [era, capabilities] of [
      ['2026-07-28', {}],
      ['2026-07-28', { elicitation: { url: {} } }],
      ['2025-11-25', FORMS],
    ] as const) {
      const sending = { era, capabilities }
      for (const args of [{ ids }, { ids, confirm: 25 }]) {
        const text = await failTool(world, ada.token, 'delete_tasks', args, sending)
        assert.match(text, /^Nothing was deleted: these are 26 tasks.*again with the same ids and confirm 26\.$/)
      }
    }
    assert.equal(await remaining(), 26)
    assert.equal((await callTool(world, ada.token, 'delete_tasks', { ids, confirm: 26 })).count, 26)
  })

  test('needs no answer as a dry run, nor for 25 tasks', async () => {
    assert.equal((await callTool(world, ada.token, 'delete_tasks', { ids, dryRun: true })).count, 26)
    assert.equal((await callTool(world, ada.token, 'delete_tasks', { ids: ids.slice(1) })).count, 25)
    assert.equal(await remaining(), 1)
  })
})
