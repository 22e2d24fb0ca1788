import cluster from 'node:cluster'
import { pino, stdSerializers, type Logger } from 'pino'
import type { Config } from './config.ts'

/** What a log line must never hold, whoever writes it. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["x-service-auth"]',
  'headers.authorization',
  'headers.cookie',
  'headers["x-service-auth"]',
]

/** One JSON object a line, on standard output. */
export function openLog(level: Config['log']['level'], destination: NodeJS.WritableStream = process.stdout): Logger {
  return pino(
    {
      level,
      // Which of several processes speaks; one alone need not say.
      base: cluster.worker === undefined ? null : { worker: cluster.worker.id },
      redact: REDACTED,
      serializers: { err: serializedError },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  )
}

/** PostgreSQL puts the values of the failing row into `detail` and `where`: those stay out. */
function serializedError(error: Error): object {
  const { type, message, stack, code, cause } = stdSerializers.err(error) as unknown as Record<string, unknown>
  return { type, message, code, stack, ...(cause instanceof Error ? { cause: serializedError(cause) } : {}) }
}
