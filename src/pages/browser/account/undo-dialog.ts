import type { Actor } from '../../views/history-text.ts'
import { actorText } from '../../views/history-text.ts'
import { quoted } from '../../views/quoted.ts'
import { h, type Child } from '../../views/tree.ts'
import { changesText, leftList, sinceOf, SPANS, tasksText, type Left, type Outcome } from '../../views/undo-texts.ts'
import { call } from '../api.ts'
import { toElement, toNodes } from '../dom.ts'
import type { Section } from './section.ts'
import { planUndo, Refused, runUndo, type Plan, type Wanted } from './undo-run.ts'

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone
/** Tasks that stay as they are, and whose titles are read. */
const TITLES_MAX = 50

/** Opens the dialog that takes back what an app, a token or a service did: a span is chosen, shown, and then undone. */
export function openUndo(section: Section, actor: Actor): void {
  const dialog = toElement(h('dialog', { class: 'undo', 'aria-labelledby': 'undo-title' }))
  if (!(dialog instanceof HTMLDialogElement)) return
  document.body.append(dialog)
  // The browser gives the focus back to the button that has opened it.
  dialog.addEventListener('close', () => dialog.remove())
  new UndoDialog(section, dialog, actor).choose()
  dialog.showModal()
}

class UndoDialog {
  readonly #section: Section
  readonly #dialog: HTMLDialogElement
  readonly #actor: Actor
  #wanted: Wanted | undefined

  constructor(section: Section, dialog: HTMLDialogElement, actor: Actor) {
    this.#section = section
    this.#dialog = dialog
    this.#actor = actor
    dialog.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#guarded(() => this.#plan(dialog.querySelector('select')?.value ?? ''))
    })
    dialog.addEventListener('click', ({ target }) => {
      const does = target instanceof Element ? target.closest<HTMLElement>('[data-do]')?.dataset['do'] : undefined
      if (does === 'close') dialog.close()
      if (does === 'back') this.choose()
      if (does === 'run') void this.#guarded(() => this.#run())
    })
  }

  choose(): void {
    this.#show(
      h(
        'form',
        { class: 'fields' },
        h(
          'div',
          { class: 'field' },
          h('label', { for: 'undo-span' }, 'Its changes of'),
          h(
            'select',
            { id: 'undo-span' },
            SPANS.map(([value, label]) => h('option', { value }, label)),
          ),
        ),
        h(
          'div',
          { class: 'actions' },
          h('button', { type: 'submit', class: 'primary' }, 'Show what that is'),
          button('close', 'Cancel'),
        ),
      ),
    )
    this.#dialog.querySelector('select')?.focus()
  }

  async #plan(span: string): Promise<void> {
    this.#wanted = { actor: this.#actor, since: sinceOf(span, new Date()) }
    this.#progress('Counting…')
    const plan = await planUndo(this.#wanted, (seconds) => this.#progress(waiting(seconds)))
    const titles = plan.kind === 'exact' ? await titlesOf(plan.left) : new Map<string, string>()
    const canRun = plan.kind === 'large' || plan.tasks > 0
    this.#show(
      planText(plan),
      plan.kind === 'exact' && leftList(plan.left, titles, ZONE),
      h(
        'div',
        { class: 'actions' },
        canRun && h('button', { type: 'button', class: 'primary', 'data-do': 'run' }, 'Undo it'),
        button('back', 'Another time'),
        button('close', canRun ? 'Cancel' : 'Close'),
      ),
    )
    this.#focusFirst()
  }

  async #run(): Promise<void> {
    if (this.#wanted === undefined) return
    this.#progress('Undoing…')
    let so = ''
    const outcome = await runUndo(this.#wanted, {
      onProgress: ({ tasks }) => {
        so = `${tasksText(tasks)} set back so far. `
        this.#progress(so)
      },
      onWait: (seconds) => this.#progress(so + waiting(seconds)),
      isStopped: () => !this.#dialog.open,
    })
    this.#section.changed()
    this.#section.say(doneText(outcome))
    if (!this.#dialog.open) return
    this.#show(
      h('p', {}, doneText(outcome)),
      leftList(outcome.left, await titlesOf(outcome.left), ZONE),
      h('div', { class: 'actions' }, button('close', 'Close')),
    )
    this.#focusFirst()
  }

  /** Shows why the work could not go on. What was done until then stays, and the sections show it. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const why = error instanceof Refused ? error.message : 'The service cannot be reached'
      this.#section.changed()
      this.#show(
        h('p', { class: 'fault', role: 'alert' }, `${why}. What was undone until now stays undone.`),
        h('div', { class: 'actions' }, button('back', 'Try again'), button('close', 'Close')),
      )
      this.#focusFirst()
    }
  }

  /** Closing the dialog stops it after the request that is on its way. */
  #progress(text: string): void {
    const line = this.#dialog.querySelector('output')
    if (line === null) this.#show(h('output', {}, text), h('div', { class: 'actions' }, button('close', 'Stop')))
    else line.textContent = text
  }

  #show(...content: readonly Child[]): void {
    const title = h('h2', { id: 'undo-title' }, 'Undo what ', quoted(actorText(this.#actor)), ' did')
    this.#dialog.replaceChildren(...toNodes([title, content]))
  }

  #focusFirst(): void {
    this.#dialog.querySelector<HTMLElement>('button')?.focus()
  }
}

const button = (does: string, label: string): Child => h('button', { type: 'button', 'data-do': does }, label)

const waiting = (seconds: number): string => `Waiting ${seconds} s for the limit of requests.`

function planText(plan: Plan): Child {
  if (plan.kind === 'large') {
    return h(
      'p',
      {},
      `It made ${changesText(plan.changes)} in this time. They are undone in several steps, the newest first. What was changed later stays, and is listed at the end.`,
    )
  }
  if (plan.tasks > 0) return h('p', {}, `${tasksText(plan.tasks)} will be set back to what they were before.`)
  return h('p', {}, plan.left.length > 0 ? 'Nothing can be undone.' : 'There is nothing to undo in this time.')
}

const doneText = ({ tasks }: Outcome): string =>
  tasks === 0
    ? 'Nothing was undone.'
    : `Undone: ${tasksText(tasks)} set back. The undo is in the history, and can be undone too.`

/** The titles of tasks that exist. */
async function titlesOf(left: readonly Left[]): Promise<ReadonlyMap<string, string>> {
  const titles = new Map<string, string>()
  await Promise.all(
    left.slice(0, TITLES_MAX).map(async ({ id }) => {
      const answer = await call('GET', `/api/tasks/${id}`).catch(() => undefined)
      // This route answers with a task.
      if (answer?.ok === true) titles.set(id, (answer.json as { readonly title: string }).title)
    }),
  )
  return titles
}
