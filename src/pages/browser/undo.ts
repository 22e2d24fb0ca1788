import type { Done, Write } from '../views/writes.ts'
import { newId } from './api.ts'
import { showToast } from './dom.ts'
import type { Queue } from './queue.ts'

interface Step {
  readonly write: Write
  /** The change in the history; undefined until the service has confirmed the write. */
  changeId?: string
}

/** The writes of this tab, to take back the last one. The history of the account page has the others. */
export class UndoStack {
  readonly #queue: Queue
  readonly #button: HTMLButtonElement
  readonly #isOffered: boolean
  readonly #steps: Step[] = []

  /** @param isOffered false if the service cannot undo changes */
  constructor(queue: Queue, button: HTMLButtonElement, isOffered: boolean) {
    this.#queue = queue
    this.#button = button
    this.#isOffered = isOffered
    button.addEventListener('click', () => this.run())
  }

  push(write: Write): void {
    this.#steps.push({ write })
    this.#button.disabled = false
  }

  confirm({ write: { key }, changeId }: Done): void {
    const at = this.#steps.findIndex(({ write }) => write.key === key)
    const done = this.#steps[at]
    if (done === undefined) return
    if (changeId === null) this.#steps.splice(at, 1)
    else done.changeId = changeId
    this.#button.disabled = this.#steps.length === 0
  }

  /** For a message about the last write. */
  get action(): { readonly label: string; run(): void } | undefined {
    return this.#isOffered ? { label: 'Undo', run: () => this.run() } : undefined
  }

  /** Takes back the last write of this tab, whether the service has executed it or not. */
  run(): void {
    if (!this.#isOffered) return
    // Writes that were discarded are neither confirmed nor in the queue.
    const waiting = new Set(this.#queue.writes.map(({ key }) => key))
    const at = this.#steps.findLastIndex(({ write, changeId }) => changeId !== undefined || waiting.has(write.key))
    const [last] = this.#steps.splice(Math.max(0, at))
    this.#button.disabled = this.#steps.length === 0
    if (at === -1 || last === undefined) return showToast('Nothing to undo in this tab')
    const { write, changeId } = last
    const undo = { kind: 'undo', key: newId(), title: write.title, patch: {}, base: null } as const
    this.#queue.add(changeId === undefined ? { ...undo, id: '', of: write.key } : { ...undo, id: changeId })
    showToast(`Undid the last change of “${write.title}”`)
  }
}
