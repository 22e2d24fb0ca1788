import type { Metric, Registry } from 'prom-client'

/** Bucket limits in seconds. Most requests take less than 10 ms; only those that wait for another server take more than 1.6 s. */
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Series {
  /** One count for each bucket and one for longer requests; not cumulative. */
  readonly counts: number[]
  sum: number
}

/**
 * The histogram of all requests. prom-client's histogram hashes the labels at each observation, which costs a microsecond per request.
 * This one finds its series in maps, and is converted to prom-client's form when metrics are collected.
 */
export class RequestDurations {
  readonly name = 'http_request_duration_seconds'
  readonly help =
    'Requests, from the request line to the last byte of the answer, or to the first byte of an event stream. `status` is `aborted` if the client disconnected before that, `method` is `other` unless it is one of the usual seven. Requests refused because of overload, and input that is not HTTP, count with 0 seconds.'
  readonly type = 'histogram'
  readonly labelNames = ['method', 'route', 'status']
  readonly aggregator = 'sum'
  readonly #series = new Map<string, Map<string, Map<string | number, Series>>>()

  constructor(registry: Registry) {
    // A registry only uses the name and `get` of a metric, but its type accepts prom-client's own classes only.
    registry.registerMetric(this as unknown as Metric)
  }

  observe(method: string, route: string, status: string | number, seconds: number): void {
    const byMethod = entry(this.#series, route, newMap<string, Map<string | number, Series>>)
    const series = entry(entry(byMethod, method, newMap<string | number, Series>), status, newSeries)
    let bucket = 0
    while (bucket < BUCKETS_S.length && seconds > (BUCKETS_S[bucket] ?? 0)) bucket++
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
    series.sum += seconds
  }

  get(): object {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: [...this.#values()] }
  }

  *#values(): Generator<object> {
    for (const [route, byMethod] of this.#series) {
      for (const [method, byStatus] of byMethod) {
        for (const [status, { counts, sum }] of byStatus) {
          const labels = { method, route, status: String(status) }
          let count = 0
          for (const [bucket, within] of counts.entries()) {
            count += within
            const le = BUCKETS_S[bucket] ?? '+Inf'
            yield { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: count }
          }
          yield { metricName: `${this.name}_sum`, labels, value: sum }
          yield { metricName: `${this.name}_count`, labels, value: count }
        }
      }
    }
  }
}

const newMap = <K, V>(): Map<K, V> => new Map()
const newSeries = (): Series => ({ counts: BUCKETS_S.map(() => 0).concat(0), sum: 0 })

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
