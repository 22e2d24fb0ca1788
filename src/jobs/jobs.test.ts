import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, afterEach, before, suite, test, type TestContext } from 'node:test'
import { Registry } from 'prom-client'
import { configOf, needsServer, openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { until } from '../../test/faults/measures.ts'
import { startService } from '../../test/service.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import { jobKinds } from '../jobs.ts'
import type { Mail } from '../mail/mail.ts'
import { jobPrincipal } from '../principal.ts'
import type { JobOutcome } from '../observer.ts'
import type { JobKind } from './kind.ts'
import { CLAIM, claim, NEXT, openQueue, STATE, type JobRequest, type Queue } from './queue.ts'
import { backOffMs } from './run.ts'
import { openRunner, type Runner, type RunnerOptions } from './runner.ts'

let served: ServedDatabase
let ada: TestUser
let queue: Queue

before(async () => {
  served = await openServedDatabase()
  ada = await served.addUser()
  queue = openQueue(served.db)
})
after(() => served[Symbol.asyncDispose]())
afterEach(async () => void (await asOwner('truncate jobs')))

/** None of its jobs is periodic. */
const NO_MAIL: Mail = { isAvailable: false, enqueue: async () => undefined, jobs: () => [] }

const asOwner = async (text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> =>
  served.asOwner(async (client) => (await client.query<Record<string, unknown>>(text, [...values])).rows)

const add = (job: JobRequest): Promise<void> => served.db.asSystem('test', (sql) => queue.enqueue(sql, job))
const addFor = (user: TestUser, job: JobRequest): Promise<void> =>
  served.db.asUser(user.principal, (sql) => queue.enqueue(sql, job))

interface Ended {
  readonly name: string
  readonly outcome: JobOutcome
}

/** A runner, the results of its jobs, and a promise of the next result. */
function run(t: TestContext, kinds: readonly JobKind[], options: Partial<RunnerOptions> = {}) {
  const ends: Ended[] = []
  let next = Promise.withResolvers<undefined>()
  const silent = { debug: () => undefined, warn: () => undefined, error: () => undefined }
  const observer = {
    jobEnded: (name: string, outcome: JobOutcome) => {
      ends.push({ name, outcome })
      next.resolve(undefined)
    },
  }
  const runner: Runner = openRunner(served.db, queue, kinds, { log: silent, observer, pollMs: 50, ...options })
  // The runner's timers do not keep the process alive, so something else must.
  const alive = setInterval(() => undefined, 1000)
  t.after(async () => {
    clearInterval(alive)
    await runner[Symbol.asyncDispose]()
  })
  const ended = async (count: number): Promise<readonly Ended[]> => {
    while (ends.length < count) {
      await next.promise
      next = Promise.withResolvers()
    }
    return ends
  }
  return { runner, ended }
}

suite('a job', () => {
  test('is executed once, oldest first, and its row is deleted', async (t) => {
    const seen: unknown[] = []
    for (const [n, delayMs] of [
      [2, -1000],
      [1, -2000],
      [3, 0],
    ] as const) {
      await add({ name: 'note', reference: { n }, delayMs })
    }
    const note: JobKind = { name: 'note', run: async ({ reference }) => void seen.push(reference['n']) }
    const { ended } = run(t, [note], { concurrency: 1 })
    assert.deepEqual(
      await ended(3),
      Array.from({ length: 3 }, () => ({ name: 'note', outcome: 'ok' })),
    )
    assert.deepEqual(seen, [1, 2, 3])
    assert.deepEqual(await asOwner('select 1 from jobs'), [])
  })

  test('exists only after the commit of the transaction that added it', async (t) => {
    const failing = served.db.asUser(ada.principal, async (sql) => {
      await queue.enqueue(sql, { name: 'note', reference: { n: 1 } })
      throw new Problem('not_found', 'no')
    })
    await assert.rejects(failing, Problem)
    assert.deepEqual(await asOwner('select 1 from jobs'), [])
    const seen: unknown[] = []
    // The runner does not poll here, so the wake-up after the commit must suffice.
    const { ended } = run(t, [{ name: 'note', run: async ({ reference }) => void seen.push(reference['n']) }], {
      pollMs: 0,
    })
    await addFor(ada, { name: 'note', reference: { n: 2 } })
    queue.wake()
    await ended(1)
    assert.deepEqual(seen, [2])
  })

  test('that is due later runs when it is due, without a poll', async (t) => {
    await add({ name: 'later', delayMs: 200 })
    const { ended } = run(t, [{ name: 'later', run: async () => undefined }], { pollMs: 0 })
    assert.deepEqual(await ended(1), [{ name: 'later', outcome: 'ok' }])
  })

  test('with a key is added once while it waits', async () => {
    for (let time = 0; time < 3; time++) {
      await add({ name: 'keyed', key: 'k' })
      await addFor(ada, { name: 'keyed', key: 'k' })
    }
    await add({ name: 'keyed', key: 'other' })
    assert.deepEqual(await asOwner('select key from jobs order by key'), [{ key: 'k' }, { key: 'other' }])
  })

  test('that fails is retried after a pause, and is dead after its last attempt', async (t) => {
    await add({ name: 'fails' })
    const attempts: number[] = []
    const fails: JobKind = {
      name: 'fails',
      attemptsMax: 3,
      retryInMs: () => 1,
      run: async (job) => {
        attempts.push(job.attempts)
        throw new Problem('unavailable', 'a secret of a user')
      },
    }
    const { ended } = run(t, [fails])
    assert.deepEqual(
      (await ended(3)).map(({ outcome }) => outcome),
      ['failed', 'failed', 'dead'],
    )
    assert.deepEqual(attempts, [1, 2, 3])
    const rows = await asOwner('select dead_at is not null as dead, last_error, lease from jobs')
    assert.deepEqual(rows, [{ dead: true, last_error: 'Problem unavailable', lease: null }])
    assert.equal((await queue.state()).dead, 1)
  })

  test('that exceeds its timeout has its signal aborted and counts as failed', async (t) => {
    await add({ name: 'slow' })
    const slow: JobKind = {
      name: 'slow',
      timeoutMs: 20,
      run: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    }
    const { ended } = run(t, [slow])
    assert.deepEqual(await ended(1), [{ name: 'slow', outcome: 'failed' }])
  })

  test('whose lease was lost is settled only by the new holder of the lease', async (t) => {
    await add({ name: 'lost' })
    const lost: JobKind = {
      name: 'lost',
      run: async ({ id, signal }) => {
        await asOwner('update jobs set lease = gen_random_uuid() where id = $1', [id])
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
    }
    const { ended } = run(t, [lost], { leaseMs: 300 })
    assert.deepEqual(await ended(1), [{ name: 'lost', outcome: 'lost' }])
    assert.equal((await asOwner('select 1 from jobs')).length, 1)
  })

  test('with a name that this version does not know is left for the version that does', async (t) => {
    await add({ name: 'of-tomorrow', delayMs: -1000 })
    await add({ name: 'known' })
    const { ended } = run(t, [{ name: 'known', run: async () => undefined }])
    await ended(1)
    assert.deepEqual(await asOwner('select name, attempts from jobs'), [{ name: 'of-tomorrow', attempts: 0 }])
  })

  test('that runs longer than its lease renews the lease, so that it runs once', async (t) => {
    // A process that is stopped for two thirds of a lease loses it, which is as it should be. So it is not shorter.
    const leaseMs = 3_000
    await add({ name: 'long' })
    let runs = 0
    const finish = Promise.withResolvers<undefined>()
    const long: JobKind = {
      name: 'long',
      run: async () => {
        runs += 1
        await finish.promise
      },
    }
    const first = run(t, [long], { leaseMs })
    const second = run(t, [long], { leaseMs })
    await until('it runs', () => runs > 0)
    // By the clock of the database, and later than the lease that it began with.
    const [over] = await asOwner(`select now() + $1 * interval '1 millisecond' as at`, [leaseMs])
    await until(
      'its first lease is over',
      async () => (await asOwner('select where now() > $1', [over?.['at']])).length > 0,
    )
    finish.resolve(undefined)
    await Promise.race([first.ended(1), second.ended(1)])
    assert.equal(runs, 1)
  })
})

suite('a job that has more to do', () => {
  test('runs again when it says so, as often as it says so, without an attempt counted', async (t) => {
    await add({ name: 'steps' })
    const attempts: number[] = []
    const steps: JobKind = {
      name: 'steps',
      run: async (job) => {
        attempts.push(job.attempts)
        return attempts.length < 3 ? { againInMs: 1 } : undefined
      },
    }
    const { ended } = run(t, [steps], { pollMs: 0 })
    assert.deepEqual(
      (await ended(3)).map(({ outcome }) => outcome),
      ['ok', 'ok', 'ok'],
    )
    assert.deepEqual(attempts, [1, 1, 1])
    assert.deepEqual(await asOwner('select 1 from jobs'), [])
  })

  const ring = (key: string) =>
    served.db.asSystem('test', (sql) => queue.ring(sql, [{ name: 'rung', userId: ada.id, reference: {}, key }]))

  test('because it was asked for while it ran, runs again', async (t) => {
    let runs = 0
    const rung: JobKind = {
      name: 'rung',
      run: async () => {
        if (++runs > 1) return
        await ring('k')
        await ring('k')
      },
    }
    await ring('k')
    const { ended } = run(t, [rung], { pollMs: 0 })
    await ended(2)
    assert.equal(runs, 2)
    assert.deepEqual(await asOwner('select 1 from jobs'), [])
  })

  test('and waits for it, does not run earlier because it is asked for again', async () => {
    await ring('k')
    await asOwner(`update jobs set run_at = now() + interval '1 hour'`)
    await ring('k')
    assert.deepEqual(await asOwner(`select runs_again, run_at > now() + interval '59 minutes' as waits from jobs`), [
      { runs_again: false, waits: true },
    ])
  })
})

suite('a kind with a concurrency of its own', () => {
  test('takes no place of other kinds, and has no more jobs at the same time than it says', async (t) => {
    const release = Promise.withResolvers<undefined>()
    let slow = 0
    const kinds: JobKind[] = [
      {
        name: 'slow',
        concurrency: 2,
        run: async () => {
          slow++
          await release.promise
        },
      },
      { name: 'quick', run: async () => undefined },
    ]
    for (let n = 0; n < 4; n++) await add({ name: 'slow', delayMs: -1000 })
    for (let n = 0; n < 3; n++) await add({ name: 'quick' })
    const { ended } = run(t, kinds, { concurrency: 1 })
    assert.deepEqual(
      (await ended(3)).map(({ name }) => name),
      ['quick', 'quick', 'quick'],
    )
    await until('two of them run', () => slow === 2)
    release.resolve(undefined)
    await ended(7)
    assert.equal(slow, 4)
  })
})

suite('a job for a user', () => {
  test('enters only the scope of that user, and only while it has its lease', async (t) => {
    await addFor(ada, { name: 'mine' })
    const scope = Promise.withResolvers<unknown[]>()
    const mine: JobKind = {
      name: 'mine',
      run: async ({ principal }) => {
        assert(principal?.kind === 'job')
        const userIdOf = (of: typeof principal) => served.db.asUser(of, async (sql) => sql.userId)
        const [id = ''] = principal.proof
        const forged = jobPrincipal('mine', id, crypto.randomUUID())
        scope.resolve([await userIdOf(principal), await userIdOf(forged).catch((error: unknown) => error), principal])
      },
    }
    const { ended } = run(t, [mine])
    await ended(1)
    const [userId, refused, principal] = await scope.promise
    assert.equal(userId, ada.id)
    assert(refused instanceof Problem && refused.code === 'not_found')
    const late = served.db.asUser(principal as typeof ada.principal, async () => assert.fail('it ended'))
    await assert.rejects(late, { code: 'not_found' })
  })

  test('is deleted with the user', async () => {
    const ben = await served.addUser()
    await addFor(ben, { name: 'mine' })
    await asOwner('delete from users where id = $1', [ben.id])
    assert.deepEqual(await asOwner('select 1 from jobs'), [])
  })
})

suite('the serving role', () => {
  const refused = (text: string, values: readonly unknown[] = []): Promise<void> =>
    assert.rejects(
      served.db.asUser(ada.principal, (sql) => sql.rows({ name: '', text }, values)),
      { code: '42501' },
    )

  test('adds jobs only for the user of its scope, and can neither read nor change jobs', async () => {
    const ben = await served.addUser()
    await add({ name: 'theirs' })
    await refused(`insert into jobs (name, for_user) values ('mine', $1)`, [ben.id])
    await refused(`insert into jobs (name, for_user) values ('mine', null)`)
    await refused('select * from jobs')
    await refused(`update jobs set run_at = now()`)
    await refused('delete from jobs')
    await refused(`insert into jobs (name, for_user, attempts) values ('mine', $1, 3)`, [ada.id])
    assert.deepEqual(await asOwner('select name from jobs'), [{ name: 'theirs' }])
  })
})

suite('periodic work', () => {
  test('has one row with any number of processes, and runs repeatedly, also after a failure', async (t) => {
    let runs = 0
    const tick: JobKind = {
      name: 'tick',
      everyMs: 20,
      attemptsMax: 1,
      run: async () => {
        if ((runs += 1) === 2) throw new Error('once')
      },
    }
    const runners = [run(t, [tick]), run(t, [tick]), run(t, [tick])]
    const until = Promise.withResolvers<undefined>()
    const timer = setInterval(() => runs >= 6 && until.resolve(undefined), 5)
    await until.promise
    clearInterval(timer)
    for (const { runner } of runners) await runner[Symbol.asyncDispose]()
    assert.deepEqual(await asOwner('select name, key, dead_at from jobs'), [
      { name: 'tick', key: 'periodic', dead_at: null },
    ])
  })
})

suite('stopping', () => {
  test('waits for a running job, and begins no other', async () => {
    const begun = Promise.withResolvers<undefined>()
    const finish = Promise.withResolvers<undefined>()
    for (let n = 0; n < 3; n++) await add({ name: 'work' })
    const outcomes: JobOutcome[] = []
    const work: JobKind = {
      name: 'work',
      run: async () => {
        begun.resolve(undefined)
        await finish.promise
      },
    }
    const runner = openRunner(served.db, queue, [work], { ...QUIET, concurrency: 1, observer: seeing(outcomes) })
    const alive = setInterval(() => undefined, 1000)
    await begun.promise
    const stopped = runner[Symbol.asyncDispose]()
    finish.resolve(undefined)
    await stopped
    clearInterval(alive)
    assert.deepEqual(outcomes, ['ok'])
    assert.equal((await asOwner('select 1 from jobs where attempts = 0')).length, 2)
  })

  test('lets a job of many steps end after the one that it has begun', async () => {
    const begun = Promise.withResolvers<undefined>()
    await add({ name: 'steps' })
    const outcomes: JobOutcome[] = []
    const steps: JobKind = {
      name: 'steps',
      run: async ({ stopping }) => {
        begun.resolve(undefined)
        await new Promise((resolve) => stopping.addEventListener('abort', resolve))
        return { againInMs: 0 }
      },
    }
    const closed: string[] = []
    const source = { [Symbol.asyncDispose]: async () => void closed.push('source') }
    const runner = openRunner(served.db, queue, [{ ...steps, open: () => source }], {
      ...QUIET,
      observer: seeing(outcomes),
    })
    const alive = setInterval(() => undefined, 1000)
    await begun.promise
    await runner[Symbol.asyncDispose]()
    clearInterval(alive)
    assert.deepEqual([outcomes, closed], [['ok'], ['source']])
    assert.deepEqual(await asOwner('select attempts, lease, run_at <= now() as due from jobs'), [
      { attempts: 0, lease: null, due: true },
    ])
  })

  test('aborts a job at the deadline and makes it due at once, without counting the attempt', async () => {
    const begun = Promise.withResolvers<undefined>()
    await add({ name: 'long' })
    const outcomes: JobOutcome[] = []
    const long: JobKind = {
      name: 'long',
      run: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')))
          begun.resolve(undefined)
        }),
    }
    const options = { ...QUIET, drainMs: 1, observer: seeing(outcomes) }
    const runner = openRunner(served.db, queue, [long], options)
    const alive = setInterval(() => undefined, 1000)
    await begun.promise
    await runner[Symbol.asyncDispose]()
    clearInterval(alive)
    assert.deepEqual(outcomes, ['released'])
    const rows = await asOwner('select attempts, lease, run_at <= now() as due from jobs')
    assert.deepEqual(rows, [{ attempts: 0, lease: null, due: true }])
  })

  test('does not wait for a job that ignores its signal, whose lease then expires', async () => {
    const begun = Promise.withResolvers<undefined>()
    const finish = Promise.withResolvers<undefined>()
    await add({ name: 'deaf' })
    const outcomes: JobOutcome[] = []
    const deaf: JobKind = {
      name: 'deaf',
      run: () => {
        begun.resolve(undefined)
        return finish.promise.then(() => undefined)
      },
    }
    const options = { ...QUIET, drainMs: 1, observer: seeing(outcomes) }
    const runner = openRunner(served.db, queue, [deaf], options)
    const alive = setInterval(() => undefined, 1000)
    await begun.promise
    await runner[Symbol.asyncDispose]()
    clearInterval(alive)
    finish.resolve(undefined)
    assert.deepEqual(outcomes, ['lost'])
    assert.deepEqual(await asOwner('select run_at > now() as leased from jobs'), [{ leased: true }])
  })
})

const QUIET = { log: { debug: () => undefined, warn: () => undefined, error: () => undefined }, pollMs: 50 }
const seeing = (outcomes: JobOutcome[]): RunnerOptions['observer'] => ({
  jobEnded: (_name, outcome) => void outcomes.push(outcome),
})

test('the pause before an attempt doubles up to an hour, and half of it is random', () => {
  assert.deepEqual(
    [1, 2, 3, 20].map((attempts) => [backOffMs(attempts, () => 0), backOffMs(attempts, () => 1)]),
    [
      [2_500, 5_000],
      [5_000, 10_000],
      [10_000, 20_000],
      [1_800_000, 3_600_000],
    ],
  )
})

suite('several processes', { skip: needsServer }, () => {
  test('claim every job once: 2000 claims by 8 at the same time', async () => {
    await asOwner(`insert into jobs (name) select 'many' from generate_series(1, 2000)`)
    const claimed: string[] = []
    const claimAll = async (): Promise<void> => {
      for (;;) {
        const { jobs } = await claim(served.db, ['many'], { jobsMax: 7, leaseMs: 60_000 })
        if (jobs.length === 0) return
        claimed.push(...jobs.map(({ id }) => id))
      }
    }
    await Promise.all(Array.from({ length: 8 }, claimAll))
    assert.deepEqual([claimed.length, new Set(claimed).size], [2000, 2000])
  })

  test('a job whose process is killed is executed by another process after its lease has expired, and not before', async (t) => {
    await add({ name: 'survivor' })
    const child = spawn(process.execPath, ['-e', HOLDER], {
      env: { PATH: process.env['PATH'], ENV_OF_TEST: JSON.stringify(served.env) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    assert.equal(line, 'running')
    child.kill('SIGKILL')
    const attempts: number[] = []
    const [row] = await asOwner('select run_at from jobs')
    const survivor: JobKind = { name: 'survivor', run: async (job) => void attempts.push(job.attempts) }
    const { ended } = run(t, [survivor])
    await ended(1)
    assert.deepEqual(attempts, [2])
    const [{ after } = { after: null }] = await asOwner('select clock_timestamp() >= $1 as after', [row?.['run_at']])
    assert.equal(after, true)
  })

  test('of the service have each periodic job once', async () => {
    const start = () => startService({ ...served.env, JOBS_POLL_SECONDS: '1' })
    await using _services = stackOf(await Promise.all([start(), start()]))
    const names = async () => (await asOwner('select name from jobs order by name')).map(({ name }) => name)
    const kinds = await jobKinds({
      config: configOf(served.env),
      db: served.db,
      jobs: queue,
      mail: NO_MAIL,
      metrics: { registry: new Registry() },
      log: QUIET.log,
    })
    const periodic = kinds.filter(({ everyMs }) => everyMs !== undefined).map(({ name }) => name)
    await until('all are there', async () => (await names()).length === periodic.length)
    assert.deepEqual(await names(), periodic.sort())
    const [row] = await asOwner(
      `update jobs set run_at = now() where name = 'purge-idempotency-keys' returning extract(epoch from run_at) as since`,
    )
    const done = () =>
      asOwner(
        `select 1 from jobs where name = 'purge-idempotency-keys' and lease is null
         and run_at > to_timestamp($1) + interval '50 minutes' and attempts = 0`,
        [row?.['since']],
      )
    await until('the job has run', async () => (await done()).length === 1)
  })

  test('a job that kills its process each time is dead after its last attempt', async (t) => {
    await add({ name: 'poison' })
    await asOwner('update jobs set attempts = 10')
    const { ended } = run(t, [{ name: 'poison', run: async () => assert.fail('it ran') }])
    assert.deepEqual(await ended(1), [{ name: 'poison', outcome: 'dead' }])
    assert.deepEqual(await asOwner('select last_error from jobs'), [{ last_error: 'Unfinished' }])
  })

  test('among 100 000 jobs the claim, the next due time and the state of the queue read indexes', async () => {
    await served.asOwner(async (client) => {
      await client.query(
        `insert into jobs (name, run_at, dead_at)
         select 'many', now() + i * interval '1 s', case when i % 1000 = 0 then now() end from generate_series(-50000, 50000) i`,
      )
      await client.query('analyze jobs')
    })
    const plans = await served.db.asSystem('test', async (sql) => {
      const explain = async ({ text }: Statement, ...values: unknown[]) =>
        JSON.stringify(await sql.rows({ name: '', text: `explain (analyze, format json) ${text}` }, values))
      return [await explain(CLAIM, ['many'], 4, 60_000), await explain(NEXT, ['many']), await explain(STATE)]
    })
    for (const plan of plans) {
      assert.match(plan, /"Index Name":"jobs_due"/)
      assert.doesNotMatch(plan, /Seq Scan|"Sort"/)
    }
  })
})

function stackOf(resources: readonly AsyncDisposable[]): AsyncDisposableStack {
  const stack = new AsyncDisposableStack()
  for (const each of resources) stack.use(each)
  return stack
}

/** A process that claims the job and holds it until it is killed. */
const HOLDER = `
  import { configOf } from ${JSON.stringify(import.meta.resolve('../../test/databases.ts'))}
  import { openDatabase } from ${JSON.stringify(import.meta.resolve('../db/database.ts'))}
  import { openQueue } from ${JSON.stringify(import.meta.resolve('./queue.ts'))}
  import { openRunner } from ${JSON.stringify(import.meta.resolve('./runner.ts'))}
  const silent = { info() {}, debug() {}, warn() {}, error() {} }
  const db = await openDatabase(configOf(JSON.parse(process.env.ENV_OF_TEST)), silent, { migrate: false })
  const run = () => { process.stdout.write('running\\n'); return new Promise(() => {}) }
  openRunner(db, openQueue(db), [{ name: 'survivor', run }], { log: silent, observer: { jobEnded() {} }, pollMs: 50, leaseMs: 1500 })
  setInterval(() => {}, 1000)
`
