import { dueText } from '../../views/dates.ts'
import { listOf, readText, type Notification } from '../../views/notification-texts.ts'
import { h, type Child, type Element as Tree } from '../../views/tree.ts'
import { call, type Answer } from '../api.ts'
import { ROOT } from '../dom.ts'
import { Live, type Change } from '../live.ts'
import { moment, more, read, row, write, type Section } from './section.ts'

const PATH = '/api/notifications'
const PAGE = 20
/** The most that one request answers. */
const PAGE_MAX = 200

const LIST_PATH = new URL(ROOT).pathname
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

export function notificationsSection(section: Section): void {
  const notifications = new Notifications(section)
  section.onAction((does, id) => notifications.act(does, id))
  void notifications.read(PAGE)
  const live = new Live(null, {
    reminded: (notification) => void notifications.add(notification),
    changed: (change) => void notifications.follow(change),
    missed: () => void notifications.refresh(),
    connected: () => undefined,
  })
  live.connect()
  // The events do not report that a notification was marked as read in another tab.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void notifications.refresh()
  })
}

/** Where the next page begins. All unread notifications come before those that were read. */
interface Place {
  readonly isUnread: boolean
  /** Null at the beginning of the list. */
  readonly cursor: string | null
}
const BEGINNING: Place = { isUnread: true, cursor: null }

interface Shown {
  readonly items: readonly Notification[]
  /** Undefined at the end. */
  readonly next: Place | undefined
}

/** A button of the section: what it does, and the id of its row. */
type Control = readonly [does: string, id: string]

class Notifications {
  readonly #section: Section
  #shown: Shown = { items: [], next: BEGINNING }
  #last: Promise<void> = Promise.resolve()

  constructor(section: Section) {
    this.#section = section
  }

  /** Reads from the beginning until so many are shown, or until the end. */
  read(count: number): Promise<void> {
    return this.#inOrder(async () => {
      await this.#extend({ items: [], next: BEGINNING }, count, (path) => read(this.#section, path))
    })
  }

  /** Reads again what is shown, which stays if that fails. */
  refresh(): Promise<void> {
    return this.#inOrder(() => this.#reload())
  }

  /** Shows a notification that has just arrived. */
  add(notification: Notification): Promise<void> {
    return this.#inOrder(async () => {
      const { items, next } = this.#shown
      // The others could not be read yet.
      if (next === BEGINNING) return this.#reload()
      if (items.some(({ id }) => id === notification.id)) return
      this.#show({ items: [notification, ...items], next })
      this.#section.say(`Reminder of ${nameOf(notification)}.`)
    })
  }

  /** Shows a task as it is after a change. */
  follow({ id: changedId, op, data }: Change): Promise<void> {
    return this.#inOrder(async () => {
      const { items, next } = this.#shown
      if (!items.some(({ taskId }) => taskId === changedId)) return
      const task = op === 'delete' ? null : data
      this.#show({ items: items.map((each) => (each.taskId === changedId ? { ...each, task } : each)), next })
    })
  }

  async act(does: string, id: string): Promise<void> {
    const control: Control = [does, id]
    if (does === 'read' || does === 'unread') return this.#mark(id, does === 'read', control)
    if (does === 'read-all') return this.#markAll(control)
    if (does === 'more') {
      return this.#inOrder(() =>
        this.#extend(this.#shown, this.#shown.items.length + PAGE, (path) => read(this.#section, path), control),
      )
    }
    return this.read(PAGE)
  }

  #mark(id: string, isRead: boolean, control: Control): Promise<void> {
    return this.#inOrder(async () => {
      const answer = await write(this.#section, 'PATCH', `${PATH}/${id}`, { read: isRead })
      if (answer === undefined) return
      // This route answers with the notification.
      const marked = answer.json as Notification
      this.#section.say(`Marked ${nameOf(marked)} as ${isRead ? 'read' : 'unread'}.`)
      const { items, next } = this.#shown
      this.#show({ items: items.map((each) => (each.id === id ? marked : each)), next }, control)
    })
  }

  async #markAll(control: Control): Promise<void> {
    await this.#inOrder(async () => {
      const answer = await write(this.#section, 'POST', `${PATH}/read-all`)
      if (answer === undefined) return
      // This route answers with how many were unread.
      this.#section.say(readText((answer.json as { readonly read: number }).read))
      await this.#extend({ items: [], next: BEGINNING }, PAGE, (path) => read(this.#section, path), control)
    })
  }

  #reload(): Promise<void> {
    const count = Math.max(PAGE, this.#shown.items.length)
    return this.#extend({ items: [], next: BEGINNING }, count, async (path) => {
      const answer = await call('GET', path).catch(() => undefined)
      return answer?.ok === true ? answer : undefined
    })
  }

  /**
   * Adds pages until so many notifications are shown, or until the end, and shows them. Nothing changes if one cannot be read.
   *
   * @param pressed the button with which the user asked for that
   */
  async #extend(
    { items, next }: Shown,
    count: number,
    answerOf: (path: string) => Promise<Answer | undefined>,
    pressed?: Control,
  ): Promise<void> {
    // At least one of those that were read is looked for, so that the button for more is only there if it shows something.
    while (next !== undefined && (items.length < count || next.cursor === null)) {
      const { isUnread, cursor } = next
      const limit = Math.min(PAGE_MAX, Math.max(1, count - items.length))
      const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      // oxlint-disable-next-line no-await-in-loop -- each page has the cursor of the next one
      const answer = await answerOf(`${PATH}?unread=${isUnread}&limit=${limit}${query}`)
      if (answer === undefined) return
      // This route answers with notifications.
      const page = answer.json as readonly Notification[]
      // One that was marked since it was read is in both lists.
      const known = new Set(items.map(({ id }) => id))
      items = [...items, ...page.filter(({ id }) => !known.has(id))]
      next = placeAfter(isUnread, answer.headers.get('x-next-cursor'))
    }
    this.#show({ items, next }, pressed)
  }

  /** @param pressed the button that the user pressed: it was disabled meanwhile, so that it has lost the focus */
  #show(shown: Shown, pressed?: Control): void {
    const { element } = this.#section
    const active = document.activeElement
    const isInside = active !== null && element.querySelector('.content')?.contains(active) === true
    const control = isInside ? controlOf(active) : active === document.body ? pressed : undefined
    this.#shown = shown
    this.#section.show(content(shown))
    if (control !== undefined) focus(element, control)
  }

  /** One after the other, so that an answer never replaces a newer state. */
  #inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }
}

