import { type EnvReader, httpUrl } from '../lib/env-reader.ts'
import { Secret } from '../lib/secret.ts'
import type { VariableTable } from '../lib/variable.ts'

/** OpenTelemetry's own names. The one for traces takes precedence over the one for all signals. */
export const TRACING_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    does: 'A collector for [traces](operations/metrics.md#traces), which accepts OTLP over HTTP, such as `http://127.0.0.1:4318`. Tracing is off unless one of these three is set.',
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    does: 'The same, as the complete URL.',
  },
  OTEL_TRACES_EXPORTER: {
    does: '`otlp`, which uses `http://localhost:4318` if neither endpoint is set, or `none`.',
  },
  OTEL_SDK_DISABLED: {
    default: 'false',
    does: '`true` switches tracing off.',
  },
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: {
    otherNames: ['OTEL_EXPORTER_OTLP_PROTOCOL'],
    default: 'http/protobuf',
    does: 'Or `http/json`.',
  },
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: {
    otherNames: ['OTEL_EXPORTER_OTLP_HEADERS'],
    does: 'Headers for the collector: `name=value,name=value`, percent-encoded.',
  },
  OTEL_SERVICE_NAME: {
    default: 'todo-backend',
    does: 'Name of the service in traces.',
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    does: 'Further attributes of the service: `name=value,name=value`.',
  },
  OTEL_TRACES_SAMPLER: {
    default: 'parentbased_always_on',
    does: 'Which traces are recorded: `always_on`, `always_off`, `traceidratio`, or one of these with the prefix `parentbased_`, which honours the sampling flag of services.',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    default: '1',
    does: 'The fraction that `traceidratio` records, 0 to 1.',
  },
} as const satisfies VariableTable

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

export interface TracingConfig {
  /** The OTLP/HTTP endpoint, including its path. */
  readonly url: string
  readonly protocol: 'http/protobuf' | 'http/json'
  /** Secret because they hold tokens. */
  readonly headers: Readonly<Record<string, Secret>>
  /** Attributes of this service, its name among them. */
  readonly resource: Readonly<Record<string, string>>
  readonly sampler: (typeof SAMPLERS)[number]
  /** The ratio of recorded traces that begin here, for samplers that use one. */
  readonly ratio: number
}

type Reader = Pick<EnvReader<keyof typeof TRACING_VARIABLES>, 'choice' | 'flag' | 'has' | 'list' | 'value'>

/** Undefined unless an exporter or an endpoint is configured; then no part of OpenTelemetry is loaded. */
export function readTracing(reader: Reader): TracingConfig | undefined {
  const disabled = reader.flag('OTEL_SDK_DISABLED', false)
  const endpoint = reader.value('OTEL_EXPORTER_OTLP_ENDPOINT', undefined, httpUrl)
  const tracesEndpoint = reader.value('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', undefined, httpUrl)
  const isWanted = endpoint !== undefined || tracesEndpoint !== undefined
  const exporter = reader.choice('OTEL_TRACES_EXPORTER', isWanted ? 'otlp' : 'none', ['otlp', 'none'])
  const resource = Object.fromEntries(reader.list('OTEL_RESOURCE_ATTRIBUTES', [], pair))
  const config: TracingConfig = {
    url: tracesEndpoint ?? `${endpoint ?? 'http://localhost:4318'}/v1/traces`,
    protocol: reader.choice('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf', ['http/protobuf', 'http/json']),
    headers: Object.fromEntries(
      reader.list('OTEL_EXPORTER_OTLP_TRACES_HEADERS', [], (entry) => {
        const [name, value] = pair(entry)
        if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new Error('has a name that is not a valid header name')
        return [name.toLowerCase(), new Secret(printable(value))] as const
      }),
    ),
    resource: {
      ...resource,
      'service.name': reader.value('OTEL_SERVICE_NAME', resource['service.name'] ?? 'todo-backend', printable),
    },
    sampler: reader.choice('OTEL_TRACES_SAMPLER', 'parentbased_always_on', SAMPLERS),
    ratio: reader.value('OTEL_TRACES_SAMPLER_ARG', 1, (text) => {
      if (!/^(?:0|1|0?\.\d+|[01]\.0*)$/.test(text)) throw new Error('must be a number from 0 to 1')
      return Number(text)
    }),
  }
  return disabled || exporter === 'none' ? undefined : config
}

/** OpenTelemetry's format: `name=value`, percent-encoded. */
function pair(entry: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(entry) ?? []
  if (name === '') throw new Error('must be of the form name=value')
  try {
    return [name.trim(), decodeURIComponent(value.trim())]
  } catch {
    throw new Error('is not valid percent-encoding')
  }
}

function printable(text: string): string {
  if (/[^\x20-\x7e]/.test(text) || text.length > 4096)
    throw new Error('must be at most 4096 printable ASCII characters')
  return text
}
