import { editForm, patchOf } from '../views/edit-form.ts'
import type { Task, TaskPatch } from '../views/task.ts'
import { toElement } from './dom.ts'
import type { List } from './list.ts'

/** Edits a task in the place of its row, one at a time. */
export class Editor {
  readonly #list: List
  readonly #zone: string
  readonly #save: (task: Task, patch: TaskPatch) => void
  #open: { readonly task: Task; readonly form: HTMLElement; readonly row: HTMLElement } | undefined

  constructor(list: List, zone: string, save: (task: Task, patch: TaskPatch) => void) {
    this.#list = list
    this.#zone = zone
    this.#save = save
  }

  open(id: string): void {
    const task = this.#list.find(id)
    const row = this.#list.rowOf(id)
    if (task === undefined || row === undefined || this.#list.editing === id) return
    if (this.#open !== undefined && !this.submit()) return
    const form = toElement(editForm(task, this.#zone))
    row.classList.add('editing')
    row.append(form)
    this.#list.editing = id
    this.#open = { task, form, row }
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.submit()
    })
    form.addEventListener('keydown', (event) => this.#onKey(event))
    const title = form.querySelector('input')
    form.scrollIntoView({ block: 'nearest' })
    title?.focus({ preventScroll: true })
    title?.select()
  }

  /** Saves what was changed. @returns false if a field is missing */
  submit(): boolean {
    if (this.#open === undefined) return true
    const { task, form } = this.#open
    const values = new Map(
      [...form.querySelectorAll<HTMLInputElement>('[name]')].map(({ name, value }) => [name, value]),
    )
    if (values.get('title')?.trim() === '') return refuse(form, 'title', 'A task needs a title.')
    if (values.get('time') !== '' && values.get('day') === '') return refuse(form, 'day', 'A time needs a day.')
    const patch = patchOf(values, task, this.#zone)
    this.close()
    if (Object.keys(patch).length > 0) this.#save(task, patch)
    return true
  }

  close(): void {
    if (this.#open === undefined) return
    const { form, row } = this.#open
    const hadFocus = form.contains(document.activeElement)
    form.remove()
    row.classList.remove('editing')
    this.#list.editing = undefined
    this.#open = undefined
    if (hadFocus) row.focus()
    this.#list.draw()
  }

  #onKey(event: KeyboardEvent): void {
    event.stopPropagation()
    const isSubmit = event.key === 'Enter' && (event.ctrlKey || event.metaKey)
    if (event.key === 'Escape') this.close()
    else if (isSubmit) this.submit()
    else return
    event.preventDefault()
  }
}

function refuse(form: HTMLElement, field: string, why: string): false {
  const fault = form.querySelector('.fault')
  if (fault !== null) fault.textContent = why
  form.querySelector<HTMLElement>(`[name=${field}]`)?.focus()
  return false
}
