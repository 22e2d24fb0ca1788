import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stateDirectory, writeWhole, type Account, type Environment } from './settings.ts'

/** A task as the last list has shown it. */
export interface Known {
  readonly id: string
  readonly title: string
}

interface Contents {
  readonly tasks: readonly Known[]
  readonly changes: readonly string[]
}

const CHANGES_MAX = 100
const NOTHING: Contents = { tasks: [], changes: [] }

/**
 * What the program remembers of an account: the numbers of the last list, and the ids of the changes that it made. If the file cannot be
 * written, numbers and undo are refused in the next run, and nothing else is.
 */
export class Memory {
  readonly #file: string
  #contents: Contents

  constructor(env: Environment, { url, token }: Account) {
    // Another account has other tasks. The name does not give the token away: it is a part of a hash of random characters.
    const name = createHash('sha256').update(`${url}\n${token}`).digest('hex').slice(0, 16)
    this.#file = join(stateDirectory(env), `${name}.json`)
    this.#contents = read(this.#file)
  }

  /** The tasks by number, from 1. */
  get tasks(): readonly Known[] {
    return this.#contents.tasks
  }

  /** The ids of the changes that can be taken back, the newest last. */
  get changes(): readonly string[] {
    return this.#contents.changes
  }

  numberOf(id: string): number | undefined {
    const at = this.tasks.findIndex((task) => task.id === id)
    return at === -1 ? undefined : at + 1
  }

  /** A new list: its first task is number 1. */
  show(tasks: readonly Known[]): void {
    this.#write({ ...this.#contents, tasks: tasks.map(({ id, title }) => ({ id, title })) })
  }

  /** Gives the tasks that have no number the next ones, and remembers the change that made them. */
  note(tasks: readonly Known[], changeId: string | null): void {
    const known = new Map(this.tasks.map((task) => [task.id, task]))
    for (const { id, title } of tasks) known.set(id, { id, title })
    const changes = changeId === null ? this.changes : [...this.changes, changeId].slice(-CHANGES_MAX)
    this.#write({ tasks: [...known.values()], changes })
  }

  /** The change was taken back, or cannot be. */
  forget(changeId: string): void {
    this.#write({ ...this.#contents, changes: this.changes.filter((each) => each !== changeId) })
  }

  #write(contents: Contents): void {
    this.#contents = contents
    try {
      mkdirSync(join(this.#file, '..'), { recursive: true, mode: 0o700 })
      writeWhole(this.#file, JSON.stringify(contents))
    } catch {
      // See above.
    }
  }
}

/** A file that cannot be read, or that is damaged, counts as empty. */
function read(file: string): Contents {
  try {
    const { tasks, changes } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<string, unknown>> // null throws too
    return Array.isArray(tasks) && Array.isArray(changes)
      ? { tasks: tasks.filter(isKnown), changes: changes.filter((each) => typeof each === 'string') }
      : NOTHING
  } catch {
    return NOTHING
  }
}

const isKnown = (value: unknown): value is Known =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  'title' in value &&
  typeof value.id === 'string' &&
  typeof value.title === 'string'
