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
 * The sampler of OTEL_TRACES_SAMPLER, with one difference: for untrusted callers it ignores the sampled flag and the trace id, with
 * which they could cause all of their requests, or none, to be recorded. Child spans follow their parent.
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
