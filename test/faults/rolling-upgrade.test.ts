import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needsServer, openTestDatabase, withClient } from '../databases.ts'
import { askAt, SERVICE_TOKEN, type Answer } from '../world.ts'
import type { Balancer } from './balancer.ts'
import { isShort, until } from './measures.ts'
import { freePort } from './postgres.ts'
import { REPLICA_ENV, runProgram, startBalancer, startReplica, type Replica } from './replicas.ts'
import { work, type Acknowledged } from './upgrade-load.ts'
import { addMigration, earlierVersion, edit, needsHistory, nextVersion } from './versions.ts'

/** Clients by number of workers: fewer with many workers, which need the processors for their start. */
const CLIENTS = { 1: 6, 4: 3 }
const TIMEOUT_MS = 300_000

/**
 * A column, a table and a trigger that writes to it, on the table with the most changes: the earlier version writes through all of them
 * without knowing them.
 */
const EXPANDING = {
  up: `-- expand
alter table tasks add column reviewed_at timestamptz;

create table task_versions (
  user_id text not null references :"users_schema".:"users_table" (id) on delete cascade,
  task_id uuid not null,
  version int not null,
  primary key (user_id, task_id, version)
);
alter table task_versions enable row level security;
alter table task_versions force row level security;
create policy task_versions_of_the_user on task_versions for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
grant select, insert on task_versions to :"app_role";

create function todo_record_version() returns trigger language plpgsql as $$
begin
  insert into public.task_versions values (new.user_id, new.id, new.version);
  return null;
end $$;
create trigger tasks_record_version after insert or update on tasks for each row execute function todo_record_version();
`,
  down: `drop trigger tasks_record_version on tasks;
drop function todo_record_version();
drop table task_versions;
alter table tasks drop column reviewed_at;
`,
}

const CONTRACTING = {
  up: `-- contract
alter table tasks drop column reviewed_at;
`,
  down: `alter table tasks add column reviewed_at timestamptz;
`,
}

interface Setting extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  readonly replicas: Replica[]
  readonly balancer: Balancer
  readonly user: { readonly id: string; readonly token: string }
  /** Stops the replica and starts another version in its place, and waits until requests are sent to all. */
  replace(index: number, root: string): Promise<void>
  ask(
    index: number,
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<Answer>
}

/** Two replicas of the earlier version behind a proxy, on a database that it has migrated. Only the first has several workers. */
async function openSetting(earlier: string, workers: number): Promise<Setting> {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await openTestDatabase({ migrated: false }))
  const env = { ...database.env, ...REPLICA_ENV }
  await migrateUp(earlier, env)
  const ports = [await freePort(), await freePort()]
  const replicas: Replica[] = []
  opened.defer(async () => void (await Promise.all(replicas.map((replica) => replica.kill()))))
  const start = (index: number, port: number, root: string): Promise<Replica> =>
    startReplica(port, { ...env, WORKERS: index === 0 ? String(workers) : '1' }, root)
  for (const [index, port] of ports.entries()) replicas.push(await start(index, port, earlier))
  const balancer = await startBalancer(ports)
  opened.defer(() => balancer.close())
  await balancer.allServe()
  const ask: Setting['ask'] = (index, method, path, headers = {}, body) =>
    askAt(`http://127.0.0.1:${ports[index]}`, method, path, { headers, body })
  const credentials = { name: 'Ada', email: 'ada@example.com', password: 'correct horse' }
  const signedUp = await ask(0, 'POST', '/api/auth/sign-up/email', {}, credentials)
  assert.equal(signedUp.status, 200, signedUp.text)
  const closing = opened.move()
  return {
    env,
    replicas,
    balancer,
    user: { id: signedUp.json.user.id, token: signedUp.json.token },
    replace: async (index, root) => {
      const replica = replicas[index]
      assert.ok(replica !== undefined)
      await replica.stop()
      replicas[index] = await start(index, replica.port, root)
      await balancer.allServe()
    },
    ask,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function migrateUp(root: string, env: Readonly<Record<string, string>>): Promise<void> {
  const { status, output } = await runProgram(root, ['migrate', 'up'], env)
  assert.equal(status, 0, output)
}

const migrationsOf = (readiness: Answer): [number, string] => [readiness.status, readiness.json.checks.migrations]

/** Asserts that the database has exactly the acknowledged rows: each task once in its last version, and each change since the migration once. */
async function assertAllThere(url: string, { versions }: Acknowledged): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ id: string; version: number }>('select id, version from tasks order by id')
    const acknowledged = [...versions].map(([id, version]) => ({ id, version })).sort((a, b) => (a.id < b.id ? -1 : 1))
    assert.deepEqual(rows, acknowledged)
    const gaps = await client.query(
      `select task_id from task_versions join tasks on id = task_id group by task_id, tasks.version
       having max(task_versions.version) <> tasks.version or count(*) <> 1 + tasks.version - min(task_versions.version)`,
    )
    assert.deepEqual(gaps.rows, [])
  })
}

