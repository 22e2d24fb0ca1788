import { createContextKey, trace, type Context } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import type { TracingConfig } from '../config/tracing-config.ts'

const TRUSTED = createContextKey('the caller may decide what is recorded')

export const trusted = (caller: Context): Context => caller.setValue(TRUSTED, true)

/**
 * The sampler of OTEL_TRACES_SAMPLER, with one difference: of callers that nobody trusts neither the flag counts nor the trace
 * id, by which they could have everything recorded, or nothing. What begins within a span goes by that span.
 */
export function samplerOf({ sampler, ratio }: Pick<TracingConfig, 'sampler' | 'ratio'>): Sampler {
  const root = rootOf(sampler, ratio)
  const byParent = sampler.startsWith('parentbased_')
    ? new ParentBasedSampler({ root })
    : new ParentBasedSampler({ root, remoteParentSampled: root, remoteParentNotSampled: root })
  const ids = new RandomIdGenerator()
  return {
    shouldSample(context, traceId, ...rest) {
      const isStranger = trace.getSpanContext(context)?.isRemote === true && context.getValue(TRUSTED) !== true
      return isStranger
        ? byParent.shouldSample(trace.deleteSpan(context), ids.generateTraceId(), ...rest)
        : byParent.shouldSample(context, traceId, ...rest)
    },
    toString: () => byParent.toString(),
  }
}

function rootOf(sampler: TracingConfig['sampler'], ratio: number): Sampler {
  if (sampler.endsWith('always_on')) return new AlwaysOnSampler()
  if (sampler.endsWith('always_off')) return new AlwaysOffSampler()
  return new TraceIdRatioBasedSampler(ratio)
}
