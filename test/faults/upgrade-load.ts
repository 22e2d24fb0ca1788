import assert from 'node:assert/strict'
import { Connection, type Reply } from './replicas.ts'

/** What the clients of a load were answered. */
export interface Acknowledged {
  /** The last version of each task, by its id. */
  readonly versions: Map<string, number>
  readonly replayed: Set<string>
  requests: number
  /** Requests that failed or had a wrong answer. A reset connection is a failure. */
  readonly lost: string[]
}

interface Created {
  readonly id: string
  readonly key: string
  readonly body: { readonly title: string }
}

/**
 * One client, which works until it is aborted: it creates a task under an `Idempotency-Key`, changes it with `If-Match`, reads it,
 * lists, and sends its first creation and its last one again.
 */
export async function work(
  port: number,
  name: string,
  headers: Readonly<Record<string, string>>,
  stopping: AbortSignal,
  seen: Acknowledged,
): Promise<void> {
  const client = new Connection(port, headers)
  let first: Created | undefined
  for (let round = 0; !stopping.aborted; round += 1) {
    try {
      const created = await create(client, `${name}-${round}`, seen)
      first ??= created
      await change(client, created, seen)
      await repeat(client, first, seen)
      await repeat(client, created, seen)
      const list = await send(client, seen, 'GET', '/api/tasks?limit=20')
      assert.equal(list.status, 200, list.text)
      assert.ok(list.text.includes('"title"'))
    } catch (error) {
      seen.lost.push(`${name}, round ${round}: ${String(error)}`)
    }
  }
  client.close()
}

async function send(
  client: Connection,
  seen: Acknowledged,
  ...of: Parameters<Connection['send']> | [string, string]
): Promise<Reply> {
  seen.requests += 1
  const [method, path, headers = {}, body] = of
  return await client.send(method, path, headers, body)
}

async function create(client: Connection, key: string, seen: Acknowledged): Promise<Created> {
  const body = { title: key }
  const { status, text } = await send(client, seen, 'POST', '/api/tasks', { 'idempotency-key': key }, body)
  assert.equal(status, 201, text)
  const { id } = JSON.parse(text) as { id: string } // a task
  seen.versions.set(id, 1)
  return { id, key, body }
}

/**
 * Two changes, each of the version before, and what a read then shows: all that the change was answered. It may show more, since a
 * migration that is applied between the two gives tasks new members.
 */
async function change(client: Connection, { id, key }: Created, seen: Acknowledged): Promise<void> {
  for (const version of [1, 2]) {
    const title = `${key} changed ${version}`
    const { status, text } = await send(
      client,
      seen,
      'PATCH',
      `/api/tasks/${id}`,
      { 'if-match': `"${version}"` },
      { title },
    )
    assert.equal(status, 200, text)
    seen.versions.set(id, version + 1)
    const read = await send(client, seen, 'GET', `/api/tasks/${id}`)
    assert.equal(read.status, 200, read.text)
    const changed = JSON.parse(text) as object
    assert.deepEqual({ ...JSON.parse(read.text), ...changed }, JSON.parse(read.text))
  }
}

async function repeat(client: Connection, { id, key, body }: Created, seen: Acknowledged): Promise<void> {
  const { status, text, headers } = await send(client, seen, 'POST', '/api/tasks', { 'idempotency-key': key }, body)
  assert.deepEqual([status, headers['idempotency-replayed']], [201, 'true'], text)
  const task = JSON.parse(text) as { id: string; version: number } // a task
  assert.deepEqual([task.id, task.version], [id, 1])
  seen.replayed.add(key)
}
