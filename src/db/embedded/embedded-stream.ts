import { Duplex } from 'node:stream'

/** Begins with `connect`, as pg calls it. */
export interface EmbeddedStream extends Duplex {
  connect(): this
}

/** What a stream needs of the database it leads to. */
export interface StreamHost {
  /** Makes the stream the live one. @returns the number of its connection, or why there can be none */
  attach(stream: ThreadStream): number | string
  send(connection: number, bytes: Uint8Array<ArrayBuffer>): void
  detach(stream: ThreadStream): void
  /** Whether an idle connection keeps the process alive, as with a socket. */
  hold(yes: boolean): void
}

/** What pg takes for a socket. It needs no bound of its own: pg holds whole statements and whole results anyway. */
export class ThreadStream extends Duplex {
  readonly #host: StreamHost
  connection = 0

  constructor(host: StreamHost) {
    super()
    this.#host = host
    // An error before pg listens must not end the process; pg receives later ones itself.
    this.on('error', () => {})
  }

  connect(): this {
    const attached = this.#host.attach(this)
    if (typeof attached === 'number') this.connection = attached
    // pg begins to listen after this call.
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
    // A copy: posting moves the memory, and pg's buffer may share its memory with others.
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
