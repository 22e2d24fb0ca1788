import assert from 'node:assert/strict'
import { until } from '../../test/faults/measures.ts'
import type { Answer, User, World } from '../../test/world.ts'
import { openReceiver, type Receiver } from './receiver.testing.ts'

export const ALL_EVENTS = ['task.created', 'task.updated', 'task.completed', 'task.deleted', 'task.reminder']

/** A user with a webhook and its receiver. */
export interface Hooked extends AsyncDisposable {
  readonly user: User
  readonly receiver: Receiver
  readonly id: string
  readonly path: string
  readonly secret: string
  ask(method: string, path: string, body?: unknown): Promise<Answer>
  /** The deliveries, the oldest first. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a delivery of another shape fails the test
  deliveries(): Promise<any[]>
  /** Milliseconds until the next attempt, once it is planned. */
  waitMs(): Promise<number>
  /** Makes what waits due, as if the time had passed. */
  pass(): Promise<void>
}

/** @param of the user and the receiver; new ones if not given */
export async function hooked(
  world: World,
  of: { readonly user?: User; readonly receiver?: Receiver; readonly events?: readonly string[] } = {},
): Promise<Hooked> {
  const { events = ALL_EVENTS, user = await world.signUp(), receiver = await openReceiver() } = of
  const ask: Hooked['ask'] = (method, path, body) =>
    world.ask(method, path, { token: user.token, ...(body !== undefined && { body }) })
  const { status, json, text } = await ask('POST', '/api/webhooks', { url: receiver.url, events })
  assert.equal(status, 201, text)
  const { id, secret } = json
  const path = `/api/webhooks/${id}`
  const waiting = (): Promise<number | undefined> =>
    world.asOwner(async (client) => {
      const { rows } = await client.query<{ ms: number }>(
        `select extract(epoch from run_at - now())::float8 * 1000 as ms from jobs
         where key = $1 and lease is null and run_at > now()`,
        [id],
      )
      return rows[0]?.ms
    })
  return {
    user,
    receiver,
    id,
    path,
    secret,
    ask,
    deliveries: async () => (await ask('GET', `${path}/deliveries`)).json.toReversed(),
    waitMs: async () => {
      let ms: number | undefined
      await until('the next attempt is planned', async () => (ms = await waiting()) !== undefined)
      return ms ?? 0
    },
    pass: async () => {
      await world.asOwner((client) => client.query('update jobs set run_at = now() where key = $1', [id]))
      world.deps.jobs.wake()
    },
    [Symbol.asyncDispose]: async () => {
      await ask('DELETE', path)
      await receiver[Symbol.asyncDispose]()
    },
  }
}
