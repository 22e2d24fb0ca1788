import { isProblem, type Answer, type Task, type TaskPatch } from '../../client/index.ts'
import { changeIdOf, dryRun, named, parse, type Command, type Session } from '../context.ts'
import { Failure } from '../failure.ts'
import { about, styled } from '../output.ts'
import { tasksOf } from '../references.ts'
import { neutral } from '../text.ts'
import { readPriority, readTag, readTask, understood } from '../words.ts'

/** How often the task may change between reading and writing it. */
const ATTEMPTS_MAX = 5
const NONE = 'none'

const OPTIONS = {
  due: { type: 'string', short: 'd' },
  priority: { type: 'string', short: 'p' },
  tag: { type: 'string', short: 't', multiple: true },
  untag: { type: 'string', multiple: true },
  notes: { type: 'string' },
  start: { type: 'boolean' },
  plain: { type: 'boolean' },
  'dry-run': { type: 'boolean', short: 'n' },
} as const

export const edit: Command = {
  name: 'edit',
  usage: [
    [`3 'Buy oat milk !urgent friday'`, 'change title, priority, tags (more of them) or day; what is not named stays'],
    ['3 -d none --untag home --notes TEXT', 'also -p, -t, --notes none, --start, --plain, --dry-run'],
  ],
  run: async (args, context) => {
    const { values, positionals } = parse(args, OPTIONS)
    const [reference, ...words] = positionals
    const clearsDue = values.due === NONE
    const fields = { ...values, due: clearsDue ? undefined : values.due }
    const read = readTask(words, fields, context.moment)
    const { title, tags = [], ...set } = read.task
    if (clearsDue && set.dueDate !== undefined) {
      throw new Failure('usage', 'The words and --due set the same field: use one of them.')
    }
    if (values.priority !== undefined) readPriority(values.priority)
    const patch: TaskPatch = {
      ...set,
      ...(title !== '' && { title }),
      ...(clearsDue && { dueDate: null }),
      ...(values.notes !== undefined && { description: values.notes === NONE ? null : values.notes }),
      ...(values.start === true && { status: 'IN_PROGRESS' }),
    }
    const removed = (values.untag ?? []).map(readTag)
    const changesTags = tags.length + removed.length > 0
    if (reference !== undefined && Object.keys(patch).length === 0 && !changesTags) {
      throw new Failure('usage', 'What should be changed? todo help edit shows the possibilities.')
    }
    if (read.chips.length > 0) context.tell(`→ ${understood(read)}`)
    const session = context.open()
    const [known] = await tasksOf(reference === undefined ? [] : [reference], session)
    const isDry = values['dry-run']
    const { data, response } = await changed(known?.id ?? '', session, isDry, (task) =>
      changesTags ? { ...patch, tags: tagsAfter(task, tags, removed) } : patch,
    )
    if (isDry === true)
      return { lines: [`Would be  ${neutral(data.title)}  ${about(data, context.moment)}`], tasks: [data] }
    const changeId = changeIdOf(response)
    session.memory.note([data], changeId)
    const word = changeId === null ? 'Not changed' : 'Changed'
    const shown = `${styled('green', word)} ${neutral(named(data, session))}  ${styled('dim', about(data, context.moment))}`
    return { lines: [shown.trimEnd()], tasks: [data], changeId }
  },
}

/** Changes the version that was read, so that a change of tags in between is not overwritten. */
async function changed(
  id: string,
  { api }: Session,
  isDry: boolean | undefined,
  patchOf: (task: Task) => TaskPatch,
): Promise<Answer<Task>> {
  const path = { id }
  for (let attempt = 1; ; attempt++) {
    const { data: task } = await api.GET('/api/tasks/{id}', { params: { path } })
    const header = { 'if-match': `"${task.version}"` }
    try {
      const params = { path, header, query: dryRun(isDry) }
      return await api.PATCH('/api/tasks/{id}', { params, body: patchOf(task) })
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isProblem(error, 'precondition_failed')) throw error
    }
  }
}

const tagsAfter = ({ tags }: Task, added: readonly string[], removed: readonly string[]): string[] =>
  [...new Set([...tags, ...added])].filter((tag) => !removed.includes(tag))
