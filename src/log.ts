import cluster from 'node:cluster'
import { createRequire } from 'node:module'
import { DatabaseError } from 'pg'
import { pino, type Logger } from 'pino'
import type * as Pretty from 'pino-pretty'
import type { Config } from './config/config.ts'

/** Fields that must never be logged. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["x-service-auth"]',
  'headers.authorization',
  'headers.cookie',
  'headers["x-service-auth"]',
]

/**
 * Characters that a terminal interprets or hides: C0 and C1 controls, line and paragraph separators, and bidirectional marks. JSON
 * itself escapes C0 only.
 */
// oxlint-disable-next-line no-control-regex -- matching control characters is the purpose
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
/** Without C0, which is used for colours and line ends. */
const UNPRINTABLE_BUT_C0 = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * Writes one JSON object per line, or readable lines to a terminal. Logged text never breaks a line and never contains unescaped
 * control characters.
 */
export function openLog(level: Config['log']['level'], destination: NodeJS.WritableStream = process.stdout): Logger {
  const isTerminal = 'isTTY' in destination && destination.isTTY === true
  return pino(
    {
      level,
      // Identifies the worker if there are several.
      base: cluster.worker === undefined ? null : { worker: cluster.worker.id },
      redact: REDACTED,
      serializers: { err: (error: unknown) => serializedError(error) },
      timestamp: timeMember,
      // JSON has escaped C0; the only one left is the line feed at the end.
      hooks: { streamWrite: (line) => line.replace(UNPRINTABLE_BUT_C0, escaped) },
    },
    isTerminal ? readable(destination) : destination === process.stdout ? gathered(destination) : destination,
  )
}

let writtenMs = NaN
let written = ''

/** The time member for pino, in RFC 3339; formatted once for all lines of a millisecond. */
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

/** Makes pino set `lastLevel` before each write (see "metadata" in pino's documentation). */
const METADATA = Symbol.for('pino.metadata')

/**
 * Writes the first line of each turn of the event loop at once and the others in one write at its end: each write is a system call
 * and may wake the reader. An error is written at once, with the lines before it. A process that is killed during a turn loses the
 * lines of that turn.
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

/** pino-pretty is loaded only for a terminal, which most processes do not have. */
function readable(terminal: NodeJS.WritableStream): { write(line: string): void } {
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof Pretty
  const toText = prettyFactory({ singleLine: true, translateTime: 'SYS:HH:MM:ss.l' })
  return {
    write: (line) =>
      void terminal.write(toText(JSON.stringify(JSON.parse(line, visibly))).replace(UNPRINTABLE_BUT_C0, escaped)),
  }
}

/** Parsing has removed JSON's escapes, so they are restored. The line feeds of a stack are kept. */
const visibly = (key: string, value: unknown): unknown =>
  typeof value !== 'string'
    ? value
    : key === 'stack'
      ? value.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escaped(character)))
      : value.replace(UNPRINTABLE, escaped)

/** Maximum depth of nested causes. */
const CAUSES_MAX = 5

/**
 * The logged form of an error: message and stack, and those of its causes. PostgreSQL puts values of the failing row into `detail`
 * and `where`, and for data exceptions (SQLSTATE class 22) also into the message: these are omitted.
 */
function serializedError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const quotesData = error instanceof DatabaseError && code?.startsWith('22') === true
  // The stack begins with the message, which is logged separately or not at all, and may itself look like a stack.
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
