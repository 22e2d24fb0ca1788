import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Histogram, Registry } from 'prom-client'
import { RequestDurations } from './durations.ts'

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

suite('the histogram of requests', () => {
  test('has the same output as prom-client for the same observations', async () => {
    const [registry, reference] = [new Registry(), new Registry()]
    const durations = new RequestDurations(registry)
    const histogram = new Histogram({
      name: durations.name,
      help: durations.help,
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers: [reference],
    })
    for (const [method, route, status] of [
      ['GET', '/a', 200],
      ['GET', '/a', 404],
      ['POST', '/a', 'aborted'],
      ['GET', '/b', 200],
    ] as const) {
      for (const seconds of [0, 0.001, 0.0011, 0.3, 10, 10.5, 1e6]) {
        durations.observe(method, route, status, seconds)
        histogram.observe({ method, route, status: String(status) }, seconds)
      }
    }
    const lines = async (of: Registry): Promise<string[]> => (await of.metrics()).split('\n').sort()
    assert.deepEqual(await lines(registry), await lines(reference))
  })
})
