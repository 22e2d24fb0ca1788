import type { IncomingMessage, ServerResponse } from 'node:http'
import { Problem } from '../errors.ts'

export const HEADER_BYTES_MAX = 16 * 1024
export const BODY_BYTES_MAX = 1024 * 1024

/** Bytes allowed for chunk sizes, extensions and trailers, in addition to WIRE_BYTES_PER_BODY_BYTE for each byte of the body. */
const FRAMING_BYTES_MAX = 16 * 1024
/** A chunk of one byte takes six bytes on the wire, and eight more if its size is padded with zeros. */
const WIRE_BYTES_PER_BODY_BYTE = 16
/** The part of a refused or ignored body that is read and discarded, so that its client can read the answer. */
const BODY_ON_WIRE_MAX = FRAMING_BYTES_MAX + WIRE_BYTES_PER_BODY_BYTE * BODY_BYTES_MAX

/** A colon and a space, or CR and LF. */
const SEPARATOR_LENGTH = 2

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const LETTER_H = 0x48
const HEAD_END = Buffer.from('\r\n\r\n')
/** ` HTTP/1.1` is searched in the last bytes of the request line. */
const PROTOCOL_LENGTH_MAX = 16

/**
 * Counts the bytes of each request on a connection, and refuses a request that has too many. Node's parser limits the names and
 * values of headers and the extensions of each chunk. It does not count empty lines before a request, separators, white space
 * around values, or digits of a chunk size.
 *
 * Bytes are counted before the parser gets them ({@link received}); the end of a head is known when the parser has found it
 * ({@link begun}). Where a chunked body ends within a read is not known, so bytes after it in the same read, at most 64 KiB, are
 * not counted.
 */
export class MessageBytes {
  /** The bytes of the incomplete head. */
  #head: Buffer[] = []
  #headBytes = 0
  /** Whether `#head` begins at the start of a request. */
  #isAligned = true
  #request: IncomingMessage | undefined
  #response: ServerResponse | undefined
  #isChunked = false
  /** Bytes of the body received so far, including chunk framing. */
  #wireBytes = 0
  /** Bytes of a chunked body received so far, without framing. */
  #payloadBytes = 0
  /** Bytes of a body with Content-Length that have not arrived yet. */
  #bytesLeft = 0

  /** @returns the refusal that ends the connection, in which case the parser must not get these bytes */
  received(bytes: Buffer): Problem | undefined {
    if (this.#request?.complete === false) return this.#receivedBody(bytes)
    // The client has its answer, so these bytes begin the next request.
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
    return end < 0 || isHttp(head, start, request) ? undefined : notHttp()
  }

  /** The number of bytes of the next request that have arrived, without empty lines before it. After a chunked body it is not known: 0. */
  ofNextHead(): number {
    if (!this.#isAligned || this.#headBytes === 0) return 0
    const head = this.#join()
    return head.length - boundsOf(head).start
  }

  #receivedBody(bytes: Buffer): Problem | undefined {
    const isCounted = this.#isChunked && this.#response?.writableFinished === false
    const most = isCounted ? FRAMING_BYTES_MAX + WIRE_BYTES_PER_BODY_BYTE * this.#payloadBytes : BODY_ON_WIRE_MAX
    // Checks the earlier reads: their payload has been counted by now, and they contained nothing after this body.
    if (this.#wireBytes > Math.min(most, BODY_ON_WIRE_MAX)) return bodyTooLarge()
    this.#wireBytes += bytes.length
    if (!this.#isChunked && this.#isAligned) this.#skipBody(bytes)
    return undefined
  }

  /** The bytes after the body belong to the next head. */
  #skipBody(bytes: Buffer): void {
    const length = Math.min(this.#bytesLeft, bytes.length)
    this.#bytesLeft -= length
    if (length === bytes.length) return
    this.#head = [bytes.subarray(length)]
    this.#headBytes = bytes.length - length
  }

  #countPayload(request: IncomingMessage): void {
    const push = request.push.bind(request)
    // The parser pushes the payload of chunks. A data listener would start the stream too early.
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
    const [first] = this.#head
    if (this.#head.length === 1 && first !== undefined) return first
    const head = Buffer.concat(this.#head)
    this.#head = [head]
    return head
  }
}

/** The start of the request line, after empty lines, and the end of the head; -1 if it has not arrived. */
function boundsOf(head: Buffer): { start: number; end: number } {
  let start = 0
  while (head[start] === CR || head[start] === LF) start++
  const at = head.indexOf(HEAD_END, start)
  return { start, end: at < 0 ? -1 : at + 4 }
}

/**
 * The size of headers or trailers on the wire, without white space around values.
 *
 * @param fields alternating names and values, as in Node; undefined for the trailers of an injected request
 */
export const bytesOf = (fields: readonly string[] = []): number =>
  fields.reduce((sum, { length }) => sum + length + SEPARATOR_LENGTH, 0)

/** Node's parser also accepts RTSP/1.0 and ICE/1.0, and does not report which it was. */
function isHttp(head: Buffer, start: number, { method = '', url = '' }: IncomingMessage): boolean {
  // With one space before and after the target, as all clients send it, the protocol begins here.
  const at = start + method.length + 1 + url.length + 1
  if (head[at - 1] === SPACE && head[at] === LETTER_H) return true
  const lineEnd = head.indexOf('\r\n', start, 'latin1')
  return head.toString('latin1', Math.max(start, lineEnd - PROTOCOL_LENGTH_MAX), lineEnd).includes(' HTTP/')
}

/** For refusals after which further bytes on the connection cannot be trusted. */
export const CLOSING = { headers: { connection: 'close' } }
export const notHttp = (): Problem => new Problem('malformed_request', 'The request is not HTTP/1.1', CLOSING)
export const headersTooLarge = (): Problem =>
  new Problem('headers_too_large', 'The request line and headers are larger than 16 KiB', CLOSING)
const emptyLines = (): Problem =>
  new Problem('malformed_request', 'The request is preceded by more than 16 KiB of empty lines', CLOSING)
const bodyTooLarge = (): Problem =>
  new Problem('body_too_large', 'The body or the framing of its chunks is too large', CLOSING)
