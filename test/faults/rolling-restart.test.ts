import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { needsServer, openTestDatabase } from '../databases.ts'
import { askAt, SERVICE_TOKEN } from '../world.ts'
import { freePort } from './postgres.ts'
import { Connection, REPLICA_ENV, startBalancer, startReplica, type Replica } from './replicas.ts'

const CLIENTS = 8

interface Load {
  readonly created: Set<string>
  readonly lost: string[]
}

/** Creates tasks one after another until it is aborted. */
async function load(port: number, userId: string, stopping: AbortSignal, seen: Load): Promise<void> {
  const client = new Connection(port, { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': userId })
  while (!stopping.aborted) {
    try {
      const { status, text } = await client.send('POST', '/api/tasks', {}, { title: 'under way' })
      if (status === 201) seen.created.add(JSON.parse(text).id)
      else seen.lost.push(`${status} ${text}`)
    } catch (error) {
      seen.lost.push(String(error))
    }
  }
  client.close()
}

suite('a rolling restart of two replicas behind a proxy', { skip: needsServer }, () => {
  test('loses no request and no acknowledged task', async (t) => {
    await using database = await openTestDatabase()
    const env = { ...database.env, ...REPLICA_ENV }
    const ports = [await freePort(), await freePort()]
    const replicas: Replica[] = []
    for (const port of ports) replicas.push(await startReplica(port, env))
    const balancer = await startBalancer(ports)
    try {
      const email = 'ada@example.com'
      const signedUp = await askAt(`http://127.0.0.1:${ports[0]}`, 'POST', '/api/auth/sign-up/email', {
        body: { name: 'Ada', email, password: 'correct horse' },
      })
      await balancer.allServe()

      const seen: Load = { created: new Set(), lost: [] }
      const stopping = new AbortController()
      const clients = Array.from({ length: CLIENTS }, () =>
        load(balancer.port, signedUp.json.user.id, stopping.signal, seen),
      )
      for (const [index, replica] of replicas.entries()) {
        const before = seen.created.size
        await replica.stop()
        replicas[index] = await startReplica(replica.port, env)
        await balancer.allServe()
        // The load continued meanwhile.
        assert.ok(seen.created.size > before)
      }
      stopping.abort()
      await Promise.all(clients)
      t.diagnostic(
        `behind ${balancer.name}: ${seen.created.size} tasks created by ${CLIENTS} clients during two restarts, ${seen.lost.length} requests lost`,
      )
      assert.deepEqual(seen.lost, [])

      const list = await askAt(`http://127.0.0.1:${balancer.port}`, 'GET', '/api/tasks?limit=1&count=true', {
        token: signedUp.json.token,
      })
      assert.equal(Number(list.headers.get('x-total-count')), seen.created.size)
    } finally {
      for (const replica of replicas) await replica.kill()
      balancer.close()
    }
  })
})
