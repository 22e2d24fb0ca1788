import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A TCP proxy between the service and its database that simulates faults.
 *
 * - `pass`: forwards everything.
 * - `refuse`: the port is closed; existing connections continue.
 * - `stall`: connections stay open and no byte is forwarded. New connections are accepted and never answered.
 */
export type Mode = 'pass' | 'refuse' | 'stall'

/** Matches a COMMIT or a step, which is a transaction by itself; the statement that enters a scope is none. */
const COMMIT = /commit\0|\.proven\0/i

/**
 * `before`: the COMMIT never reaches the server. `after`: it is executed, and only the answer is lost. Both reset the connection;
 * `silence` keeps the connection open and withholds the answer.
 */
export type CommitCut = 'before' | 'after' | 'silence'

interface Pair {
  readonly near: Socket
  readonly far: Socket
  bytesDown: number
  /** Stalled for ever, as with an unplugged cable. */
  dead: boolean
  /** Whether a visible write has been forwarded since the last COMMIT. */
  wrote: boolean
}

export class FaultProxy implements AsyncDisposable {
  readonly #target: number
  readonly #pairs = new Set<Pair>()
  /** Connections that were accepted while stalled. */
  readonly #unanswered = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  #mode: Mode = 'pass'
  #commitCut: CommitCut | undefined
  #cutWritesOnly = false
  #cutAfterBytes: number | undefined
  #delayMs = 0
  /** How often a COMMIT was cut off. */
  commitsCut = 0

  private constructor(target: number) {
    this.#target = target
  }

  static async open(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await proxy.#listen()
    return proxy
  }

  get port(): number {
    return this.#port
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#pairs.size
  }

  url(database: string, host = '127.0.0.1'): string {
    return `postgres://postgres@${host}:${this.#port}/${database}?sslmode=disable`
  }

  /** Returns to `pass`. Withheld bytes are forwarded; connections that a `stall` made dead stay so. */
  async pass(): Promise<void> {
    this.#mode = 'pass'
    this.#commitCut = undefined
    this.#cutAfterBytes = undefined
    this.#delayMs = 0
    for (const { near, far, dead } of this.#pairs) {
      if (dead) continue
      near.resume()
      far.resume()
    }
    if (this.#server === undefined) await this.#listen()
  }

  async refuse(): Promise<void> {
    this.#mode = 'refuse'
    const server = this.#server
    this.#server = undefined
    // Not awaited: `close` would wait for open connections.
    server?.close()
  }

  /** @param dead whether open connections stay silent for ever, as when a machine is lost */
  stall({ dead = false }: { dead?: boolean } = {}): void {
    this.#mode = 'stall'
    for (const pair of this.#pairs) {
      pair.dead ||= dead
      pair.near.pause()
      pair.far.pause()
    }
  }

  /** Resets every open connection. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  /** Resets a connection after this many more bytes from the server. */
  cutAfter(bytes: number): void {
    for (const pair of this.#pairs) pair.bytesDown = 0
    this.#cutAfterBytes = bytes
  }

  /**
   * Resets each connection that sends a COMMIT, so that its outcome is unknown to the client.
   *
   * @param ofWritesOnly forwards a COMMIT without INSERT, UPDATE or DELETE before it (prepared statements are not recognised)
   */
  cutOnCommit(when: CommitCut, { ofWritesOnly = false }: { ofWritesOnly?: boolean } = {}): void {
    this.#commitCut = when
    this.#cutWritesOnly = ofWritesOnly
  }

  /** Delays every piece by this time, in both directions. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#unanswered) socket.destroy()
    this.cut()
    const server = this.#server
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: false }, (near) => this.#accept(near))
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  #accept(near: Socket): void {
    near.on('error', () => undefined)
    if (this.#mode === 'stall') {
      this.#unanswered.add(near)
      near.on('close', () => this.#unanswered.delete(near))
      return
    }
    const far = connect(this.#target, '127.0.0.1')
    far.on('error', () => near.resetAndDestroy())
    const pair: Pair = { near, far, bytesDown: 0, dead: false, wrote: false }
    this.#pairs.add(pair)
    near.on('close', () => {
      this.#pairs.delete(pair)
      // The end of a client connection does not reach the server through an unplugged cable.
      if (!pair.dead && this.#mode !== 'stall') far.destroy()
      else far.resetAndDestroy()
    })
    far.on('close', () => near.destroy())
    near.on('data', (chunk: Buffer) => void this.#up(pair, chunk))
    far.on('data', (chunk: Buffer) => void this.#down(pair, chunk))
  }

  async #up(pair: Pair, chunk: Buffer): Promise<void> {
    if (this.#delayMs > 0) await sleep(this.#delayMs)
    const text = chunk.toString('latin1')
    pair.wrote ||= /insert into|update "|delete from/i.test(text)
    const isCommit = COMMIT.test(text)
    if (this.#commitCut !== undefined && isCommit && (pair.wrote || !this.#cutWritesOnly)) {
      this.commitsCut += 1
      if (this.#commitCut === 'before') {
        pair.near.resetAndDestroy()
        return
      }
      // The next answer is the one to drop.
      const lose = this.#commitCut === 'after' ? () => pair.near.resetAndDestroy() : () => undefined
      pair.far.removeAllListeners('data').on('data', lose)
    }
    if (isCommit) pair.wrote = false
    pair.far.write(chunk)
  }

  async #down(pair: Pair, chunk: Buffer): Promise<void> {
    if (this.#delayMs > 0) await sleep(this.#delayMs)
    pair.bytesDown += chunk.length
    if (this.#cutAfterBytes !== undefined && pair.bytesDown > this.#cutAfterBytes) {
      pair.near.write(chunk.subarray(0, Math.max(0, chunk.length - (pair.bytesDown - this.#cutAfterBytes))))
      pair.near.resetAndDestroy()
      return
    }
    pair.near.write(chunk)
  }
}
