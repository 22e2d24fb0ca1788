import type { IncomingMessage, ServerResponse } from 'node:http'
import { Problem } from '../errors.ts'

export const HEADER_BYTES_MAX = 16 * 1024
export const BODY_BYTES_MAX = 1024 * 1024

/** Chunk sizes, extensions and trailers may take this many bytes, and as many again for each byte of the body as below. */
const FRAMING_BYTES_MAX = 16 * 1024
/** A chunk of one byte takes six on the wire, and eight more where its size is padded. */
const WIRE_BYTES_PER_BODY_BYTE = 16
/** Of a body that is refused or ignored, so much is read and dropped, so that its client can read the answer. */
const BODY_ON_WIRE_MAX = FRAMING_BYTES_MAX + WIRE_BYTES_PER_BODY_BYTE * BODY_BYTES_MAX

/** A colon and a space, or CR and LF. */
const SEPARATOR_LENGTH = 2

const CR = 0x0d
const LF = 0x0a
/** The end of a request line is looked for in its last bytes: ` HTTP/1.1`. */
const PROTOCOL_LENGTH_MAX = 16

/**
 * Counts the bytes that one connection takes for each request, and refuses a request that takes too many. Node's parser bounds
 * the names and values of headers and the extensions of each chunk. It does not count empty lines before a request, separators,
 * white space around values, or digits of a chunk size.
 *
 * What is read is known before the parser has it ({@link received}), and where a head ended when the parser has found its end
 * ({@link begun}). Where a body in chunks ended inside of a read is not known: of what follows it in the same read nothing is
 * counted, at most 64 KiB.
 */
export class MessageBytes {
  /** What was read of the head that is incomplete. */
  #head: Buffer[] = []
  #headBytes = 0
  /** Whether `#head` starts where a request does. */
  #isAligned = true
  #request: IncomingMessage | undefined
  #response: ServerResponse | undefined
  #isChunked = false
  /** Of the body so far, with the framing of its chunks. */
  #wireBytes = 0
  /** Of a body in chunks so far, without their framing. */
  #payloadBytes = 0
  /** Of a body without chunks, still to come. */
  #bytesLeft = 0

  /** @returns the refusal that ends the connection; the parser must not have these bytes then */
  received(bytes: Buffer): Problem | undefined {
    if (this.#request?.complete === false) return this.#receivedBody(bytes)
    // The client has had its answer, so these bytes are the start of the next request.
    if (!this.#isAligned && this.#response?.writableFinished === true) this.#expectHead(true)
    const before = this.#headBytes
    this.#head.push(bytes)
    this.#headBytes += bytes.length
    if (this.#headBytes <= HEADER_BYTES_MAX) return undefined
    if (!this.#isAligned) return before > HEADER_BYTES_MAX ? headersTooLarge() : undefined
    const head = this.#join()
    const { start, end } = boundsOf(head)
    if (start === head.length || start > HEADER_BYTES_MAX) return emptyLines()
    return end < 0 || end > HEADER_BYTES_MAX ? headersTooLarge() : undefined
  }

  /** The parser has found the end of a head in the bytes that were received last. */
  begun(request: IncomingMessage, response: ServerResponse): Problem | undefined {
    const head = this.#join()
    const { start, end } = this.#isAligned ? boundsOf(head) : { start: 0, end: -1 }
    this.#request = request
    this.#response = response
    this.#wireBytes = 0
    this.#payloadBytes = 0
    this.#isChunked = request.headers['transfer-encoding'] !== undefined
    this.#expectHead(false)
    if (this.#isChunked) this.#countPayload(request)
    else if (end >= 0) {
      this.#isAligned = true
      this.#bytesLeft = Number(request.headers['content-length'] ?? 0)
      this.#skipBody(head.subarray(end))
    }
    if (end > HEADER_BYTES_MAX) return headersTooLarge()
    return end < 0 || isHttp(head, start) ? undefined : notHttp()
  }

  #receivedBody(bytes: Buffer): Problem | undefined {
    const isCounted = this.#isChunked && this.#response?.writableFinished === false
    const most = isCounted ? FRAMING_BYTES_MAX + WIRE_BYTES_PER_BODY_BYTE * this.#payloadBytes : BODY_ON_WIRE_MAX
    // The reads before this one: what they held of this body is known by now, and they held nothing behind it.
    if (this.#wireBytes > Math.min(most, BODY_ON_WIRE_MAX)) return bodyTooLarge()
    this.#wireBytes += bytes.length
    if (!this.#isChunked && this.#isAligned) this.#skipBody(bytes)
    return undefined
  }

  /** What follows the body is the next head. */
  #skipBody(bytes: Buffer): void {
    const length = Math.min(this.#bytesLeft, bytes.length)
    this.#bytesLeft -= length
    if (length === bytes.length) return
    this.#head = [bytes.subarray(length)]
    this.#headBytes = bytes.length - length
  }

  #countPayload(request: IncomingMessage): void {
    const push = request.push.bind(request)
    // The parser pushes what it finds in the chunks. To listen for data instead would start the stream before it is wanted.
    request.push = (piece, encoding) => {
      if (Buffer.isBuffer(piece)) this.#payloadBytes += piece.length
      return push(piece, encoding)
    }
  }

  #expectHead(isAligned: boolean): void {
    this.#head = []
    this.#headBytes = 0
    this.#isAligned = isAligned
  }

  #join(): Buffer {
    const [only, ...more] = this.#head
    const head = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#head)
    this.#head = [head]
    return head
  }
}

/** Where the request line starts, behind empty lines, and where the head ends; -1 if that has not come. */
function boundsOf(head: Buffer): { start: number; end: number } {
  let start = 0
  while (head[start] === CR || head[start] === LF) start++
  const at = head.indexOf('\r\n\r\n', start, 'latin1')
  return { start, end: at < 0 ? -1 : at + 4 }
}

/**
 * What headers or trailers take on the wire, but for white space around their values.
 *
 * @param fields names and values in turn, as Node has them; undefined for the trailers of an injected request
 */
export const bytesOf = (fields: readonly string[] = []): number =>
  fields.reduce((sum, { length }) => sum + length + SEPARATOR_LENGTH, 0)

/** Node's parser takes RTSP/1.0 and ICE/1.0 too, and does not say which it was. */
function isHttp(head: Buffer, start: number): boolean {
  const lineEnd = head.indexOf('\r\n', start, 'latin1')
  return head.toString('latin1', Math.max(start, lineEnd - PROTOCOL_LENGTH_MAX), lineEnd).includes(' HTTP/')
}

/** For a refusal after which nothing on the connection can be trusted. */
export const CLOSING = { headers: { connection: 'close' } }
export const notHttp = (): Problem => new Problem('malformed_request', 'The request is not HTTP/1.1', CLOSING)
export const headersTooLarge = (): Problem =>
  new Problem('headers_too_large', 'The request line and headers are larger than 16 KiB', CLOSING)
const emptyLines = (): Problem =>
  new Problem('malformed_request', 'More than 16 KiB of empty lines came before a request', CLOSING)
const bodyTooLarge = (): Problem =>
  new Problem('body_too_large', 'The body or the framing of its chunks is too large', CLOSING)