function placeAfter(isUnread: boolean, cursor: string | null): Place | undefined {
  if (cursor !== null) return { isUnread, cursor }
  return isUnread ? { isUnread: false, cursor: null } : undefined
}

const controlOf = (active: Element): Control => [
  active.closest<HTMLElement>('[data-do]')?.dataset['do'] ?? '',
  active.closest<HTMLElement>('[data-id]')?.dataset['id'] ?? '',
]

/** Focuses the button that stands in the place of another: that of the same row, else the same one, else the first of the section. */
function focus(element: HTMLElement, [does, id]: Control): void {
  const inRow = id === '' ? '' : `[data-id="${CSS.escape(id)}"] `
  const same = does === '' ? 'a' : `[data-do="${CSS.escape(does)}"]`
  const found = [`${inRow}${same}`, ...(id === '' ? [] : [`${inRow}button`]), '.content button', '.content a']
    .map((selector) => element.querySelector<HTMLElement>(selector))
    .find((each) => each !== null)
  found?.focus()
}

function content({ items, next }: Shown): Child {
  if (items.length === 0) {
    return h('p', { class: 'dim' }, 'No notifications. A reminder of a task stands here when it is due, for 90 days.')
  }
  const now = new Date()
  const hasUnread = next?.isUnread === true || items.some(({ readAt }) => readAt === null)
  return [
    hasUnread && h('p', {}, h('button', { type: 'button', 'data-do': 'read-all' }, 'Mark all as read')),
    h(
      'ul',
      { class: 'rows' },
      items.map((notification) => notificationRow(notification, now)),
    ),
    more(next?.cursor ?? null),
  ]
}

function notificationRow(notification: Notification, now: Date): Tree {
  const { id, task, at, readAt } = notification
  const isUnread = readAt === null
  return row(
    id,
    isUnread ? h('strong', {}, heading(notification)) : heading(notification),
    [
      isUnread && [h('span', { class: 'unread' }, 'Unread'), ' · '],
      'Reminder of ',
      moment(at),
      task !== null &&
        task.dueDate !== null && [' · due ', h('time', { datetime: task.dueDate }, dueText(task.dueDate, ZONE, now))],
      task?.status === 'COMPLETED' && ' · done',
    ],
    [isUnread ? ['read', 'Mark as read'] : ['unread', 'Mark as unread']],
  )
}

function heading({ task }: Notification): Child {
  if (task === null) return 'A task that was deleted'
  const list = listOf(task.title)
  const title = h('bdi', {}, task.title)
  return list === undefined ? title : h('a', { href: `${LIST_PATH}${list}` }, title)
}

const nameOf = ({ task }: Notification): string => (task === null ? 'a deleted task' : `“${task.title}”`)
