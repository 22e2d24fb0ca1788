import type { Task, TaskCreate, TaskPatch } from '../calls.ts'
import type { Client, components } from '../index.ts'
import { newKey } from '../key.ts'
import { isProblem, type ProblemError } from '../problem.ts'
import {
  EMPTY,
  isDone,
  known,
  local,
  operationOf,
  settled,
  withEdit,
  type Edit,
  type LocalTask,
  type Outcome,
  type OutboxState,
  type Sending,
  type Written,
} from './edits.ts'
import type { Follower } from './follow.ts'
import { newId } from './id.ts'

/** An edit that cannot be applied as it is, because the task has changed meanwhile or the service refuses it. */
export interface Conflict {
  readonly edit: Edit
  /** The task as it is now; undefined if it does not exist. */
  readonly current: Task | undefined
  /** What the service says: `precondition_failed`, `not_found`, `conflict`, or `invalid_input` for an edit that it never accepts. */
  readonly code: string
  readonly detail: string
}

/**
 * What becomes of an edit in conflict. `mine`: it is applied to the task as it is now. `theirs`: it is dropped. A patch: that is applied
 * instead. An edit that the service never accepts, and one of a task that does not exist any more, are dropped in each case.
 */
export type Resolution = 'mine' | 'theirs' | TaskPatch

/** Keeps the state between runs of the program. The state consists of JSON values. */
export interface OutboxStorage {
  read(): OutboxState | undefined | Promise<OutboxState | undefined>
  write(state: OutboxState): void | Promise<void>
}

export interface OutboxOptions {
  readonly api: Client
  /** Keeps the copy up to date that `read` reads. */
  readonly follower: Pick<Follower, 'seen'>
  /** The task in the copy. */
  readonly read: (id: string) => Task | undefined | Promise<Task | undefined>
  /** Called for each conflict. See {@link mergeFields}. */
  readonly resolve: (conflict: Conflict) => Resolution | Promise<Resolution>
  /** Without it, edits that have not been sent are lost when the program ends. */
  readonly storage?: OutboxStorage
}

export interface Outbox {
  /** Edits that the service does not have yet. */
  readonly size: number
  /** Each of these resolves when the edit is stored, not when it is sent. @returns the id of the task */
  create(task: Omit<TaskCreate, 'id'>): Promise<string>
  /** @throws Error when there is no such task */
  update(id: string, patch: TaskPatch): Promise<void>
  /** @throws Error when there is no such task */
  delete(id: string): Promise<void>
  /**
   * Sends all edits, in batches. Call it after an edit and when the network is back. What has been sent is done once, however often a
   * batch is repeated.
   *
   * @throws what the client throws; the edits stay
   */
  flush(signal?: AbortSignal): Promise<void>
  /** The tasks of the copy with the edits that it does not have yet. */
  overlay(copy: Iterable<Task>): Map<string, LocalTask>
}

/** The operations of a batch, and their bytes. The service takes a body of 1 MiB. */
const BATCH_MAX = 100
const BATCH_BYTES_MAX = 900_000

/**
 * Merges field by field: an update applies to the newer task, so that fields which it does not name keep what others have set. An update
 * of a task that others have deleted is dropped, and so are a deletion of one that others have changed, and an edit that the service
 * never accepts.
 */
export function mergeFields({ edit, current, code }: Conflict): Resolution {
  return edit.kind === 'delete' || current === undefined || code === 'invalid_input' ? 'theirs' : 'mine'
}

/** Edits of tasks that are made now and sent when the service can be reached. */
export async function openOutbox(options: OutboxOptions): Promise<Outbox> {
  const state = (await options.storage?.read()) ?? EMPTY
  return new StoredOutbox(options, state)
}

type Result = components['schemas']['BatchResult']

class StoredOutbox implements Outbox {
  readonly #options: OutboxOptions
  #state: OutboxState
  #stored: Promise<void> = Promise.resolve()
  #flushing: Promise<void> | undefined

  constructor(options: OutboxOptions, state: OutboxState) {
    this.#options = options
    this.#state = state
    for (const each of state.written) void this.#forgetWhenSeen(each)
  }

  get size(): number {
    return this.#state.pending.length + (this.#state.sending?.edits.length ?? 0)
  }

  async create(task: Omit<TaskCreate, 'id'>): Promise<string> {
    const id = newId()
    await this.#become(withEdit(this.#state, { kind: 'create', id, task }))
    return id
  }

  async update(id: string, patch: TaskPatch): Promise<void> {
    const copied = await this.#options.read(id)
    await this.#become(withEdit(this.#state, { kind: 'update', id, base: this.#base(id, copied), patch }))
  }

  async delete(id: string): Promise<void> {
    const copied = await this.#options.read(id)
    await this.#become(withEdit(this.#state, { kind: 'delete', id, base: this.#base(id, copied) }))
  }

