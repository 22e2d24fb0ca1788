import { neighbourOf } from './chunks.ts'
import { byId } from './dom.ts'

/** What keys do, by name. */
export interface Commands {
  undo(this: void): void
  complete(this: void, id: string): void
  edit(this: void, id: string): void
  remove(this: void, id: string): void
  /** Shows the nth view of the page, from 0. */
  view(this: void, index: number): void
}

/** The keyboard: single keys while no field has the focus, and Ctrl+Z unless a field with text has it. */
export function watchKeys(commands: Commands): void {
  const help = byId('help-dialog', HTMLDialogElement)
  byId('help', HTMLButtonElement).addEventListener('click', () => help.showModal())
  document.addEventListener('keydown', (event) => {
    const { key, target } = event
    if (document.querySelector('dialog[open]') !== null || event.altKey || event.isComposing) return
    const field = target instanceof HTMLElement && target.closest<HTMLInputElement>('input, textarea, select')
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && key.toLowerCase() === 'z') {
      // In a field with text the browser undoes what was typed.
      if (field && field.value !== '') return
      event.preventDefault()
      return commands.undo()
    }
    if (event.ctrlKey || event.metaKey) return
    if (field) {
      if (key === 'Escape') field.blur()
      if (key === 'ArrowDown' && field.id === 'line') return prevent(event, () => move(1))
      return
    }
    const act = actionOf(key, commands, help)
    if (act !== undefined) prevent(event, act)
  })
}

function prevent(event: KeyboardEvent, act: () => void): void {
  event.preventDefault()
  act()
}

function actionOf(key: string, commands: Commands, help: HTMLDialogElement): (() => void) | undefined {
  const focus = (id: string) => () => byId(id, HTMLInputElement).focus()
  const general: Readonly<Record<string, () => void>> = {
    '?': () => help.showModal(),
    '/': focus('q'),
    n: focus('line'),
    u: commands.undo,
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
  }
  if (/^[1-5]$/.test(key)) return () => commands.view(Number(key) - 1)
  const row = document.activeElement?.closest<HTMLElement>('.task')
  const id = row?.dataset['id']
  // On a button, Enter and the space bar press it.
  const isRow = document.activeElement === row
  const ofRow: Readonly<Record<string, (id: string) => void>> = {
    x: commands.complete,
    e: commands.edit,
    Delete: commands.remove,
    Backspace: commands.remove,
    ...(isRow && { Enter: commands.edit, ' ': commands.complete }),
  }
  const act = Object.hasOwn(ofRow, key) ? ofRow[key] : undefined
  if (id !== undefined && act !== undefined) return () => act(id)
  return Object.hasOwn(general, key) ? general[key] : undefined
}

/** Moves the focus to the next or previous row; without one, to the first. */
function move(by: 1 | -1): void {
  const row = document.activeElement?.closest('.task')
  const next = row ? neighbourOf(row, by) : document.querySelector('.task')
  if (next instanceof HTMLElement) next.focus()
  else if (by === -1) byId('line', HTMLInputElement).focus()
}
