/** Maximum size of one message of a client, which contains all parameters of a statement. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
/** PostgreSQL's own limit, checked here because PGlite throws instead of answering. */
const MAX_STARTUP_BYTES = 10_000
const PROTOCOL_3 = 3
const TERMINATE = 'X'.charCodeAt(0)

/**
 * Splits the bytes of a client into whole messages, because PGlite executes the bytes that it gets and does not wait for more. A message
 * begins with a type byte and a length that includes itself; the first one of a connection has no type (protocol 3.0).
 */
export class ClientMessages {
  #unread: Uint8Array[] = []
  #unreadBytes = 0
  /** The size of the incomplete message. Until it has arrived, its pieces are not copied. */
  #neededBytes = 0
  #started = false
  #ended = false

  /** The complete messages: the startup message by itself, as PGlite requires, and all others in one batch. */
  add(bytes: Uint8Array): Uint8Array[] {
    if (this.#ended) return []
    this.#unread.push(bytes)
    this.#unreadBytes += bytes.length
    if (this.#unreadBytes < this.#neededBytes) return []
    const all = Buffer.concat(this.#unread)
    const batches: Uint8Array[] = []
    let start = 0
    let end = 0
    for (;;) {
      this.#ended = this.#started && all[end] === TERMINATE
      this.#neededBytes = this.#started ? messageBytes(all.subarray(end)) : startupBytes(all)
      if (this.#ended || end + this.#neededBytes > all.length) break
      end += this.#neededBytes
      if (this.#started) continue
      this.#started = true
      batches.push(all.subarray(start, end))
      start = end
    }
    if (end > start) batches.push(all.subarray(start, end))
    this.#unread = [all.subarray(end)]
    this.#unreadBytes = all.length - end
    return batches
  }
}

/** The size of the message, or of its header if that has not arrived. */
function messageBytes(bytes: Buffer): number {
  if (bytes.length < 5) return 5
  const length = bytes.readInt32BE(1)
  if (length >= 4 && length <= MAX_MESSAGE_BYTES) return 1 + length
  throw new Error(`the embedded database takes messages of up to ${MAX_MESSAGE_BYTES} bytes, not ${length}`)
}

function startupBytes(bytes: Buffer): number {
  if (bytes.length < 8) return 8
  const length = bytes.readInt32BE(0)
  if (length >= 8 && length <= MAX_STARTUP_BYTES && bytes.readInt16BE(4) === PROTOCOL_3) return length
  throw new Error('the embedded database speaks plain PostgreSQL protocol 3 only: no TLS, no cancel requests')
}
