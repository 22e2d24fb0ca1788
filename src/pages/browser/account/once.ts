import { h, type Child, type Element } from '../../views/tree.ts'
import type { Section } from './section.ts'

/** Secrets that the service shows once, and texts to paste. */

/** A text with a button that copies it. @param id unique in the section */
export const copyable = (id: string, text: string): Element =>
  h(
    'div',
    { class: 'copyable', 'data-id': id },
    h('pre', {}, h('code', {}, text)),
    h('button', { type: 'button', 'data-do': 'copy' }, 'Copy'),
  )

/** A secret with what to do with it. It stays until the user says that it is stored. */
export const oncePanel = (what: string, secret: string, further: Child): Element =>
  h(
    'div',
    { class: 'once', role: 'group', 'aria-label': what, tabindex: -1 },
    h('p', {}, h('strong', {}, 'Copy it now: '), 'it is shown only this once.'),
    copyable('secret', secret),
    further,
    h('div', { class: 'actions' }, h('button', { type: 'button', 'data-do': 'stored' }, 'I have stored it')),
  )

export const focusPanel = (section: Section): void => section.element.querySelector<HTMLElement>('.once')?.focus()

/** Copies the text of {@link copyable}; where the browser does not allow that, selects it. */
export async function copy(section: Section, id: string): Promise<void> {
  const code = section.element.querySelector(`[data-id="${CSS.escape(id)}"] code`)
  if (code === null) return
  try {
    // The clipboard is missing on pages without TLS, except those of localhost.
    await navigator.clipboard.writeText(code.textContent)
    section.say('Copied.')
  } catch {
    getSelection()?.selectAllChildren(code)
    section.say('Selected: copy it with Ctrl+C or ⌘C.')
  }
}
