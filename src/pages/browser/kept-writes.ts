import type { Write } from '../views/writes.ts'

/**
 * The writes of a user in the storage of the browser, which all tabs share. Each has an item of its own: the storage has no
 * transactions, so of two tabs that change a list at the same time one would overwrite the write of the other.
 */
export class KeptWrites {
  readonly #prefix: string
  /** What the browser has refused to keep, for instance because its storage is full, by the name of its item. */
  readonly #refused = new Map<string, Write>()

  constructor(userId: string) {
    this.#prefix = `write-${userId}-`
  }

  get isComplete(): boolean {
    return this.#refused.size === 0
  }

  /** Calls `changed` when another tab has changed the writes. */
  watch(changed: () => void): void {
    addEventListener('storage', ({ key }) => {
      if (key === null || key.startsWith(this.#prefix)) changed()
    })
  }

  /** In the order in which they were added. */
  read(): readonly Write[] {
    return this.#names().flatMap((name) => this.#get(name) ?? [])
  }

  add(write: Write): void {
    // A clock that was set back does not change the order.
    const last = Number(this.#names().at(-1)?.slice(this.#prefix.length).split('-', 1)[0] ?? 0)
    const place = Math.max(Date.now(), last + 1)
    this.#set(`${this.#prefix}${place}-${write.key}`, write)
  }

  /** Changes or removes writes. One that another tab has removed stays removed. */
  update(change: (write: Write) => Write | undefined): void {
    for (const name of this.#names()) {
      const write = this.#get(name)
      if (write === undefined) continue
      const changed = change(write)
      if (changed === undefined) this.#remove(name)
      else if (changed !== write) this.#set(name, changed)
    }
  }

  /** Names begin with a number of milliseconds, which has 13 digits until the year 2286. */
  #names(): string[] {
    return [...new Set([...storedNames(), ...this.#refused.keys()])]
      .filter((name) => name.startsWith(this.#prefix))
      .sort()
  }

  #get(name: string): Write | undefined {
    const refused = this.#refused.get(name)
    if (refused !== undefined) return refused
    const text = localStorage.getItem(name)
    // Only this class writes there.
    return text === null ? undefined : (JSON.parse(text) as Write)
  }

  #set(name: string, write: Write): void {
    try {
      localStorage.setItem(name, JSON.stringify(write))
      this.#refused.delete(name)
    } catch {
      this.#refused.set(name, write)
    }
  }

  #remove(name: string): void {
    this.#refused.delete(name)
    if (storedNames().includes(name)) localStorage.removeItem(name)
  }
}

/** None where the user has switched the storage off. */
function storedNames(): string[] {
  try {
    return Object.keys(localStorage)
  } catch {
    return []
  }
}
