import type { Task, TaskPatch } from '../views/task.ts'
import type { TasksPage } from '../views/tasks-page.ts'
import { troubleCard } from '../views/trouble-card.ts'
import { addressOf, viewOf, type View } from '../views/view.ts'
import { corrected, refusedOf, type Write } from '../views/writes.ts'
import { AddLine } from './add.ts'
import { newId } from './api.ts'
import { neighbourOf } from './chunks.ts'
import { byId, readData, showToast, toElement } from './dom.ts'
import { Editor } from './editor.ts'
import { showFilters, watchFilters } from './filters.ts'
import { watchKeys } from './keys.ts'
import { List } from './list.ts'
import { Live } from './live.ts'
import { Queue } from './queue.ts'
import { watchSession } from './session.ts'
import { showStatus } from './status.ts'
import { UndoStack } from './undo.ts'

/** The script of `/` for a signed-in user. */

// The server has written it, with this type.
const page = readData() as TasksPage
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone
const state = { isReached: true, isLive: false, isPending: true }

const queue = new Queue(page.user.id, {
  changed: () => {
    list.draw()
    drawTroubles()
    drawStatus()
  },
  done: (done) => {
    undo.confirm(done)
    const { write, task } = done
    if (write.kind === 'delete' && write.base !== null) list.remove(write.base)
    if (write.kind === 'undo') list.refreshSoon()
    if (task !== null) list.put(task)
  },
  reached: (isReached) => {
    state.isReached = isReached
    drawStatus()
  },
})
const list = new List(page, ZONE, () => queue.writes)
const undo = new UndoStack(queue, byId('undo', HTMLButtonElement), page.canUndo)
const editor = new Editor(list, ZONE, (task, patch) => change(task, patch))
new AddLine(page.user.id, ZONE).watch((task) =>
  write({ kind: 'create', id: newId(), title: task.title, patch: task, base: null }),
)

const live = new Live(page.position, {
  changed: (event) => list.take(event),
  missed: () => void list.refresh(),
  connected: (isLive) => {
    state.isLive = isLive
    state.isReached = isLive
    state.isPending = false
    if (isLive) void queue.send()
    drawStatus()
  },
})

function write(given: Omit<Write, 'key'>): Write {
  const made = { ...given, key: newId() }
  queue.add(made)
  undo.push(made)
  return made
}

function change(task: Task, patch: TaskPatch): void {
  const refused = refusedOf(queue.writes, task.id)
  if (refused !== undefined) return correct(refused, patch)
  write({ kind: 'change', id: task.id, title: task.title, patch, base: task })
}

/** Sends a refused write again, with what the user has corrected. */
function correct(refused: Write, patch: TaskPatch): void {
  const write = corrected(refused, patch, newId())
  queue.update((each) => (each.key === write.key ? write : each))
  void queue.send()
}

function complete(id: string): void {
  const task = list.find(id)
  if (task === undefined) return
  const isDone = task.status !== 'COMPLETED'
  focusNext(id)
  const status = isDone ? 'COMPLETED' : 'TODO'
  const refused = refusedOf(queue.writes, id)
  if (refused?.kind === 'create') return correct(refused, { status })
  write({ kind: 'complete', id, title: task.title, patch: { status }, base: task })
  showToast(`${isDone ? 'Completed' : 'Reopened'} “${task.title}”`, undo.action)
}

function remove(id: string): void {
  const task = list.find(id)
  if (task === undefined) return
  focusNext(id)
  const refused = refusedOf(queue.writes, id)
  if (refused !== undefined) discard(refused.key)
  // The service does not have it.
  if (refused?.kind === 'create') return
  write({ kind: 'delete', id, title: task.title, patch: {}, base: task })
  showToast(`Deleted “${task.title}”`, undo.action)
}

/** A row that leaves the list passes its focus to a neighbour. */
function focusNext(id: string): void {
  const row = list.rowOf(id)
  if (row === undefined || !row.contains(document.activeElement)) return
  const next = neighbourOf(row, 1) ?? neighbourOf(row, -1)
  if (next !== null) next.focus()
  else byId('line', HTMLInputElement).focus()
}

function show(view: View, isNew = true): void {
  if (!editor.submit()) return
  document.getElementById('unknown')?.remove()
  if (isNew) history.pushState(null, '', `${location.pathname}${addressOf(view)}`)
  showFilters(view)
  void list.show(view)
}

function drawTroubles(): void {
  const region = byId('troubles', HTMLDivElement)
  const cards = queue.writes.flatMap((each) => troubleCard(each, ZONE, new Date()) ?? [])
  const keys = cards.map(({ attributes }) => attributes['data-key'])
  const shown = [...region.querySelectorAll<HTMLElement>('.trouble')].map(({ dataset }) => dataset['key'])
  if (JSON.stringify(keys) !== JSON.stringify(shown)) region.replaceChildren(...cards.map(toElement))
}

function decide(key: string, does: string): void {
  const refused = queue.writes.find((each) => each.key === key)
  if (refused === undefined) return
  const { trouble, kind, patch, title, base, id } = refused
  if (does === 'correct') return editor.open(id)
  if (does === 'again') return correct(refused, {})
  if (does === 'mine' && trouble?.kind === 'conflict') return correct({ ...refused, base: trouble.theirs }, {})
  discard(key)
  if (does === 'both' && kind === 'change') {
    const { title: baseTitle = title, description = null, priority = 'MEDIUM', dueDate = null, tags = [] } = base ?? {}
    const copy = { title: baseTitle, description, priority, dueDate, tags, ...patch }
    write({ kind: 'create', id: newId(), title: copy.title, patch: copy, base: null })
  }
  list.refreshSoon()
}

/** Removes a write, and the undo of it. */
const discard = (key: string): void => queue.update((each) => (each.key === key || each.of === key ? undefined : each))

function drawStatus(): void {
  const { writes, isKept, isPaused } = queue
  const undecided = writes.filter(({ trouble }) => trouble !== undefined).length
  showStatus({ ...state, waiting: writes.length, undecided, isPaused, isKept })
}

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element && event.target.closest<HTMLElement>('[data-do]')
  if (!button) return
  const does = button.dataset['do'] ?? ''
  const key = button.closest<HTMLElement>('.trouble')?.dataset['key']
  const id = button.closest<HTMLElement>('.task')?.dataset['id']
  if (key !== undefined) decide(key, does)
  else if (does === 'tag') show({ ...list.view, tag: button.dataset['tag'] ?? '' })
  else if (does === 'cancel') editor.close()
  else if (id !== undefined && does === 'complete') complete(id)
  else if (id !== undefined && does === 'edit') editor.open(id)
  else if (id !== undefined && does === 'delete') remove(id)
})
addEventListener('popstate', () => show(viewOf(new URLSearchParams(location.search)), false))
watchFilters(() => list.view, show)
watchSession(page.user)
watchKeys({
  undo: () => undo.run(),
  complete,
  edit: (id) => editor.open(id),
  remove,
  view: (index) => document.querySelectorAll<HTMLElement>('#filters nav a')[index]?.click(),
})
// The address says what is shown, so that a bookmark of it does too.
if (page.unknown.length > 0) history.replaceState(null, '', `${location.pathname}${addressOf(page.view)}`)
document.cookie = `zone=${encodeURIComponent(ZONE)}; Path=${location.pathname}; SameSite=Lax; Max-Age=31536000`
drawTroubles()
drawStatus()
live.connect()
void queue.send()
