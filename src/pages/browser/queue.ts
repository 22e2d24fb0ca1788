import { afterMismatch, settled, type Trouble, type Write } from '../views/writes.ts'
import type { Task } from '../views/task.ts'
import { call, newId, refusalOf, type Answer } from './api.ts'

/** What the queue reports. */
export interface QueueEvents {
  /** The writes have changed, here or in another tab. */
  changed(): void
  /** The service has executed a write. */
  done(write: Write, task: Task | null, changeId: string | null): void
  /** The service has answered, or could not be reached. */
  reached(isReached: boolean): void
}

const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 15_000

/** How an attempt ended; a number is the time to wait before the next one, in milliseconds. */
type Outcome = 'settled' | 'signed out' | { readonly waitMs: number | undefined }

/**
 * Writes in the order in which they were made. They are kept in the storage of the browser until the service has executed them, so
 * that they survive a reload, and are sent by one tab at a time.
 */
export class Queue {
  readonly #name: string
  readonly #events: QueueEvents
  #writes: readonly Write[]
  #isSending = false
  #failures = 0
  #timer: number | undefined
  /** Whether the browser keeps the writes. It may refuse, for instance when its storage is full. */
  isKept = true

  constructor(userId: string, events: QueueEvents) {
    this.#name = `writes-${userId}`
    this.#events = events
    this.#writes = this.#read()
    addEventListener('storage', ({ key }) => {
      if (key !== this.#name) return
      this.#writes = this.#read()
      events.changed()
    })
  }

  get writes(): readonly Write[] {
    return this.#writes
  }

  add(write: Write): void {
    this.update((writes) => [...writes, write])
    void this.send()
  }

  /** Changes the writes as they are now, in all tabs. */
  update(change: (writes: readonly Write[]) => readonly Write[]): void {
    this.#writes = change(this.isKept ? this.#read() : this.#writes)
    try {
      if (this.#writes.length === 0) localStorage.removeItem(this.#name)
      else localStorage.setItem(this.#name, JSON.stringify(this.#writes))
      this.isKept = true
    } catch {
      this.isKept = false
    }
    this.#events.changed()
  }

  /** Sends what can be sent now; at once, if it was waiting to try again. */
  async send(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#isSending) return
    this.#isSending = true
    try {
      await withLock(this.#name, () => this.#sendAll())
    } finally {
      this.#isSending = false
    }
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const outcome = await this.#attempt(next)
      if (outcome === 'signed out') return
      if (outcome === 'settled') continue
      this.#failures++
      const waitMs = outcome.waitMs ?? Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (this.#failures - 1))
      this.#timer = setTimeout(() => void this.send(), waitMs)
      return
    }
  }

  /** The first write that waits for no decision and for no earlier write of its task that does. */
  #next(): Write | undefined {
    const blocked = new Set<string>()
    for (const write of this.#read()) {
      const of = write.of ?? write.id
      if (write.trouble === undefined && !blocked.has(of) && !blocked.has(write.id)) return write
      blocked.add(write.id).add(write.key)
    }
    return undefined
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
    this.#stop(write, { kind: 'refused', detail })
    return 'settled'
  }

  /** The task has changed since the user saw it. @throws TypeError if the service cannot be reached */
  async #compare(write: Write): Promise<Outcome> {
    const answer = await call('GET', `/api/tasks/${write.id}`)
    if (answer.status === 404) {
      if (write.kind === 'delete') this.#settle(write, null, null)
      else this.#stop(write, { kind: 'refused', detail: 'The task was deleted elsewhere' })
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
    this.update((writes) => settled(writes, write, { task, changeId }))
    this.#events.done(write, task, changeId)
  }

  #stop(write: Write, trouble: Trouble): void {
    this.#replace(write, { ...write, trouble })
  }

  #replace({ key }: Write, by: Write): void {
    this.update((writes) => writes.map((each) => (each.key === key ? by : each)))
  }

  #read(): readonly Write[] {
    try {
      // Only this class writes there.
      return JSON.parse(localStorage.getItem(this.#name) ?? '[]') as readonly Write[]
    } catch {
      return []
    }
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

const retryAfterMs = (headers: Headers): number | undefined => {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

/** One tab at a time, where the browser has locks; elsewhere the keys of the writes keep repetitions from being executed. */
const withLock = async (name: string, work: () => Promise<void>): Promise<void> =>
  // Pages without TLS have no locks.
  'locks' in navigator ? await navigator.locks.request(name, work) : await work()
