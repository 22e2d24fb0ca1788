import { Type } from 'typebox'
import type { Members } from '../protocol.ts'
import { fitting } from './budget.ts'
import { Refusal, type Asking, type Call } from './call.ts'
import type { Clock } from './clock.ts'
import { Confirm, questionBefore } from './consent.ts'
import { pageWithin } from './pages.ts'
import { DryRun, resultOf, strict, TaskId, Text, Written } from './shapes.ts'
import type { Source } from './source.ts'
import { shortened, taskFormOf, type TaskForm } from './tasks.ts'
import { done, readingTool, writingTool, type Outcome, type Tool } from './tool.ts'
import { writtenMembers } from './write.ts'

const PAGE_ENTRIES = 10
const LIMIT_MAX = 50
/** Changes of an entry that are shown. */
const CHANGES_SHOWN = 3
/** What they may take together; the first is always shown. */
const CHANGES_COST = 700
/** What a text or list may take in a change. */
const VALUE_COST = 40
/** Of a new or deleted task; of a changed one all changed members are shown. */
const MEMBERS_SHOWN = new Set(['title', 'status', 'dueDate'])

interface Entry {
  readonly id: string
  readonly at: string
  readonly actor: { readonly kind: string | null; readonly name: string | null }
  readonly operation: string | null
  readonly undoneBy: string | null
  readonly changeCount: number
  readonly changes: readonly Change[]
}

interface Change {
  readonly id: string
  readonly op: string
  readonly before: Members | null
  readonly after: Members | null
}

export function getHistory(source: Source): Tool {
  const all = source.operation('listHistory')
  const ofTask = source.operation('listTaskHistory')
  const form = taskFormOf(source)
  return readingTool({
    name: 'get_history',
    title: 'Read what was changed',
    description: `Lists changes of the last 90 days, newest first, up to ${PAGE_ENTRIES} per page: when, by whom, and the values before and after. An entry shows up to ${CHANGES_SHOWN} of its changes. changeId is for undo.`,
    scope: all.needs ?? 'any',
    input: Type.Object(
      {
        ...source.query('listHistory'),
        taskId: Type.Optional({ ...TaskId, description: 'Changes of this task alone' }),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX })),
      },
      strict,
    ),
    output: resultOf({ entries: Type.Array(Type.Object({})), nextCursor: Type.Optional(Text()) }),
    async run({ taskId, limit, ...filters }, call) {
      const clock = await call.clock()
      const { items, cursor } = await pageWithin<Entry>({
        ask: (size) => {
          const query = { ...filters, limit: size }
          return call.ask(taskId === undefined ? { operation: all, query } : { operation: ofTask, id: taskId, query })
        },
        present: (entry) => shownEntry(entry, clock, form),
        limit,
        usualLimit: PAGE_ENTRIES,
      })
      return done({ ...clock.members, entries: items, ...cursor })
    },
  })
}

const UNDO = 'undo'

