import type { Task } from '../../client/index.ts'
import { follow, type Batch, type FollowStatus } from '../../client/sync/index.ts'
import { timeIn } from '../../src/pages/views/dates.ts'
import { parse, type Command, type Context, type Session } from '../context.ts'
import { about, FIELD_NAMES, styled, type Outcome } from '../output.ts'
import { neutral } from '../text.ts'
import type { Moment } from '../words.ts'

export const watch: Command = {
  name: 'watch',
  usage: [['', 'print changes as they happen, until Ctrl+C']],
  run: async (args, context) => {
    parse(args, {})
    const session = context.open()
    // An address or token that is wrong ends the command; later failures are waited for.
    await session.api.GET('/api/tasks', { params: { query: { limit: 1, fields: ['id'] } }, signal: context.signal })
    const watching = new Watching(session, context)
    const { url: baseUrl, token } = session.account
    const follower = follow({
      baseUrl,
      auth: { token },
      signal: context.signal,
      apply: (batch) => watching.apply(batch),
      onStatus: (status) => watching.report(status),
    })
    await follower.done
    return undefined
  },
}

/** A copy of the tasks, with which each change is compared. */
class Watching {
  readonly #session: Session
  readonly #context: Context
  #tasks = new Map<string, Task>()
  /** What the copy had, while it is loaded again. */
  #before: Map<string, Task> | undefined
  #isLoaded = false

  constructor(session: Session, context: Context) {
    this.#session = session
    this.#context = context
  }

  apply({ changes, isReset, isUpToDate }: Batch): void {
    if (isReset) {
      this.#before ??= this.#tasks
      this.#tasks = new Map()
    }
    const before = this.#before
    if (before === undefined) {
      this.#print(
        changes.map(({ id, data }) => [id, data] as const),
        this.#tasks,
      )
    }
    for (const { id, data } of changes) {
      if (data === null) this.#tasks.delete(id)
      else this.#tasks.set(id, data)
    }
    if (before === undefined || !isUpToDate) return
    // The first load shows nothing; a later one shows what is different.
    if (this.#isLoaded) this.#printDifferences(before)
    this.#before = undefined
    this.#isLoaded = true
  }

  report(status: FollowStatus): void {
    const { tell } = this.#context
    if (status === 'live') tell(styled('dim', `Watching ${this.#session.account.url}; Ctrl+C ends.`))
    if (status === 'waiting') tell(styled('dim', 'The service cannot be reached; trying again.'))
    if (status === 'polling') tell(styled('dim', 'No event stream; asking every few seconds.'))
  }

  #printDifferences(before: ReadonlyMap<string, Task>): void {
    const gone = [...before.keys()].filter((id) => !this.#tasks.has(id)).map((id) => [id, null] as const)
    const changed = [...this.#tasks].filter(([id, { version }]) => before.get(id)?.version !== version)
    this.#print([...gone, ...changed], before)
  }

  #print(changes: readonly (readonly [id: string, task: Task | null])[], before: ReadonlyMap<string, Task>): void {
    const outcome = changes.flatMap(([id, task]) => this.#outcomeOf(id, before.get(id), task) ?? [])
    for (const each of outcome) this.#context.show(each)
  }

  /** Undefined if the copy had this already. */
  #outcomeOf(id: string, old: Task | undefined, task: Task | null): Outcome | undefined {
    const { moment } = this.#context
    const at = styled('dim', timeIn(moment.zone, new Date()))
    if (task === null) {
      if (old === undefined) return undefined
      return { lines: [`${at}  ${styled('red', 'removed')}  ${neutral(old.title)}`], deleted: [id] }
    }
    if (old?.version === task.version) return undefined
    const [word, details] = old === undefined ? ['added', about(task, moment)] : changeOf(old, task, moment)
    const lines = [`${at}  ${styled('green', word.padEnd(7))}  ${neutral(task.title)}  ${styled('dim', details)}`]
    return { lines: lines.map((line) => line.trimEnd()), tasks: [task] }
  }
}

/** A word for the change, and the fields that have other values. */
function changeOf(old: Task, task: Task, moment: Moment): readonly [word: string, details: string] {
  if (task.status !== old.status && task.status === 'COMPLETED') return ['done', '']
  // A recurring task that is completed is to be done again, at its next date.
  if (task.completions > old.completions) return ['done', about(task, moment)]
  const values = new Map(Object.entries(old))
  const fields = Object.entries(task).filter(
    ([field, value]) => JSON.stringify(values.get(field)) !== JSON.stringify(value),
  )
  return ['changed', fields.flatMap(([field]) => FIELD_NAMES[field] ?? []).join(', ')]
}
