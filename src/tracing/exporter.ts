import { ExportResultCode } from '@opentelemetry/core'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { TracingConfig } from '../config/tracing-config.ts'

export interface TracingLog {
  info(message: string): void
  warn(fields: object, message: string): void
}

/** Timeout of one batch, including retries; shorter than the time for the last batch. */
const TIMEOUT_MS = 4_000

/** OTLP over HTTP. Losing the collector and its return are logged once each; requests never wait for it. */
export async function openExporter(config: TracingConfig, log: TracingLog): Promise<SpanExporter> {
  const otlp = await otlpExporter(config)
  let isAway = false
  return {
    export(spans, done) {
      otlp.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS
        if (failed && !isAway) {
          log.warn({ reason: reasonOf(result.error) }, 'traces cannot be sent; they are dropped until they can be')
        }
        if (!failed && isAway) log.info('traces are sent again')
        isAway = failed
        done(result)
      })
    },
    shutdown: () => otlp.shutdown(),
  }
}

async function otlpExporter({ url, protocol, headers }: TracingConfig): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter({
    url,
    timeoutMillis: TIMEOUT_MS,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()])),
  })
}

/** The error code of a socket or the status of an answer; never a body or a URL. */
const reasonOf = (error: Error | undefined): string | number =>
  error !== undefined && 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
    ? error.code
    : 'unknown'
