import { isProblem, type components, type Task } from '../../client/index.ts'
import { dueText, momentText } from '../../src/pages/views/dates.ts'
import { changeIdOf, dryRun, parse, type Command, type Context, type Session } from '../context.ts'
import { Failure } from '../failure.ts'
import { FIELD_NAMES, styled, type Outcome } from '../output.ts'
import { neutral } from '../text.ts'
import type { Moment } from '../words.ts'

type Entry = components['schemas']['HistoryEntry']
type EntryChange = components['schemas']['HistoryChange']

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const CONFLICTS_SHOWN_MAX = 5

export const undo: Command = {
  name: 'undo',
  usage: [
    ['[CHANGE]', 'take back the last change that todo made here, or a change of the history by its id; also --dry-run'],
  ],
  run: async (args, context) => {
    const { values, positionals } = parse(args, { 'dry-run': { type: 'boolean', short: 'n' } })
    const [named, another] = positionals
    if (another !== undefined || (named !== undefined && !UUID.test(named))) {
      throw new Failure('usage', 'undo takes the id of one change, as the history and --json show it.')
    }
    const session = context.open()
    const id = named?.toLowerCase() ?? session.memory.changes.at(-1)
    if (id === undefined) {
      throw new Failure(
        'refused',
        'todo has made no change with this token here that it could take back. todo undo CHANGE takes back any change.',
      )
    }
    return takeBack(id, session, context, values['dry-run'] === true)
  },
}

async function takeBack(id: string, session: Session, { moment }: Context, isDry: boolean): Promise<Outcome> {
  const { api, memory } = session
  // From here on, the changes are read that the undo makes.
  const { response: before } = await api.GET('/api/tasks', { params: { query: { limit: 1, fields: ['id'] } } })
  try {
    const params = { path: { id }, query: dryRun(isDry) }
    // 204, without an entry, if there is nothing to change.
    const { data: entry, response } = await api.POST('/api/history/{id}/undo', { params })
    if (isDry) return { lines: linesOf(entry, new Map(), moment).map((line) => `Would be: ${line}`) }
    memory.forget(id)
    const changeId = changeIdOf(response)
    if (entry === undefined) return { lines: ['This change is already taken back.'] }
    const after = await stateOf(entry, session, before.headers.get('x-sync-cursor'))
    const tasks = [...after.values()]
    memory.note(tasks, null)
    const lines = linesOf(entry, after, moment)
    return {
      lines: [...lines, styled('dim', `todo undo ${entry.id} does it again.`)],
      tasks,
      deleted: entry.changes.filter(({ op }) => op === 'delete').map(({ id: task }) => task),
      changeId,
    }
  } catch (error) {
    throw await explained(error, id, session, moment)
  }
}

/** The tasks that the undo has changed and that exist. */
async function stateOf(
  { changes }: Entry,
  { api }: Session,
  cursor: string | null,
): Promise<ReadonlyMap<string, Task>> {
  const ids = new Set(changes.map(({ id }) => id))
  const tasks = new Map<string, Task>()
  const query = cursor === null ? {} : { cursor }
  for await (const { id, data } of api.items('/api/changes', { params: { query } })) {
    if (ids.has(id) && data !== null) tasks.set(id, data)
  }
  return tasks
}

function linesOf(entry: Entry | undefined, tasks: ReadonlyMap<string, Task>, moment: Moment): string[] {
  return (entry?.changes ?? []).map((change) => {
    const title = titleOf(change, tasks.get(change.id))
    if (change.op === 'delete') return `${styled('green', 'Removed')} ${title}`
    if (change.op === 'create') return `${styled('green', 'Restored')} ${title}`
    const fields = Object.entries(change.after ?? {}).flatMap(([field, value]) => {
      const name = FIELD_NAMES[field]
      return name === undefined ? [] : [`${name} ${valueText(value, moment)}`]
    })
    return `${styled('green', 'Set back')} ${title}  ${styled('dim', neutral(fields.join(', ')))}`
  })
}

function titleOf({ id, before, after }: EntryChange, task: Task | undefined): string {
  const title = task?.title ?? after?.['title'] ?? before?.['title']
  return neutral(typeof title === 'string' ? title : id)
}

function valueText(value: unknown, { zone, now }: Moment): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) return value.map((tag) => `#${tag}`).join(' ') || 'none'
  if (typeof value !== 'string') return JSON.stringify(value)
  return /^\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?$/.test(value) ? dueText(value, zone, now) : value
}

interface Conflict {
  readonly id: string
  readonly field: string | null
  readonly change: { readonly id: string; readonly at: string; readonly actor: Entry['actor'] }
}

/** A conflict in words; what is never possible is not tried again by the next undo. */
async function explained(refusal: unknown, id: string, { api, memory }: Session, { zone }: Moment): Promise<unknown> {
  if (isProblem(refusal, 'cannot_be_undone', 'not_found')) memory.forget(id)
  if (!isProblem(refusal, 'undo_conflict')) return refusal
  // Members of single codes have no type in the document. The service's tests hold them to its documentation.
  const conflicts = (refusal.problem['conflicts'] ?? []) as readonly Conflict[]
  let text = 'Nothing was taken back, because later work would be lost:'
  for (const { id: task, field, change } of conflicts.slice(0, CONFLICTS_SHOWN_MAX)) {
    const known = memory.tasks.find((each) => each.id === task)
    const title = known?.title ?? (await titleAt(task, api))
    const what = field === null ? ' was deleted or restored' : `: ${FIELD_NAMES[field] ?? field} was changed`
    const by = change.actor.kind === 'session' ? 'by you' : `by ${change.actor.name ?? 'another program'}`
    text += `\n  ${neutral(title)}${what} ${neutral(by)} on ${momentText(change.at, zone)}; todo undo ${change.id} takes that back first`
  }
  return new Failure('refused', text, { cause: refusal })
}

async function titleAt(id: string, api: Session['api']): Promise<string> {
  try {
    const { data } = await api.GET('/api/tasks/{id}', { params: { path: { id } } })
    return data.title
  } catch {
    // It is deleted, or cannot be read now.
    return id
  }
}
