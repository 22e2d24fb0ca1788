import { backoffMs, retryAfterMs } from '../views/backoff.ts'
import { afterDone, afterMismatch, undoneWrites, type Done, type Trouble, type Write } from '../views/writes.ts'
import type { Task } from '../views/task.ts'
import { call, newId, refusalOf, type Answer } from './api.ts'
import { KeptWrites } from './kept-writes.ts'
import { Pause } from './pause.ts'

/** What the queue reports. */
export interface QueueEvents {
  /** The writes have changed, here or in another tab. */
  changed(): void
  /** The service has executed a write, which this tab or another one has sent. */
  done(done: Done): void
  /** The service has answered, or could not be reached. */
  reached(isReached: boolean): void
}

/** Of an undo whose write is not confirmed. */
const UNKNOWN_CHANGE = ''
const RETRY = { minMs: 1_000, maxMs: 15_000 }

/** How an attempt ended. `waitMs` is the time to wait before the next one, if the service has said it. */
type Outcome = 'settled' | 'signed out' | { readonly waitMs: number | undefined }

/**
 * Writes in the order in which they were made. They are kept in the storage of the browser until the service has executed them, so
 * that they survive a reload, and are sent by one tab at a time.
 */
export class Queue {
  readonly #lock: string
  readonly #kept: KeptWrites
  readonly #pause: Pause
  readonly #channel: BroadcastChannel
  readonly #events: QueueEvents
  #writes: readonly Write[]
  #isSending = false
  /** Whether there may be something to send that the sending in progress does not know of. */
  #isWanted = false
  #failures = 0
  #timer: number | undefined

