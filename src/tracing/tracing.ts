import type { Config } from '../config/config.ts'
import type { TracingLog } from './exporter.ts'
import type { Tracing } from './spans.ts'

/** Undefined if tracing is off; then OpenTelemetry's SDK is not loaded. */
export async function openTracing({ tracing, http }: Config, log: TracingLog): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined
  const { startTracing } = await import('./spans.ts')
  return startTracing(tracing, http.shutdownTimeoutMs, log)
}