export function undo(source: Source): Tool {
  const one = source.operation('undoChange')
  const ofTime = source.operation('undoChanges')
  const { actor } = source.query('listHistory')
  const form = taskFormOf(source)
  return writingTool({
    name: UNDO,
    title: 'Undo changes',
    description:
      'Takes back one change (changeId), or all changes since a time, of one actor or of all. All or nothing, only fields that were not changed later. An undo can be undone. If it would delete more than 25 tasks the user is asked first.',
    scope: one.needs ?? 'any',
    isDestructive: true,
    isIdempotent: false,
    input: Type.Unsafe<Undoing>(
      Type.Object(
        {
          changeId: Type.Optional({ ...TaskId, description: 'Only without since' }),
          ...Object.fromEntries(
            Object.entries(source.members('UndoTime'))
              // A tool undoes all or nothing, as its description says.
              .filter(([name]) => name !== 'skipConflicts')
              .map(([name, schema]) => [name, Type.Optional(schema)]),
          ),
          // As in get_history.
          ...(actor && { actor }),
          confirm: Confirm,
          dryRun: DryRun,
        },
        strict,
      ),
    ),
    output: Written({ undone: Type.Boolean(), ...OF_UNDO }),
    async run({ changeId, confirm, dryRun, actor, ...rest }, call) {
      const time = { ...rest, ...(actor !== undefined && { actor: actorOf(actor) }) }
      const isOfTime = Object.keys(time).length > 0
      if ((changeId === undefined) !== isOfTime || (isOfTime && rest['since'] === undefined)) {
        return {
          kind: 'failed',
          code: 'invalid_input',
          text: 'Give either changeId, or since with actor and until if needed.',
        }
      }
      const asking = changeId === undefined ? { operation: ofTime, body: time } : { operation: one, id: changeId }
      const ids = dryRun === true ? [] : await deletedBy(asking, call)
      const message = `Undo changes, and by that delete ${ids.length} tasks? They stay in the trash for 30 days.`
      const question = await questionBefore({ tool: UNDO, ids, message, confirm }, call)
      if (question !== undefined) return question
      const answer = await call.ask({ ...asking, query: { dryRun } })
      return undone(answer.body as Entry | undefined, writtenMembers(answer, dryRun), await call.clock(), form)
    },
  })
}

/** The other members are those of the operation that takes a time. */
interface Undoing extends Members {
  readonly changeId?: string
  readonly actor?: string
  readonly confirm?: string
  readonly dryRun?: boolean
}

/** The tasks that an undo would delete, because it takes back their creation. */
async function deletedBy(asking: Asking, call: Call): Promise<readonly string[]> {
  try {
    const { body } = await call.ask({ ...asking, query: { dryRun: true }, isRehearsal: true })
    const { changes } = (body as Entry | undefined) ?? { changes: [] }
    return [...new Set(changes.flatMap(({ id, op }) => (op === 'delete' ? [id] : [])))]
  } catch (error) {
    // The request itself is refused for the same reason, or is a repetition that has its answer.
    if (error instanceof Refusal) return []
    throw error
  }
}

/** @param text `kind` or `kind:name` */
function actorOf(text: string): object {
  const [kind, ...name] = text.split(':')
  return { kind, ...(name.length > 0 && { name: name.join(':') }) }
}

const OF_UNDO = { changeCount: Type.Optional(Type.Integer()), changes: Type.Optional(Type.Array(Type.Object({}))) }

function undone(entry: Entry | undefined, written: Members, clock: Clock, form: TaskForm): Outcome {
  const result = { ...clock.members, ...written, undone: entry !== undefined }
  // Without an entry there was nothing to change.
  if (entry === undefined) return done(result)
  return done({ ...result, changeCount: entry.changeCount, changes: shownChanges(entry, clock, form) })
}

function shownEntry(entry: Entry, clock: Clock, form: TaskForm): Members {
  const at = clock.local(entry.at)
  const { kind, name } = entry.actor
  return {
    changeId: entry.id,
    at: at?.time,
    atWeekday: at?.weekday,
    // As the filter `actor` takes it.
    actor: name === null ? (kind ?? 'unknown') : `${kind}:${name}`,
    ...(entry.undoneBy !== null && { undoneBy: entry.undoneBy }),
    changeCount: entry.changeCount,
    changes: shownChanges(entry, clock, form),
  }
}

function shownChanges({ changes }: Entry, clock: Clock, form: TaskForm): readonly Members[] {
  const shown = changes.slice(0, CHANGES_SHOWN).map(({ id, op, before, after }) => {
    const isUpdate = before !== null && after !== null
    const members = (values: Members) => shortened(form.inZone(shownMembers(values, isUpdate), clock), VALUE_COST)
    return {
      id,
      op,
      ...(before !== null && { before: members(before) }),
      ...(after !== null && { after: members(after) }),
    }
  })
  return shown.slice(0, fitting(shown, CHANGES_COST))
}

const shownMembers = (members: Members, isUpdate: boolean): Members =>
  Object.fromEntries(
    Object.entries(members).filter(([name, value]) => isUpdate || (MEMBERS_SHOWN.has(name) && value !== null)),
  )
