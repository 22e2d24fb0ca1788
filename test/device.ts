import assert from 'node:assert/strict'
import { createClient, isProblem, type Task } from '../client/index.ts'
import {
  follow,
  mergeFields,
  openOutbox,
  type Batch,
  type Follower,
  type LocalTask,
  type Outbox,
  type OutboxState,
} from '../client/sync/index.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface DeviceOptions {
  readonly baseUrl: string
  readonly token: string
  readonly fetch: Fetch
  /** Whether it uses the event stream. */
  readonly live: boolean
  /** The longest time between two attempts, in milliseconds. Short where the network is back at once. */
  readonly waitMs: number
}

/** A program on a device: its copy and the state of its outbox survive a restart. */
export class Device {
  readonly copy = new Map<string, Task>()
  readonly #options: DeviceOptions
  #cursor: string | undefined
  #state: OutboxState | undefined
  #stop = new AbortController()
  #outbox: Outbox | undefined
  #follower: Follower | undefined

  constructor(options: DeviceOptions) {
    this.#options = options
  }

  get outbox(): Outbox {
    assert.ok(this.#outbox)
    return this.#outbox
  }

  get follower(): Follower {
    assert.ok(this.#follower)
    return this.#follower
  }

  async start(): Promise<void> {
    const { baseUrl, token, fetch, live, waitMs } = this.#options
    const service = { baseUrl, auth: { token }, fetch }
    this.#stop = new AbortController()
    this.#follower = follow({
      ...service,
      live,
      pollMs: waitMs,
      backOffMaxMs: waitMs,
      apply: (batch) => this.#apply(batch),
      storage: { read: () => this.#cursor, write: (cursor) => void (this.#cursor = cursor) },
    })
    this.#outbox = await openOutbox({
      api: createClient({ ...service, retry: { attempts: 1 } }),
      follower: this.#follower,
      read: (id) => this.copy.get(id),
      resolve: mergeFields,
      storage: { read: () => this.#state, write: (state) => void (this.#state = state) },
    })
  }

  /** Stops in the middle of whatever it is doing. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.follower.close()
  }

  /** @returns whether everything has been sent */
  async flush(): Promise<boolean> {
    try {
      await this.outbox.flush(this.#stop.signal)
      return true
    } catch (error) {
      // The network, the end of the program, a batch that arrives a second time while the first is carried out, or a busy service.
      assert.ok(!isProblem(error) || error.code === 'request_in_progress' || error.status === 503, String(error))
      return false
    }
  }

  /** What the program shows. */
  tasks(): Map<string, LocalTask> {
    return this.outbox.overlay(this.copy.values())
  }

  #apply({ changes, isReset }: Batch): void {
    if (isReset) this.copy.clear()
    for (const { id, data } of changes) {
      if (data === null) this.copy.delete(id)
      else this.copy.set(id, data)
    }
  }
}
