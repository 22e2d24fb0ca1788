import type { Config } from '../config.ts'
import type { Tracer } from '../observer.ts'

export interface TracingLog {
  info(message: string): void
  warn(fields: object, message: string): void
}

export interface Tracing extends Tracer, AsyncDisposable {}

/** Undefined where nothing is traced; nothing of OpenTelemetry's SDK is loaded then. Disposing sends what is left, for a while. */
export async function openTracing({ tracing, http }: Config, log: TracingLog): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined
  const { startTracing } = await import('./spans.ts')
  return startTracing(tracing, http.shutdownTimeoutMs, log)
}
