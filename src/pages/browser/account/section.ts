import { momentText } from '../../views/dates.ts'
import { h, type Child, type Element as Tree } from '../../views/tree.ts'
import type { AccountPage } from '../../views/account-page.ts'
import { call, newId, refusalOf, type Answer } from '../api.ts'
import { toNodes } from '../dom.ts'

/** A section of the account page. */
export interface Section {
  readonly page: AccountPage
  readonly element: HTMLElement
  /** Shows the content. */
  show(this: void, content: Child): void
  /** Says how an action ended, to screen readers too. */
  say(this: void, text: string, isFault?: boolean): void
  /** Call when something was changed that other sections show: they read it again. */
  changed(this: void): void
  onChanged(this: void, act: () => void): void
  /** Called with the `data-do` of a button that was pressed, and the `data-id` of its row. */
  onAction(this: void, act: (does: string, id: string) => Promise<void>): void
  /** Called with the fields of a form of the section that was sent. */
  onSubmit(this: void, act: (values: Fields, form: HTMLFormElement) => Promise<void>): void
}

/** The text of a field by its name; of a box, `on` if it is ticked. */
export type Fields = (name: string) => string

const CHANGED = 'account-changed'

export function openSection(page: AccountPage, element: HTMLElement): Section {
  const content = element.querySelector('.content')
  const outcome = element.querySelector('.outcome')
  const busy = async (button: HTMLElement | null, work: () => Promise<void>): Promise<void> => {
    if (button instanceof HTMLButtonElement) button.disabled = true
    try {
      await work()
    } catch (error) {
      section.say(error instanceof TypeError ? 'The service cannot be reached. Try again.' : String(error), true)
    }
    if (button instanceof HTMLButtonElement) button.disabled = false
  }
  const section: Section = {
    page,
    element,
    show: (child) => content?.replaceChildren(...toNodes(child)),
    say: (text, isFault = false) => {
      if (outcome === null) return
      outcome.textContent = text
      outcome.classList.toggle('fault', isFault)
    },
    changed: () => void document.dispatchEvent(new Event(CHANGED)),
    onChanged: (act) => document.addEventListener(CHANGED, act),
    onAction: (act) =>
      element.addEventListener('click', ({ target }) => {
        const button = target instanceof Element && target.closest<HTMLElement>('[data-do]')
        if (!button) return
        const id = button.closest<HTMLElement>('[data-id]')?.dataset['id'] ?? ''
        void busy(button, () => act(button.dataset['do'] ?? '', id))
      }),
    onSubmit: (act) =>
      element.addEventListener('submit', (event) => {
        event.preventDefault()
        if (!(event.target instanceof HTMLFormElement)) return
        const form = event.target
        const data = new FormData(form)
        const values: Fields = (name) => {
          const value = data.get(name)
          return typeof value === 'string' ? value : ''
        }
        void busy(form.querySelector('[type=submit]'), () => act(values, form))
      }),
  }
  return section
}

/** Reads for a section, and shows why if that fails. @returns undefined after a failure */
export async function read(section: Section, path: string): Promise<Answer | undefined> {
  try {
    const answer = await call('GET', path)
    if (answer.ok) return answer
    if (answer.status !== 401) section.show(unread(refusalOf(answer).detail))
  } catch {
    section.show(unread('The service cannot be reached.'))
  }
  return undefined
}

const unread = (why: string): Tree =>
  h('p', { class: 'fault' }, `${why} `, h('button', { type: 'button', 'data-do': 'again' }, 'Try again'))

/** A write of a section, executed once. @returns undefined after a refusal, which is said */
export async function write(
  section: Section,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer | undefined> {
  const headers = path.startsWith('/api/auth/') ? {} : { 'idempotency-key': newId() }
  const answer = await call(method, path, { ...(body !== undefined && { body }), headers })
  if (answer.ok) return answer
  section.say(refusalOf(answer).detail, true)
  return undefined
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

export const moment = (instant: string): Tree => h('time', { datetime: instant }, momentText(instant, ZONE))

/** A row with a heading, facts and buttons. */
export const row = (
  id: string,
  heading: Child,
  facts: Child,
  actions: readonly (readonly [does: string, label: string])[],
): Tree =>
  h(
    'li',
    { class: 'row', 'data-id': id },
    h('div', {}, h('div', {}, heading), h('div', { class: 'dim' }, facts)),
    h(
      'div',
      { class: 'actions' },
      actions.map(([does, label]) => h('button', { type: 'button', 'data-do': does }, label)),
    ),
  )

export const more = (next: string | null): Child =>
  next !== null && h('p', {}, h('button', { type: 'button', 'data-do': 'more' }, 'Show more'))

/** Asks before something that cannot be undone: the button has to be pressed twice. */
export function isConfirmed(button: HTMLElement | null, label: string): boolean {
  if (button === null || button.dataset['sure'] === 'yes') return true
  button.dataset['sure'] = 'yes'
  button.textContent = label
  button.classList.add('danger')
  return false
}