  overlay(copy: Iterable<Task>): Map<string, LocalTask> {
    const copied = new Map(Array.from(copy, (task) => [task.id, task]))
    const { pending, sending, written } = this.#state
    const ids = [...copied.keys(), ...[...written, ...(sending?.edits ?? []), ...pending].map(({ id }) => id)]
    return new Map(
      ids.flatMap((id) => {
        const task = local(this.#state, id, copied.get(id))
        return task === undefined ? [] : [[id, task]]
      }),
    )
  }

  async flush(signal?: AbortSignal): Promise<void> {
    this.#flushing ??= this.#sendAll(signal).finally(() => {
      this.#flushing = undefined
    })
    await this.#flushing
  }

  /** @throws Error when there is no such task */
  #base(id: string, copied: Task | undefined): Task | null {
    if (local(this.#state, id, copied) === undefined) throw new Error('There is no such task')
    if (this.#state.sending?.edits.some((edit) => edit.id === id) === true) return null
    return known(this.#state, id, copied) ?? null
  }

  async #sendAll(signal: AbortSignal | undefined): Promise<void> {
    while (this.size > 0) {
      const { pending, sending } = this.#state
      if (sending === null) {
        const edits = firstBatch(pending)
        await this.#become({ ...this.#state, pending: pending.slice(edits.length), sending: { key: newKey(), edits } })
      }
      if (this.#state.sending !== null) await this.#send(this.#state.sending, signal)
    }
  }

  /** All results of a batch are stored at once, so that after a crash the batch is repeated as a whole. */
  async #send({ key, edits }: Sending, signal: AbortSignal | undefined): Promise<void> {
    const outcomes: Outcome[] = []
    try {
      const { data, response } = await this.#options.api.POST('/api/tasks/batch', {
        params: { header: { 'idempotency-key': key } },
        body: { atomic: false, operations: edits.map(operationOf) },
        signal,
      })
      const cursor = response.headers.get('x-sync-cursor')
      for (const [at, edit] of edits.entries()) {
        const result = data.results[at]
        if (result === undefined) throw new Error('The answer to the batch has too few results')
        outcomes.push(await this.#outcome(edit, result, cursor, signal))
      }
    } catch (error) {
      const refused = edits[refusedOperation(error)]
      if (refused === undefined) throw error
      // The service refuses the whole batch because of this one. The others are sent again under another key.
      const { code, message } = error as ProblemError
      await this.#options.resolve({ edit: refused, current: undefined, code, detail: message })
      outcomes.push(...edits.filter((edit) => edit !== refused).map((again) => ({ edit: again, again })))
    }
    const written = outcomes.flatMap((outcome) => outcome.written ?? [])
    await this.#become(settled(this.#state, outcomes))
    for (const each of written) void this.#forgetWhenSeen(each)
  }

  async #outcome(edit: Edit, result: Result, cursor: string | null, signal: AbortSignal | undefined): Promise<Outcome> {
    const { id } = edit
    const { status, problem, task } = result
    const written = (now: Task | undefined): Outcome => ({
      edit,
      ...(now !== undefined && { current: now }),
      ...(cursor !== null && { written: { id, task: now ?? null, cursor } }),
    })
    if (problem === undefined) return written(task)
    const current = status === 404 ? undefined : (task ?? (await this.#current(id, signal)))
    if (isDone(edit, current)) return written(current)
    const { code, detail } = problem
    const resolution = await this.#options.resolve({ edit, current, code, detail })
    if (current === undefined) return { edit }
    return { edit, current, ...(resolution !== 'theirs' && { again: resolved(edit, current, resolution) }) }
  }

  async #current(id: string, signal: AbortSignal | undefined): Promise<Task | undefined> {
    try {
      return (await this.#options.api.GET('/api/tasks/{id}', { params: { path: { id } }, signal })).data
    } catch (error) {
      if (isProblem(error, 'not_found')) return undefined
      throw error
    }
  }

  async #forgetWhenSeen(written: Written): Promise<void> {
    try {
      await this.#options.follower.seen(written.cursor)
    } catch {
      // Following has ended. The next outbox waits for it again.
      return
    }
    const rest = this.#state.written.filter((each) => each !== written)
    await this.#become({ ...this.#state, written: rest }).catch(() => undefined)
  }

  /** States are stored in their order. @throws what the storage throws */
  #become(state: OutboxState): Promise<void> {
    this.#state = state
    this.#stored = this.#stored.catch(() => undefined).then(() => this.#options.storage?.write(state))
    return this.#stored
  }
}

/** As many of the first edits as fit into a request. */
function firstBatch(pending: readonly Edit[]): readonly Edit[] {
  const encoder = new TextEncoder()
  let bytes = 0
  const end = pending.findIndex((edit, at) => {
    bytes += encoder.encode(JSON.stringify(operationOf(edit))).byteLength + 1
    return at === BATCH_MAX || (at > 0 && bytes > BATCH_BYTES_MAX)
  })
  return end < 0 ? pending : pending.slice(0, end)
}

/** The edit that applies a resolution to the task as it is now. */
function resolved(edit: Edit, current: Task, resolution: 'mine' | TaskPatch): Edit {
  const { id } = edit
  if (typeof resolution === 'object') return { kind: 'update', id, base: current, patch: resolution }
  if (edit.kind === 'create') return { kind: 'update', id, base: current, patch: edit.task }
  return { ...edit, base: current }
}

/** @returns the index of the operation that a 422 names; -1 if it names none */
function refusedOperation(error: unknown): number {
  if (!isProblem(error, 'invalid_input')) return -1
  const [, index] = /^\/operations\/(\d+)/.exec(error.errors[0]?.pointer ?? '') ?? []
  return Number(index ?? -1)
}