suite('a rolling upgrade with an expanding migration', { skip: needsServer || needsHistory }, () => {
  let earlier: string
  let next: string
  let expanding: string
  before(() => {
    earlier = earlierVersion()
    next = nextVersion()
    expanding = addMigration(next, 'task_versions', EXPANDING)
  })
  after(() => {
    for (const directory of [earlier, next]) rmSync(directory, { recursive: true, force: true })
  })

  for (const workers of [1, 4] as const) {
    const skip = isShort && workers > 1 && 'only in the long form: it takes more than a minute'
    const options = { skip, timeout: TIMEOUT_MS }
    test(`and back again loses no request and no change, with WORKERS=${workers}`, options, async (t) => {
      await using setting = await openSetting(earlier, workers)
      const { env, balancer, user, replicas } = setting
      const seen: Acknowledged = { versions: new Map(), replayed: new Set(), requests: 0, lost: [] }
      const stopping = new AbortController()
      const credentials = [
        { authorization: `Bearer ${user.token}` },
        { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': user.id },
      ]
      const clients = Array.from({ length: CLIENTS[workers] }, (_, n) =>
        work(balancer.port, `client ${n}`, credentials[n % 2] ?? {}, stopping.signal, seen),
      )
      /** Waits until further requests of the load are answered. */
      const loadContinues = (what: string): Promise<void> => {
        const target = seen.requests + 20 * CLIENTS[workers]
        return until(`the load continues ${what}`, () => seen.requests >= target || seen.lost.length > 0)
      }
      try {
        await loadContinues('before the upgrade')
        await migrateUp(next, env)
        for (const index of replicas.keys()) {
          assert.deepEqual(migrationsOf(await setting.ask(index, 'GET', '/health/ready')), [200, 'ahead'])
        }
        await loadContinues('on the newer schema')
        for (const root of [next, earlier]) {
          for (const index of replicas.keys()) {
            await setting.replace(index, root)
            const expected = root === next ? 'current' : 'ahead'
            assert.deepEqual(migrationsOf(await setting.ask(index, 'GET', '/health/ready')), [200, expected])
            await loadContinues(`after replica ${index} was replaced`)
          }
        }
      } finally {
        stopping.abort()
        await Promise.all(clients)
      }
      t.diagnostic(
        `behind ${balancer.name}: ${seen.requests} requests of ${CLIENTS[workers]} clients, ${seen.lost.length} lost; ${seen.versions.size} tasks, ${seen.replayed.size} keys replayed`,
      )
      assert.deepEqual(seen.lost.slice(0, 5), [])
      await assertAllThere(String(env['DATABASE_URL']), seen)
    })
  }

  test('an Idempotency-Key is valid across versions; one with a fingerprint of the newer version is 503 at the older', async () => {
    // A future version that identifies requests in another way, as with a changed `fingerprintsOf`.
    const newer = nextVersion()
    try {
      addMigration(newer, 'task_versions', EXPANDING)
      edit(
        join(newer, 'src/http/once.ts'),
        'fingerprints: fingerprintsOf(request),',
        `fingerprints: [...fingerprintsOf(request), sha256(['next', request.method, request.url, request.body])],`,
      )
      await using setting = await openSetting(earlier, 1)
      await migrateUp(newer, setting.env)
      await setting.replace(1, newer)
      const post = (index: number, key: string): Promise<Answer> => {
        const headers = { authorization: `Bearer ${setting.user.token}`, 'idempotency-key': key }
        return setting.ask(index, 'POST', '/api/tasks', headers, { title: key })
      }
      const [OLDER, NEWER] = [0, 1]
      const assertReplayed = (again: Answer, first: Answer): void => {
        assert.deepEqual(
          [again.status, again.headers.get('idempotency-replayed'), again.text],
          [201, 'true', first.text],
        )
      }

      const first = await post(OLDER, 'used at the older')
      assert.equal(first.status, 201, first.text)
      assertReplayed(await post(NEWER, 'used at the older'), first)

      const second = await post(NEWER, 'used at the newer')
      assert.equal(second.status, 201, second.text)
      const refused = await post(OLDER, 'used at the newer')
      assert.deepEqual([refused.status, refused.json.code], [503, 'unavailable'])
      assert.match(refused.json.detail, /^This Idempotency-Key was used with a newer version of the service/)
      assert.equal(refused.headers.get('retry-after'), '1')
      assertReplayed(await post(NEWER, 'used at the newer'), second)

      const list = await setting.ask(NEWER, 'GET', '/api/tasks', { authorization: `Bearer ${setting.user.token}` })
      assert.equal(list.json.length, 2)
    } finally {
      rmSync(newer, { recursive: true, force: true })
    }
  })

  test('after a contracting migration the earlier version is not ready and does not start', async () => {
    const contracted = nextVersion()
    try {
      addMigration(contracted, 'task_versions', EXPANDING)
      const contracting = addMigration(contracted, 'without_reviews', CONTRACTING)
      await using setting = await openSetting(earlier, 1)
      await migrateUp(contracted, setting.env)

      for (const index of setting.replicas.keys()) {
        assert.deepEqual(migrationsOf(await setting.ask(index, 'GET', '/health/ready')), [503, 'newer'])
      }
      const { status, output } = await runProgram(earlier, [], { ...setting.env, PORT: '0' })
      assert.equal(status, 1)
      assert.match(output, new RegExp(`the database has migration ${contracting}, which .* what this version needs`))
      assert.doesNotMatch(output, new RegExp(expanding))
    } finally {
      rmSync(contracted, { recursive: true, force: true })
    }
  })
})
