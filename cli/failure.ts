import { ProblemError } from '../client/index.ts'
import { neutral } from './text.ts'

/** The statuses with which the program ends. docs/command-line.md has them. */
export const STATUS = { done: 0, refused: 1, usage: 2, unreachable: 3, credential: 4 } as const
export type Status = (typeof STATUS)[keyof typeof STATUS]

/** A reason to end that the program itself has found. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly status: Status

  constructor(status: Exclude<keyof typeof STATUS, 'done'>, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = STATUS[status]
  }
}

export interface Explanation {
  readonly status: Status
  /** Sentences for a person: what is wrong, and what to do. Neutral. */
  readonly message: string
  /** The code of the service, or `usage`, `refused`, `unreachable`, `credential`. */
  readonly code: string
}

/** @returns undefined for an error that is a bug */
export function explain(error: unknown, url: string): Explanation | undefined {
  if (error instanceof Failure) {
    const message = error.message.split('\n').map(neutral).join('\n')
    return { status: error.status, message, code: nameOf(error.status) }
  }
  if (error instanceof ProblemError) return explainProblem(error, url)
  if (!isOfNetwork(error)) return undefined
  const why = reasonOf(error)
  return explained(STATUS.unreachable, `No answer from ${url}${why}. Check the address, and that the service runs.`)
}

function explained(status: Status, message: string, code = nameOf(status)): Explanation {
  return { status, message: neutral(message), code }
}

const nameOf = (status: Status): string => Object.entries(STATUS).find(([, each]) => each === status)?.[0] ?? 'refused'

function explainProblem(error: ProblemError, url: string): Explanation {
  const { status, code, message, retryAfter, problem } = error
  const detail = message.endsWith('.') ? message : `${message}.`
  if (status === 401) return explained(STATUS.credential, `${detail} todo login stores another token.`, code)
  if (code === 'insufficient_scope') {
    const scopes = problem.required?.join(' and ')
    return explained(STATUS.credential, `${detail} Create a token with ${scopes}, and store it with todo login.`, code)
  }
  if (status >= 500) {
    const wait = retryAfter === undefined ? '' : ` Try again in ${retryAfter} s.`
    return explained(STATUS.unreachable, `${detail}${wait}`, code)
  }
  if (code === 'unknown') return explained(STATUS.refused, `${detail} Is ${url} the address of the service?`, code)
  if (status === 429) return explained(STATUS.refused, `${detail} Try again in ${retryAfter ?? 60} s.`, code)
  return explained(STATUS.refused, detail, code)
}

/** `fetch` throws a TypeError with the cause; the client a TimeoutError, or an Error for a redirect. */
function isOfNetwork(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  return error.name === 'TimeoutError' || /^fetch failed$|^The answer is a redirect|^terminated$/.test(error.message)
}

function reasonOf({ message, cause }: Error): string {
  if (message.startsWith('The answer is a redirect')) return ': it redirects to another address'
  const { code } = { ...(cause as { readonly code?: unknown } | undefined) } // an error of the operating system has one
  return typeof code === 'string' ? ` (${code})` : ''
}
