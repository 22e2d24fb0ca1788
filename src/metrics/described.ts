import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { App } from '../http/app.ts'
import { openGauges } from './gauges.ts'
import { workersGauge } from './workers.ts'

/** A metric as docs/operations/metrics.md shows it. */
export interface DescribedMetric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
}

export interface DescribedMetrics {
  /** By name. */
  readonly own: readonly DescribedMetric[]
  /** Names of those that prom-client gives of the process and of Node. Some exist on Linux only. */
  readonly ofNode: readonly string[]
}

/**
 * All metrics of the service, without reading one.
 *
 * @param registry has those of this process, after the routes of all features were made
 */
export function describeMetrics(app: App, registry: Registry): DescribedMetrics {
  const defaults = new Registry()
  collectDefaultMetrics({ register: defaults })
  const ofNode = new Set(defaults.getMetricsAsArray().map(({ name }) => name))
  defaults.clear()
  // Gauges use their dependencies only when they are read.
  const unused = {} as never
  const gauges = openGauges(app, { db: unused, redis: unused, jobs: unused })
  const own = [...registry.getMetricsAsArray(), ...gauges.getMetricsAsArray(), workersGauge()]
    .map((metric) => described(metric))
    .filter(({ name }) => !ofNode.has(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return { own, ofNode: [...ofNode] }
}

function described(metric: object): DescribedMetric {
  // Every class of metrics has these members, of which the types of prom-client show none.
  const { name, help, labelNames = [] } = metric as { name: string; help: string; labelNames?: readonly string[] }
  const type = metric instanceof Counter ? 'counter' : metric instanceof Gauge ? 'gauge' : 'histogram'
  return { name, type, labels: labelNames, help }
}
