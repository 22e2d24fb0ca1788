import type { Answer, User } from '../world.ts'

/** The targets: two users, each with a task, and values that an attacker may have obtained. */
export interface Scene {
  /** The attacker. */
  readonly ada: User
  /** The victim. */
  readonly ben: User
  /** The path of a task of each user. */
  readonly adaTask: string
  readonly benTask: string
  /** The id of a task in the victim's trash. */
  readonly benTrashed: string
  /** A personal token of the attacker with the scope tasks:read. */
  readonly readOnlyToken: string
  /** The id of a personal token of the victim. */
  readonly benTokenId: string
  /** The path of a webhook of the victim. */
  readonly benWebhook: string
  readonly benCursor: string
  readonly benSyncCursor: string
  /** The X-Change-Id of a request of ben's. */
  readonly benChangeId: string
  /** The value in the table of sessions for ada. */
  readonly storedHash: string
  readonly expiredToken: string
  readonly signedOutToken: string
  /** Ada's session cookie, as a browser would send it. */
  readonly cookie: string
  /** A text that occurs only in this attack; no answer may contain it. */
  readonly canary: string
}

export interface Attack {
  readonly name: string
  /** The expected answer: a refusal with its code, or the status of a harmless answer. */
  readonly expected: readonly [status: number, code?: string]
  /** The bytes, in one or more pieces. */
  readonly send: (scene: Scene) => Bytes | readonly Bytes[]
  /** The number of harmless requests before it on the same connection, which are answered first. */
  readonly answersBefore?: number
  /** It contains a hidden request: the next answer on the connection must be that of the next request. */
  readonly isHiding?: boolean
  /** A further check of the answer. */
  readonly check?: (answer: Answer, scene: Scene) => void
}

type Bytes = string | Uint8Array

export const TASKS = '/api/tasks'

interface Sending {
  readonly token?: string | undefined
  /** Complete header lines. */
  readonly headers?: readonly string[]
  /** Encoded as JSON unless it is a string. */
  readonly body?: unknown
  readonly type?: string
}

/** A request with a Host, and with a Content-Length if it has a body. */
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

/** A request with one of ada's tokens, or a replacement of it. */
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
