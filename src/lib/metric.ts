import type { Metric, Registry } from 'prom-client'

/**
 * The metric of this name, made by the first call: a process may make the routes and the jobs that count in it more than once.
 *
 * @param make registers it under the name. A name always has the same maker
 */
export function metricOnce<Kind extends Metric>(registry: Registry, name: string, make: (name: string) => Kind): Kind {
  // The name has one maker, so the metric is of its type.
  return (registry.getSingleMetric(name) as Kind | undefined) ?? make(name)
}
