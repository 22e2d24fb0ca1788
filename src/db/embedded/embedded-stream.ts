import { Duplex } from 'node:stream'

/** A stream that pg uses in place of a socket. pg calls `connect` first. */
export interface EmbeddedStream extends Duplex {
  connect(): this
}

/** The database as its streams see it. */
export interface StreamHost {
  /** Makes the stream the live one. @returns the number of its connection, or the reason why it is refused */
  attach(stream: ThreadStream): number | string
  send(connection: number, bytes: Uint8Array<ArrayBuffer>): void
  detach(stream: ThreadStream): void
  /** Whether an idle connection keeps the process alive, as with a socket. */
  hold(yes: boolean): void
}

/** A socket as far as pg is concerned. It needs no backpressure: pg holds whole statements and whole results anyway. */
export class ThreadStream extends Duplex {
  readonly #host: StreamHost
  connection = 0

  constructor(host: StreamHost) {
    super()
    this.#host = host
    // An error before pg adds its listener must not crash the process.
    this.on('error', () => {})
  }

  connect(): this {
    const attached = this.#host.attach(this)
    if (typeof attached === 'number') this.connection = attached
    // pg adds its listeners after this call.
    process.nextTick(() => {
      if (typeof attached === 'string') this.destroy(connectionError('ECONNREFUSED', attached))
      else if (!this.destroyed) this.emit('connect')
    })
    return this
  }

  deliver(bytes: Uint8Array): void {
    if (!this.writableEnded) this.push(bytes)
  }

  breakOff(reason: string): void {
    this.destroy(connectionError('ECONNRESET', reason))
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    this.#host.hold(true)
    return this
  }

  unref(): this {
    this.#host.hold(false)
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    // A copy, because posting transfers the memory, and pg's buffer may be part of a larger one.
    this.#host.send(this.connection, new Uint8Array(chunk))
    callback()
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', callback)
  }

  override _final(callback: () => void): void {
    callback()
    this.push(null)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#host.detach(this)
    callback(error)
  }
}

/** With the code that a socket would have: pg and its callers judge by it. */
function connectionError(code: 'ECONNREFUSED' | 'ECONNRESET', message: string): Error {
  return Object.assign(new Error(message), { code })
}
