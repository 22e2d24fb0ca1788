import type { Answer, User } from '../world.ts'

/** What there is to attack: two users, each with a task, and what an attacker may have got hold of. */
export interface Scene {
  /** Who attacks. */
  readonly ada: User
  /** Whose tasks she is after. */
  readonly ben: User
  /** The paths of one task of each. */
  readonly adaTask: string
  readonly benTask: string
  readonly benCursor: string
  /** As the table of sessions has it for ada. */
  readonly storedHash: string
  readonly expiredToken: string
  readonly signedOutToken: string
  /** Ada's session cookie, as a browser would send it. */
  readonly cookie: string
  /** A text that nothing but this attack holds; no answer may show it. */
  readonly canary: string
}

export interface Attack {
  readonly name: string
  /** What it gets: a refusal with its code, or the status of an answer to something harmless. */
  readonly expected: readonly [status: number, code?: string]
  /** The bytes, in one or more pieces. */
  readonly send: (scene: Scene) => Bytes | readonly Bytes[]
  /** So many harmless requests before it on the same connection are answered first. */
  readonly answersBefore?: number
  /** It hides a second request: the next answer on the connection must be that of the next request. */
  readonly isHiding?: boolean
  /** What has to hold of the answer besides. */
  readonly check?: (answer: Answer, scene: Scene) => void
}

type Bytes = string | Uint8Array

export const TASKS = '/api/tasks'

interface Sending {
  readonly token?: string
  /** Whole lines. */
  readonly headers?: readonly string[]
  /** Sent as JSON unless it is text. */
  readonly body?: unknown
  readonly type?: string
}

/** One request with a Host, and with a length where it has a body. */
export function request(method: string, target: string, sending: Sending = {}): Uint8Array {
  const { token, headers = [], body, type = 'application/json' } = sending
  const payload = Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
  const all = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined ? [] : [`Content-Type: ${type}`, `Content-Length: ${payload.length}`]),
    ...headers,
  ]
  return Buffer.concat([Buffer.from(`${all.join('\r\n')}\r\n\r\n`, 'latin1'), payload])
}

/** A request with one of ada's tokens, or whatever stands for it. */
export const asAda = (
  method: string,
  target: string | ((scene: Scene) => string),
  sending: Sending | ((scene: Scene) => Sending) = {},
) => {
  return (scene: Scene): Uint8Array =>
    request(method, typeof target === 'string' ? target : target(scene), {
      token: scene.ada.token,
      ...(typeof sending === 'function' ? sending(scene) : sending),
    })
}
