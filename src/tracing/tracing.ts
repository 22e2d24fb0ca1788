import type { Config } from '../config/config.ts'
import type { TracingLog } from './exporter.ts'
import type { Tracing } from './spans.ts'

/** Undefined where nothing is traced; then none of OpenTelemetry's SDK is loaded. */
export async function openTracing({ tracing, http }: Config, log: TracingLog): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined
  const { startTracing } = await import('./spans.ts')
  return startTracing(tracing, http.shutdownTimeoutMs, log)
}
