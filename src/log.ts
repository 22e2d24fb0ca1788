import cluster from 'node:cluster'
import { DatabaseError } from 'pg'
import { pino, type Logger } from 'pino'
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
      serializers: { err: (error: unknown) => serializedError(error) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  )
}

/** How deep causes are followed. */
const CAUSES_MAX = 5

/**
 * An error as it is logged: its own message and stack, and those of its causes. PostgreSQL puts the values of the failing
 * row into `detail` and `where`, and where data is at fault (SQLSTATE class 22) into the message too: those stay out.
 */
function serializedError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const quotesData = error instanceof DatabaseError && code?.startsWith('22') === true
  // The stack begins with the message, which is shown apart or not at all.
  const [, frames] = /\n(\s+at [^]*)$/.exec(error.stack ?? '') ?? []
  return {
    type: error.name,
    message: quotesData ? 'a value was refused' : error.message,
    code,
    stack: frames,
    ...(error instanceof AggregateError && depth < CAUSES_MAX
      ? { errors: error.errors.map((each) => serializedError(each, depth + 1)) }
      : {}),
    ...(error.cause === undefined || depth >= CAUSES_MAX ? {} : { cause: serializedError(error.cause, depth + 1) }),
  }
}
