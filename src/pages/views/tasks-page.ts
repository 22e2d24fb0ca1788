import { taskRow, type RowContext } from './task-row.ts'
import { PRIORITY_NAMES, type Task, type User } from './task.ts'
import { h, type Child, type Element } from './tree.ts'
import { addressOf, NEWEST_FIRST, OPEN_VIEW, SORTS, type View } from './view.ts'

/** What `/` is made of, and what its script begins with. */
export interface TasksPage {
  readonly user: User
  readonly view: View
  /** The parts of the address that are not in the view. */
  readonly unknown: readonly string[]
  readonly tasks: readonly Task[]
  /** The cursor of the next page; null on the last one. */
  readonly next: string | null
  /** Where the events of the list begin; null if the list could not be read. */
  readonly position: string | null
  /** Why the list could not be read. */
  readonly fault: string | null
  /** The service can undo changes. */
  readonly canUndo: boolean
}

/** @param root the relative path of the service */
export function tasksPage(page: TasksPage, root: string, context: RowContext): Child {
  return [
    h('a', { class: 'skip', href: '#list' }, 'Skip to the tasks'),
    pageHeader(root, 'tasks', page),
    h(
      'main',
      {},
      h('h1', { class: 'hidden' }, 'Your tasks'),
      addForm(),
      filters(page.view),
      page.unknown.length > 0 && notUnderstood(page.unknown),
      h('div', { id: 'troubles', role: 'region', 'aria-label': 'Changes that need you' }),
      h(
        'div',
        { id: 'list', role: 'list', 'aria-label': 'Tasks', tabindex: -1 },
        h(
          'div',
          { class: 'chunk', role: 'presentation' },
          page.tasks.map((task) => taskRow(task, context)),
        ),
      ),
      h('div', { id: 'end' }, endOfList(page)),
    ),
    h(
      'footer',
      {},
      h('div', { id: 'status', role: 'status' }, h('noscript', {}, 'This page needs JavaScript to change tasks.')),
    ),
    h('div', { id: 'toast', role: 'status', hidden: true }),
    helpDialog(page.canUndo),
    signedOutDialog(),
  ]
}

/** @param canUndo for the page with tasks */
export function pageHeader(
  root: string,
  current: 'tasks' | 'account' | 'consent',
  { user, canUndo = false }: { readonly user: User; readonly canUndo?: boolean },
): Element {
  return h(
    'header',
    {},
    h('a', { class: 'brand', href: root, 'aria-current': current === 'tasks' ? 'page' : undefined }, 'Tasks'),
    h('span', { class: 'space' }),
    current === 'tasks' && [
      h(
        'button',
        { type: 'button', class: 'quiet', id: 'undo', disabled: true, hidden: !canUndo, title: 'Undo (Ctrl+Z)' },
        'Undo',
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'quiet',
          id: 'help',
          'aria-label': 'Keyboard shortcuts',
          title: 'Keyboard shortcuts (?)',
        },
        '?',
      ),
    ],
    h(
      'a',
      { class: 'quiet name', href: `${root}account`, 'aria-current': current === 'account' ? 'page' : undefined },
      h('bdi', {}, user.name),
    ),
    h('button', { type: 'button', class: 'quiet', id: 'sign-out' }, 'Sign out'),
  )
}

const addForm = (): Element =>
  h(
    'form',
    { id: 'add', novalidate: true },
    h('label', { for: 'line', class: 'hidden' }, 'Add a task'),
    h('input', {
      id: 'line',
      name: 'line',
      autocomplete: 'off',
      enterkeyhint: 'done',
      placeholder: 'Add a task: Buy milk !high #home tomorrow',
      'aria-describedby': 'chips',
    }),
    h('button', { type: 'submit', class: 'primary' }, 'Add'),
    h('div', { id: 'chips', 'aria-live': 'polite' }),
  )

const VIEWS: readonly (readonly [name: string, view: View])[] = [
  ['Open', OPEN_VIEW],
  ['Today', { completed: 'false', due: 'today' }],
  ['Overdue', { completed: 'false', due: 'overdue' }],
  ['Done', { completed: 'true', sort: '-updatedAt' }],
  ['All', { completed: 'any' }],
]

const notUnderstood = (parts: readonly string[]): Element =>
  h('p', { id: 'unknown', role: 'status' }, `Not understood in the address, and left out: ${parts.join(', ')}`)

