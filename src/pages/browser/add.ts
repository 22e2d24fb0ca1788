import { dayIn } from '../views/dates.ts'
import { readLine, type QuickAdd } from '../views/quick-add.ts'
import { h } from '../views/tree.ts'
import { byId, toNodes } from './dom.ts'

/** The line that adds a task. What is typed survives a reload of the tab. */
export class AddLine {
  readonly #input = byId('line', HTMLInputElement)
  readonly #zone: string
  readonly #plain = new Set<string>()
  readonly #name: string

  constructor(userId: string, zone: string) {
    this.#zone = zone
    this.#name = `line-${userId}`
  }

  /** Calls `add` for each line that the user sends. */
  watch(add: (task: QuickAdd['task']) => void): void {
    if (this.#input.value === '') this.#input.value = this.#draft()
    this.#input.addEventListener('input', () => this.#show())
    byId('chips', HTMLDivElement).addEventListener('click', ({ target }) => {
      const words = target instanceof HTMLElement && target.closest<HTMLElement>('.chip')?.dataset['words']
      if (!words) return
      this.#plain.add(words)
      this.#show()
      this.#input.focus()
    })
    byId('add', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      const { task } = this.#read()
      if (task.title === '') return this.#input.focus()
      this.#input.value = ''
      this.#plain.clear()
      this.#show()
      add(task)
    })
    this.#show()
  }

  #read(): QuickAdd {
    return readLine(this.#input.value, this.#zone, dayIn(this.#zone, new Date()), this.#plain)
  }

  #show(): void {
    const { chips } = this.#read()
    const shown = chips.map(({ kind, words, label }) =>
      h(
        'button',
        { type: 'button', class: `chip ${kind}`, 'data-words': words, title: `Keep “${words}” as text` },
        label,
        h('span', { 'aria-hidden': 'true' }, ' ×'),
        h('span', { class: 'hidden' }, `. Keep ${words} as text`),
      ),
    )
    byId('chips', HTMLDivElement).replaceChildren(...toNodes(shown))
    this.#keep(this.#input.value)
  }

  #draft(): string {
    try {
      return sessionStorage.getItem(this.#name) ?? ''
    } catch {
      return ''
    }
  }

  #keep(text: string): void {
    try {
      sessionStorage.setItem(this.#name, text)
    } catch {
      // A browser that keeps nothing: the line is only lost by a reload.
    }
  }
}
