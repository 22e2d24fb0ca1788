import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openTestDatabase, type TestDatabase } from '../databases.ts'
import { openFakeProvider, type FakeProvider } from '../fake-provider.ts'
import { startService, type Service } from '../service.ts'
import { GENERATORS } from './generators.ts'
import { build, execute, findMissing, Missing } from './workshop.ts'

/** What each program does, in this order. It prints the name of a step when the step has succeeded. */
const STEPS = [
  'sign up',
  'create with all fields',
  'list with two statuses, two tags and dates',
  'page by header',
  'patch a title, tags stay',
  'patch a description to null',
  'If-Match',
  'Idempotency-Key',
  'batch of four with one refusal',
  '404 as a typed error',
  '422 as a typed error',
  'stats',
  'tags',
  'provider key',
  '429 as a typed error',
]
const RUN_LIMIT_MS = 60_000

suite('a client generated from the document does what its user means:', () => {
  let database: TestDatabase
  let provider: FakeProvider
  let service: Service
  before(async () => {
    database = await openTestDatabase()
    provider = await openFakeProvider()
    const limits = { RATE_LIMIT_READ: '100', RATE_LIMIT_WRITE: '30' }
    service = await startService({ ...database.env, ...limits, GEMINI_BASE_URL: provider.url })
  })
  after(async () => {
    await service[Symbol.asyncDispose]()
    await provider[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  for (const generator of GENERATORS) {
    const missing = findMissing(generator)
    const skip = missing === undefined ? false : `this machine has no ${missing}`
    test(generator.name, { skip }, async (t) => {
      let directory: string
      try {
        directory = await build(generator)
      } catch (error) {
        if (!(error instanceof Missing)) throw error
        t.skip(error.message)
        return
      }
      const { status, output } = await execute(generator.run, directory, { TODO_URL: service.url }, RUN_LIMIT_MS)
      assert.equal(status, 0, output)
      assert.deepEqual(output.trim().split('\n'), STEPS)
    })
  }
})
