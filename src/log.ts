import cluster from 'node:cluster'
import { createRequire } from 'node:module'
import { DatabaseError } from 'pg'
import { pino, type Logger } from 'pino'
import type * as Pretty from 'pino-pretty'
import type { Config } from './config/config.ts'

/** What a log line must never hold, whoever writes it. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["x-service-auth"]',
  'headers.authorization',
  'headers.cookie',
  'headers["x-service-auth"]',
]

/**
 * What a terminal obeys or hides instead of showing: C0 and C1 controls, line and paragraph separators, and marks that turn
 * the direction of writing. Of these JSON itself escapes C0 only.
 */
// oxlint-disable-next-line no-control-regex -- they are the subject
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
/** C0 has a use there: colours, and the ends of lines. */
const UNPRINTABLE_BUT_C0 = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * Lines of one JSON object each, or lines to read where the destination is a terminal. Whatever is logged, it stays in its
 * line and prints no control character.
 */
export function openLog(level: Config['log']['level'], destination: NodeJS.WritableStream = process.stdout): Logger {
  const isTerminal = 'isTTY' in destination && destination.isTTY === true
  return pino(
    {
      level,
      // Which of several processes speaks; one alone need not say.
      base: cluster.worker === undefined ? null : { worker: cluster.worker.id },
      redact: REDACTED,
      serializers: { err: (error: unknown) => serializedError(error) },
      timestamp: timeMember,
      // JSON has escaped C0, but for the end of the line, which is meant.
      hooks: { streamWrite: (line) => line.replace(UNPRINTABLE_BUT_C0, escaped) },
    },
    isTerminal ? readable(destination) : destination === process.stdout ? gathered(destination) : destination,
  )
}

let writtenMs = NaN
let written = ''

/** The time as pino wants it, in RFC 3339; written once for all lines of a millisecond. */
function timeMember(): string {
  const now = Date.now()
  if (now !== writtenMs) {
    writtenMs = now
    written = `,"time":"${new Date(now).toISOString()}"`
  }
  return written
}

/** pino's number for `error`. */
const ERROR_LEVEL = 50

/** Its lines come with their level (pino's documentation of metadata). */
const METADATA = Symbol.for('pino.metadata')

/**
 * The first line of a turn of the event loop leaves at once, and the others at its end, in one piece: each piece is a system call,
 * and may wake whoever reads. An error takes along what came before it. A process that is killed in the middle of a turn
 * loses its lines of that turn.
 */
export function gathered(destination: Pick<NodeJS.WritableStream, 'write'>) {
  let isGathering = false
  let isEnding = false
  let lines = ''
  const flush = (): void => {
    if (lines !== '') destination.write(lines)
    lines = ''
    isGathering = false
  }
  process.once('exit', () => {
    isEnding = true
    flush()
  })
  return {
    [METADATA]: true,
    lastLevel: 0,
    write(line: string): void {
      lines += line
      if (isGathering && !isEnding && this.lastLevel < ERROR_LEVEL) return
      flush()
      isGathering = true
      setImmediate(flush)
    },
  }
}

/** Loaded where there is a terminal only: most processes have none. */
function readable(terminal: NodeJS.WritableStream): { write(line: string): void } {
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof Pretty
  const toText = prettyFactory({ singleLine: true, translateTime: 'SYS:HH:MM:ss.l' })
  return {
    write: (line) =>
      void terminal.write(toText(JSON.stringify(JSON.parse(line, visibly))).replace(UNPRINTABLE_BUT_C0, escaped)),
  }
}

/** What was escaped in JSON would be itself again once it is read, but for the frames of a stack, which are ours. */
const visibly = (key: string, value: unknown): unknown =>
  typeof value !== 'string'
    ? value
    : key === 'stack'
      ? value.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escaped(character)))
      : value.replace(UNPRINTABLE, escaped)

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
  // The stack begins with the message, which is shown apart or not at all, and may itself look like a stack.
  const { stack = '', message } = error
  const headEnd = stack.indexOf('\n', stack.indexOf(message) + message.length)
  const frames = stack.includes(message) && headEnd >= 0 ? stack.slice(headEnd + 1) : undefined
  return {
    type: error.name,
    message: quotesData ? 'a value was refused' : message,
    code,
    stack: frames,
    ...(error instanceof AggregateError && depth < CAUSES_MAX
      ? { errors: error.errors.map((each) => serializedError(each, depth + 1)) }
      : {}),
    ...(error.cause === undefined || depth >= CAUSES_MAX ? {} : { cause: serializedError(error.cause, depth + 1) }),
  }
}