/** Links and a form with the method GET, which work without a script. */
const filters = (view: View): Element =>
  h(
    'form',
    { id: 'filters', method: 'get', role: 'search' },
    h('nav', { id: 'views', 'aria-label': 'Views' }, viewLinks(view)),
    h('label', { for: 'q', class: 'hidden' }, 'Search'),
    h('input', { id: 'q', name: 'q', type: 'search', maxlength: 200, placeholder: 'Search', value: view.q ?? '' }),
    select('priority', 'Priority', [['', 'Any priority'], ...Object.entries(PRIORITY_NAMES)], view.priority ?? ''),
    select('sort', 'Order', Object.entries(SORTS), view.sort ?? NEWEST_FIRST),
    h('div', { id: 'fixed' }, fixedFilters(view)),
    h('noscript', {}, h('button', { type: 'submit' }, 'Show')),
  )

export const viewLinks = (view: View): Child =>
  VIEWS.map(([name, each]) =>
    h(
      'a',
      {
        href: addressOf({ ...pick(view), ...each }) || '?',
        'aria-current': view.completed === each.completed && view.due === each.due ? 'page' : undefined,
      },
      name,
    ),
  )

/** The filters that have no field of their own. */
export const fixedFilters = (view: View): Child => [
  view.completed !== 'false' && h('input', { type: 'hidden', name: 'completed', value: view.completed }),
  view.due !== undefined && h('input', { type: 'hidden', name: 'due', value: view.due }),
  view.tag !== undefined && [
    h('input', { type: 'hidden', name: 'tag', value: view.tag }),
    h('a', { class: 'chip', href: addressOf(withoutTag(view)) || '?', title: 'Show all tags' }, `#${view.tag} ×`),
  ],
]

/** What stays when another view is chosen. */
const pick = ({ priority, tag, q }: View) => ({
  ...(priority !== undefined && { priority }),
  ...(tag !== undefined && { tag }),
  ...(q !== undefined && { q }),
})

const withoutTag = ({ tag: _tag, ...rest }: View): View => rest

const select = (
  name: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
): Child => [
  h('label', { for: name, class: 'hidden' }, label),
  h(
    'select',
    { id: name, name },
    options.map(([each, text]) => h('option', { value: each, selected: each === value }, text)),
  ),
]

/** What stands below the list: nothing, a fault, or what to do with an empty list. */
export function endOfList({ fault, tasks, next, view }: Pick<TasksPage, 'fault' | 'tasks' | 'next' | 'view'>): Child {
  if (fault !== null) {
    return h('p', { class: 'empty fault', role: 'alert' }, fault, ' ', h('a', { href: '?' }, 'Show the open tasks'))
  }
  if (next !== null) return h('p', { class: 'empty' }, 'Loading more…')
  if (tasks.length > 0) return null
  if (view.q !== undefined) return h('p', { class: 'empty' }, `No task here matches “${view.q}”.`)
  if (addressOf(view) === '') return h('p', { class: 'empty' }, 'Nothing to do. Add a task above.')
  return h('p', { class: 'empty' }, 'No tasks here.')
}

const UNDO = 'Undo the last change'
const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['N', 'Add a task'],
  ['/', 'Search'],
  ['↑ ↓ or K J', 'Move in the list'],
  ['X', 'Complete or reopen'],
  ['Enter or E', 'Edit'],
  ['Delete', 'Delete'],
  ['Ctrl+Z or U', UNDO],
  ['1 – 5', 'Open, Today, Overdue, Done, All'],
  ['Esc', 'Cancel'],
  ['?', 'This list'],
]

const helpDialog = (canUndo: boolean): Element =>
  h(
    'dialog',
    { id: 'help-dialog', 'aria-labelledby': 'help-title' },
    h('h2', { id: 'help-title' }, 'Keyboard'),
    h(
      'dl',
      {},
      KEYS.filter(([, does]) => canUndo || does !== UNDO).map(([keys, does]) => [
        h('dt', {}, h('kbd', {}, keys)),
        h('dd', {}, does),
      ]),
    ),
    h('form', { method: 'dialog' }, h('button', { class: 'primary' }, 'Close')),
  )

export const signedOutDialog = (): Element =>
  h(
    'dialog',
    { id: 'signed-out', 'aria-labelledby': 'signed-out-title' },
    h('h2', { id: 'signed-out-title' }, 'You are signed out'),
    h('p', {}, 'This session has ended. Changes that were not sent are kept in this browser until you sign in again.'),
    h('form', { method: 'dialog' }, h('button', { class: 'primary', id: 'sign-in-again' }, 'Sign in')),
  )
