import type { Write } from '../views/writes.ts'
import { newId } from './api.ts'
import { showToast } from './dom.ts'
import type { Queue } from './queue.ts'

interface Done {
  readonly write: Write
  /** The change in the history; undefined until the service has confirmed the write. */
  changeId?: string
}

/** The writes of this tab, to take back the last one. The history of the account page has the others. */
export class UndoStack {
  readonly #queue: Queue
  readonly #button: HTMLButtonElement
  readonly #isOffered: boolean
  readonly #done: Done[] = []

  /** @param isOffered false if the service cannot undo changes */
  constructor(queue: Queue, button: HTMLButtonElement, isOffered: boolean) {
    this.#queue = queue
    this.#button = button
    this.#isOffered = isOffered
    button.addEventListener('click', () => this.run())
  }

  push(write: Write): void {
    this.#done.push({ write })
    this.#button.disabled = false
  }

  /** @param changeId null if the write changed nothing */
  confirm({ key }: Write, changeId: string | null): void {
    const at = this.#done.findIndex(({ write }) => write.key === key)
    const done = this.#done[at]
    if (done === undefined) return
    if (changeId === null) this.#done.splice(at, 1)
    else done.changeId = changeId
    this.#button.disabled = this.#done.length === 0
  }

  /** For a message about the last write. */
  get action(): { readonly label: string; run(): void } | undefined {
    return this.#isOffered ? { label: 'Undo', run: () => this.run() } : undefined
  }

  /** Takes back the last write: a write that was never sent is removed, any other one is undone by the service. */
  run(): void {
    if (!this.#isOffered) return
    const last = this.#done.pop()
    this.#button.disabled = this.#done.length === 0
    if (last === undefined) return showToast('Nothing to undo in this tab')
    const { write, changeId } = last
    const { title, key } = write
    const waiting = this.#queue.writes.find((each) => each.key === key)
    if (waiting !== undefined && waiting.isTried !== true) {
      this.#queue.update((writes) => writes.filter((each) => each.key !== key))
    } else {
      const undo = { kind: 'undo', key: newId(), title, patch: {}, base: null } as const
      this.#queue.add(changeId === undefined ? { ...undo, id: '', of: key } : { ...undo, id: changeId })
    }
    showToast(`Undid the last change of “${title}”`)
  }
}