  constructor(userId: string, events: QueueEvents) {
    this.#lock = `writes-${userId}`
    this.#kept = new KeptWrites(userId)
    this.#pause = new Pause(userId)
    this.#events = events
    this.#writes = this.#kept.read()
    this.#kept.watch(() => this.#changed())
    this.#channel = new BroadcastChannel(`done-${userId}`)
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Done>) => this.#finish(data))
  }

  get writes(): readonly Write[] {
    return this.#writes
  }

  /** Whether the browser keeps the writes. It may refuse, for instance when its storage is full. */
  get isKept(): boolean {
    return this.#kept.isComplete
  }

  /** Whether the service has asked to wait. */
  get isPaused(): boolean {
    return this.#pause.leftMs > 0
  }

  add(write: Write): void {
    this.#kept.add(write)
    this.#changed()
    void this.send()
  }

  /** Changes writes, or removes them, for all tabs. */
  update(change: (write: Write) => Write | undefined): void {
    this.#kept.update(change)
    this.#changed()
  }

  #changed(): void {
    this.#writes = this.#kept.read()
    this.#events.changed()
  }

  /** Sends what can be sent now; at once, if it was waiting to try again and the service has not said how long. */
  async send(): Promise<void> {
    clearTimeout(this.#timer)
    this.#isWanted = true
    if (this.#isSending) return
    this.#isSending = true
    try {
      // A write may be added after the last one was sent and before the lock is released.
      while (this.#isWanted) await withLock(this.#lock, () => this.#sendAll())
    } finally {
      this.#isSending = false
    }
  }

  async #sendAll(): Promise<void> {
    this.#isWanted = false
    this.#changed()
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (this.isPaused) return this.#sendIn(this.#pause.leftMs)
      const outcome = await this.#attempt(next)
      if (outcome === 'signed out') return
      if (outcome === 'settled') continue
      if (outcome.waitMs === undefined) return this.#sendIn(backoffMs(this.#failures++, RETRY))
      this.#pause.begin(outcome.waitMs)
      return this.#sendIn(outcome.waitMs)
    }
  }

  #sendIn(waitMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.send(), waitMs)
    this.#events.changed()
  }

  /** The first write that waits for no decision, for no earlier write of its task that does, and for no confirmation. */
  #next(): Write | undefined {
    this.#cancel()
    const blocked = new Set([UNKNOWN_CHANGE])
    for (const write of this.#writes) {
      if (write.trouble === undefined && !blocked.has(write.id)) return write
      blocked.add(write.id)
    }
    return undefined
  }

  /** Removes the writes that were undone before they were sent: only while this tab alone sends it is certain that they were not. */
  #cancel(): void {
    const undone = undoneWrites(this.#writes)
    if (undone.size > 0) this.update((each) => (undone.has(each.key) || undone.has(each.of ?? '') ? undefined : each))
  }

  async #attempt(write: Write): Promise<Outcome> {
    this.#replace(write, { ...write, isTried: true })
    try {
      const answer = await request(write)
      this.#events.reached(true)
      return await this.#take(write, answer)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      this.#events.reached(false)
      return { waitMs: undefined }
    }
  }

  async #take(write: Write, answer: Answer): Promise<Outcome> {
    const { status, ok, headers, json } = answer
    const { code, detail } = refusalOf(answer)
    if (ok || (status === 404 && write.kind === 'delete')) {
      const isTask = write.kind !== 'undo' && write.kind !== 'delete'
      // These routes answer with the task.
      this.#settle(write, isTask ? (json as Task) : null, headers.get('x-change-id'))
      return 'settled'
    }
    if (status === 401) return 'signed out'
    const isTemporary = status >= 500 || status === 408 || status === 429 || code === 'request_in_progress'
    if (isTemporary) return { waitMs: retryAfterMs(headers) }
    if (status === 412) return this.#compare(write)
    this.#stop(write, { kind: 'refused', detail, isGone: status === 404 })
    return 'settled'
  }

  /** The task has changed since the user saw it. @throws TypeError if the service cannot be reached */
  async #compare(write: Write): Promise<Outcome> {
    const answer = await call('GET', `/api/tasks/${write.id}`)
    if (answer.status === 404) {
      if (write.kind === 'delete') this.#settle(write, null, null)
      else this.#stop(write, { kind: 'refused', detail: 'The task was deleted elsewhere', isGone: true })
      return 'settled'
    }
    if (!answer.ok) return { waitMs: retryAfterMs(answer.headers) }
    // This route answers with the task.
    const theirs = answer.json as Task
    const what = afterMismatch(write, theirs)
    if (what === 'done') this.#settle(write, theirs, null)
    else if (what === 'conflict') this.#stop(write, { kind: 'conflict', theirs })
    else this.#replace(write, { ...write, base: theirs, attempt: newId() })
    return 'settled'
  }

  #settle(write: Write, task: Task | null, changeId: string | null): void {
    this.#failures = 0
    const done = { write, task, changeId }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel reaches its own origin alone
    this.#channel.postMessage(done)
    this.#finish(done)
  }

  #finish(done: Done): void {
    this.update((each) => afterDone(each, done))
    this.#events.done(done)
  }

  #stop(write: Write, trouble: Trouble): void {
    this.#replace(write, { ...write, trouble })
  }

  #replace({ key }: Write, by: Write): void {
    this.update((each) => (each.key === key ? by : each))
  }
}

function request({ kind, id, key, attempt, patch, base }: Write): Promise<Answer> {
  const once = { 'idempotency-key': attempt ?? key }
  const ifSame = { ...once, 'if-match': `"${base?.version ?? 1}"` }
  switch (kind) {
    case 'create':
      return call('POST', '/api/tasks', { body: { ...patch, id }, headers: once })
    case 'change':
      return call('PATCH', `/api/tasks/${id}`, { body: patch, headers: ifSame })
    case 'complete':
      return call('PATCH', `/api/tasks/${id}/complete`, {
        body: { completed: patch.status === 'COMPLETED' },
        headers: once,
      })
    case 'delete':
      return call('DELETE', `/api/tasks/${id}`, { headers: ifSame })
    case 'undo':
      return call('POST', `/api/history/${id}/undo`, { headers: once })
  }
}

/** One tab at a time, where the browser has locks; elsewhere the keys of the writes keep repetitions from being executed. */
const withLock = async (name: string, work: () => Promise<void>): Promise<void> =>
  // Pages without TLS have no locks.
  'locks' in navigator ? await navigator.locks.request(name, work) : await work()
