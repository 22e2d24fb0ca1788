import type { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { openTestDatabase } from '../databases.ts'
import { FEATURE_CASES } from '../feature-cases.ts'
import { startService, type Service } from '../service.ts'
import { Budget } from './budget.ts'
import { GENERATORS } from './generators.ts'
import { build, findMissing, lockCache, runProgram, Skipped } from './workshop.ts'

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
  'batch of five with one refusal',
  'changes since the batch, page by page',
  '404 as a typed error',
  '422 as a typed error',
  'stats',
  'tags',
  'provider key',
  '429 as a typed error',
]

suite('a client generated from the document does what its user means:', () => {
  const budget = new Budget(process.env['CLIENTS_BUDGET_MINUTES'])
  const opened = new AsyncDisposableStack()
  let lock: DatabaseSync
  let service: Service
  before(async () => {
    lock = lockCache(budget.leftMs)
    opened.defer(() => lock.close())
    const database = opened.use(await openTestDatabase())
    const others = await Promise.all(FEATURE_CASES.flatMap(({ open }) => open?.() ?? []))
    for (const each of others) opened.use(each)
    const limits = { RATE_LIMIT_READ: '100', RATE_LIMIT_WRITE: '30' }
    const env = Object.assign({ ...database.env, ...limits }, ...others.map((each) => each.env))
    service = opened.use(await startService(env))
  })
  after(() => opened.disposeAsync())

  for (const generator of GENERATORS) {
    const missing = findMissing(generator)
    const skip = missing === undefined ? false : `this machine has no ${missing}`
    test(generator.name, { skip }, async (t) => {
      try {
        await budget.spend(generator.name, async () => {
          const directory = await build(generator, budget)
          await runProgram(generator, directory, service.url, STEPS)
        })
      } catch (error) {
        if (!(error instanceof Skipped)) throw error
        t.skip(error.message)
      }
    })
  }
})
