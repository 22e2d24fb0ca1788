import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { Writable } from 'node:stream'
import { suite, test } from 'node:test'
import { openLog } from '../log.ts'
import { gatherMetrics } from './workers.ts'

interface Sent {
  readonly type: string
  readonly id: number
  readonly gathered?: { readonly answering: number; readonly silent: number }
}

suite('metrics of several workers', () => {
  test('that cannot be aggregated crash neither the supervisor nor the answer of the others', async () => {
    let logged = ''
    const log = openLog('error', new Writable({ write: (line, _, done) => ((logged += String(line)), done()) }))
    const living = { isConnected: () => true, isDead: () => false }
    const asker = Promise.withResolvers<Sent>()
    const asking = { ...living, id: 1, send: (message: Sent) => asker.resolve(message) }
    const closed = {
      ...living,
      id: 2,
      send: () => {
        throw new Error('Channel closed')
      },
    }
    // A worker never sends this: a counter without values.
    const wrong = {
      ...living,
      id: 3,
      send: ({ id }: Sent) =>
        cluster.emit('message', wrong, { type: 'metrics:sent', id, snapshot: [{ name: 'x', type: 'counter' }] }),
    }
    const { workers = {} } = cluster
    Object.assign(workers, { 2: closed, 3: wrong })
    try {
      gatherMetrics(log)
      for (const each of [closed, wrong]) cluster.emit('listening', each)
      cluster.emit('message', asking, { type: 'metrics:gather', id: 7 })
      const { id, gathered } = await asker.promise
      assert.deepEqual([id, gathered?.answering, gathered?.silent], [7, 1, 1])
      cluster.emit('exit', wrong)
      await new Promise((resolve) => setImmediate(resolve))
      assert.match(logged, /metrics could not be aggregated/)
    } finally {
      for (const id of [2, 3]) delete workers[id]
      for (const event of ['listening', 'message', 'exit']) cluster.removeAllListeners(event)
    }
  })
})
