import { endOfList } from '../views/tasks-page.ts'
import { taskRow } from '../views/task-row.ts'
import type { Task } from '../views/task.ts'
import { isPlain, matches, requestOf, type View } from '../views/view.ts'
import { isSame, marksOf, withWrites, type Mark, type Write } from '../views/writes.ts'
import { call, refusalOf } from './api.ts'
import { placeRows } from './chunks.ts'
import { byId, toElement, toNodes } from './dom.ts'
import type { Change } from './live.ts'

/** How often the list is read again while changes arrive that only the service can sort in, and a page after it could not be read. */
const REFRESH_INTERVAL_MS = 2_000

interface Page {
  readonly tasks: readonly Task[]
  readonly next: string | null
}

interface ReadPage extends Page {
  /** What has arrived while it was read. */
  readonly meanwhile: readonly Change[]
}

interface Row {
  readonly task: Task
  readonly mark: Mark | undefined
  readonly element: HTMLElement
}

/** The list: what the service has answered, with the writes that it has not confirmed. Long lists are read page by page. */
export class List {
  readonly #zone: string
  readonly #writes: () => readonly Write[]
  readonly #element = byId('list', HTMLDivElement)
  readonly #end = byId('end', HTMLDivElement)
  readonly #observer = new IntersectionObserver(
    (entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) void this.#more()
    },
    { rootMargin: '800px' },
  )
  #view: View
  #tasks: readonly Task[]
  #next: string | null
  #fault: string | null
  #rows = new Map<string, Row>()
  #isReading = false
  #isDrawing = false
  #lastRefreshMs = 0
  #refreshTimer: number | undefined
  /**
   * The newest version of each task that an event or an answer to a write has shown, also of tasks that the list does not show: an
   * answer may come after the event of a later change.
   */
  readonly #versions = new Map<string, number>()
  /** For each page that is being read, the changes that have arrived since: the page may have been read before them. */
  readonly #reads = new Set<Change[]>()
  /** Counts the views, so that the answer for an earlier one is not shown. */
  #generation = 0
  /** The task that is being edited: its row is not replaced. */
  editing: string | undefined

  constructor(page: Page & { view: View; fault: string | null }, zone: string, writes: () => readonly Write[]) {
    this.#zone = zone
    this.#writes = writes
    this.#view = page.view
    this.#tasks = page.tasks
    this.#next = page.next
    this.#fault = page.fault
    this.#watchEnd()
    // What the server has drawn, in another time zone perhaps, is drawn again.
    this.#element.replaceChildren()
    this.drawNow()
  }

  get view(): View {
    return this.#view
  }

  find(id: string): Task | undefined {
    return this.#rows.get(id)?.task
  }

  rowOf(id: string): HTMLElement | undefined {
    return this.#rows.get(id)?.element
  }

  /** Shows another view. */
  async show(view: View): Promise<void> {
    this.#view = view
    this.#generation++
    this.#next = null
    await this.refresh()
  }

  /** A state of a task by the answer to a write. */
  put(task: Task): void {
    this.take({ id: task.id, op: 'upsert', data: task })
  }

  /** @param task as it was deleted */
  remove({ id, version }: Pick<Task, 'id' | 'version'>): void {
    this.#see(id, version)
    this.take({ id, op: 'delete', data: null })
  }

  /** A state of a task by its event. The list is read again if only the service knows where the task belongs. */
  take(change: Change): void {
    const { id, data } = change
    if (data !== null && !this.#see(id, data.version)) return
    for (const meanwhile of this.#reads) meanwhile.push(change)
    this.#apply(change)
    this.draw()
  }

  /** @returns whether this version is newer than all that events and answers have shown */
  #see(id: string, version: number): boolean {
    if (version <= (this.#versions.get(id) ?? 0)) return false
    this.#versions.set(id, version)
    return true
  }

  #apply({ id, data: task }: Change): void {
    const known = this.#tasks.find((each) => each.id === id)
    if (known !== undefined && task !== null && known.version >= task.version) return
    // A page that was read since may have the task because it was restored.
    if (known !== undefined && task === null && known.version > (this.#versions.get(id) ?? 0)) this.refreshSoon()
    const isShown = task !== null && matches(this.#view, task)
    if (!isShown) {
      this.#tasks = this.#tasks.filter((each) => each !== known)
    } else if (known !== undefined) {
      this.#tasks = this.#tasks.map((each) => (each === known ? task : each))
    } else if (isPlain(this.#view) && task.createdAt >= (this.#tasks[0]?.createdAt ?? '')) {
      this.#tasks = [task, ...this.#tasks]
    }
    const isPlaced = task === null || (isPlain(this.#view) && (!isShown || this.#tasks.includes(task)))
    if (!isPlaced) this.refreshSoon()
  }

  refreshSoon(): void {
    if (this.#refreshTimer !== undefined) return
    const waitMs = Math.max(0, this.#lastRefreshMs + REFRESH_INTERVAL_MS - Date.now())
    this.#refreshTimer = setTimeout(() => {
      this.#refreshTimer = undefined
      void this.refresh()
    }, waitMs)
  }

  /** Reads the first page again. What was read of later pages stays. */
  async refresh(): Promise<void> {
    this.#lastRefreshMs = Date.now()
    const generation = this.#generation
    const page = await this.#read(undefined)
    if (page === undefined || generation !== this.#generation) return
    const last = page.tasks.at(-1)?.id
    const at = this.#tasks.findIndex(({ id }) => id === last)
    const ids = new Set(page.tasks.map(({ id }) => id))
    const isContinued = at !== -1 && page.next !== null && this.#next !== null
    const tail = isContinued ? this.#tasks.slice(at + 1).filter(({ id }) => !ids.has(id)) : []
    this.#tasks = [...page.tasks, ...tail]
    if (tail.length === 0) this.#next = page.next
    for (const change of page.meanwhile) this.#apply(change)
    this.draw()
  }

  /** Reads on if the end is in sight. The observer itself reports only changes, and misses one that was undone within a frame. */
  #watchEnd(): void {
    this.#observer.unobserve(this.#end)
    this.#observer.observe(this.#end)
  }

  async #more(): Promise<void> {
    if (this.#next === null || this.#isReading) return
    const generation = this.#generation
    this.#isReading = true
    const page = await this.#read(this.#next)
    this.#isReading = false
    if (page === undefined) return void setTimeout(() => this.#watchEnd(), REFRESH_INTERVAL_MS)
    if (generation === this.#generation) {
      const ids = new Set(this.#tasks.map(({ id }) => id))
      this.#tasks = [...this.#tasks, ...page.tasks.filter(({ id }) => !ids.has(id))]
      this.#next = page.next
      for (const change of page.meanwhile) this.#apply(change)
      this.drawNow()
    }
    this.#watchEnd()
  }

  /** @returns undefined if the page could not be read; the reason is shown, unless the service is unreachable */
  async #read(cursor: string | undefined): Promise<ReadPage | undefined> {
    const meanwhile: Change[] = []
    this.#reads.add(meanwhile)
    try {
      const answer = await call('GET', requestOf(this.#view, this.#zone, cursor))
      if (!answer.ok) {
        if (answer.status >= 400 && answer.status < 500 && cursor === undefined) this.#fail(refusalOf(answer).detail)
        return undefined
      }
      this.#fault = null
      // This route answers with tasks.
      return { tasks: answer.json as readonly Task[], next: answer.headers.get('x-next-cursor'), meanwhile }
    } catch {
      return undefined
    } finally {
      this.#reads.delete(meanwhile)
    }
  }

  #fail(detail: string): void {
    this.#fault = detail
    this.#tasks = []
    this.#next = null
    this.draw()
  }

  /** Draws in the next frame, once for all changes until then. */
  draw(): void {
    if (this.#isDrawing) return
    this.#isDrawing = true
    requestAnimationFrame(() => this.drawNow())
  }

  drawNow(): void {
    this.#isDrawing = false
    const writes = this.#writes()
    const now = new Date()
    const tasks = withWrites(this.#tasks, writes, this.#view, now.toISOString())
    const marks = marksOf(writes)
    const rows = new Map<string, Row>()
    for (const task of tasks) rows.set(task.id, this.#row(task, marks.get(task.id), now))
    const active = document.activeElement
    const focused = active?.closest<HTMLElement>('.task')
    for (const [id, { element }] of this.#rows) if (rows.get(id)?.element !== element) element.remove()
    this.#rows = rows
    placeRows(
      this.#element,
      [...rows.values()].map(({ element }) => element),
    )
    // A row that was replaced, or moved into another chunk, keeps the focus.
    if (focused && !focused.isConnected) this.rowOf(focused.dataset['id'] ?? '')?.focus()
    else if (focused && active instanceof HTMLElement && document.activeElement !== active) active.focus()
    this.#end.replaceChildren(...toNodes(endOfList({ fault: this.#fault, tasks, next: this.#next, view: this.#view })))
  }

  #row(task: Task, mark: Mark | undefined, now: Date): Row {
    const known = this.#rows.get(task.id)
    if (known !== undefined) {
      const isShown = known.mark === mark && (known.task === task || isSame(known.task, task))
      if (isShown || this.editing === task.id) return known
    }
    return { task, mark, element: toElement(taskRow(task, { zone: this.#zone, now, mark })) }
  }
}
