import { AsyncLocalStorage } from 'node:async_hooks'
import {
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { Problem } from '../errors.ts'
import type { TracingConfig } from '../config/tracing-config.ts'
import type { Tracer } from '../observer.ts'
import { openExporter, type TracingLog } from './exporter.ts'
import { samplerOf, trusted } from './sampler.ts'

/** Disposing exports the remaining spans, with a timeout. */
export interface Tracing extends Tracer, AsyncDisposable {}

/** Timeout for exporting the remaining spans when the process stops; half of SHUTDOWN_TIMEOUT if that is less. */
const FLUSH_MAX_MS = 5_000

/** Does not use the API's globals, because tests have several services in one process. */
export async function startTracing(
  config: TracingConfig,
  shutdownTimeoutMs: number,
  log: TracingLog,
): Promise<Tracing> {
  let isOver = false
  const exporter = await openExporter(config, {
    info: (message) => void (isOver || log.info(message)),
    warn: (fields, message) => void (isOver || log.warn(fields, message)),
  })
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ ...config.resource, 'process.pid': process.pid })),
    sampler: samplerOf(config),
    // The queue is bounded: beyond 2048 waiting spans it drops new ones.
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('todo-backend')
  const propagator = new W3CTraceContextPropagator()
  const active = new AsyncLocalStorage<Context>()

  return {
    request({ name, attributes = {} }, { traceparent, tracestate }, isTrusted) {
      // An untrusted caller's tracestate is dropped as well.
      const carrier = isTrusted ? { traceparent, tracestate } : { traceparent }
      const caller = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)
      const parent = isTrusted ? trusted(caller) : caller
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
      const context = trace.setSpan(parent, span)
      const { traceId, spanId } = span.spanContext()
      return {
        ids: { trace_id: traceId, span_id: spanId },
        run: (work) => active.run(context, work),
        end(status) {
          if (status !== undefined) span.setAttribute('http.response.status_code', status)
          if (status === undefined || status >= 500) fail(span, status === undefined ? 'aborted' : String(status))
          span.end()
        },
      }
    },
    async within({ name, kind = 'internal', attributes = {} }, work) {
      const parent = active.getStore() ?? ROOT_CONTEXT
      // Spans that are not recorded cost no more than this.
      if (((trace.getSpanContext(parent)?.traceFlags ?? 0) & TraceFlags.SAMPLED) === 0) return work(ignore)
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, parent)
      try {
        return await active.run(trace.setSpan(parent, span), () => work((more) => void span.setAttributes(more)))
      } catch (error) {
        const type = errorType(error)
        if (error instanceof Problem && error.status < 500) span.setAttribute('error.type', type)
        else fail(span, type)
        throw error
      } finally {
        span.end()
      }
    },
    [Symbol.asyncDispose]: async () => {
      const leftMs = Math.min(FLUSH_MAX_MS, shutdownTimeoutMs / 2)
      const gaveUp = Promise.withResolvers<void>()
      const late = setTimeout(() => {
        log.warn({}, 'the last traces could not be sent before the end')
        isOver = true
        gaveUp.resolve()
      }, leftMs)
      // The exporter has logged the reason of a failure.
      await Promise.race([provider.shutdown().catch(ignore), gaveUp.promise])
      clearTimeout(late)
    },
  }
}

const KINDS = { client: SpanKind.CLIENT, internal: SpanKind.INTERNAL }

const ignore = (): void => undefined

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  // Not the message, because PostgreSQL's messages quote values.
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** The problem's code, the SQLSTATE, the socket's error code, or the name of the class. */
function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
