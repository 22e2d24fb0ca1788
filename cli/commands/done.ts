import { isProblem, type Answer, type components, type Task } from '../../client/index.ts'
import { dueText } from '../../src/pages/views/dates.ts'
import type { DataOf } from '../../client/calls.ts'
import { changeIdOf, dryRun, named, parse, type Command, type Session } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Known } from '../memory.ts'
import { styled, type Outcome } from '../output.ts'
import { tasksOf } from '../references.ts'
import { neutral } from '../text.ts'
import type { Moment } from '../words.ts'

/** Commands for several tasks, which are changed together or not at all: a batch of the service. */

const TASKS_MAX = 100

export const done: Command = {
  name: 'done',
  usage: [['3 5', 'complete tasks; with --open, they are to be done again; also --dry-run']],
  run: async (args, { open, moment }) => {
    const { values, positionals } = parse(args, {
      open: { type: 'boolean' },
      'dry-run': { type: 'boolean', short: 'n' },
    })
    const session = open()
    const completed = values.open !== true
    const known = await several(positionals, session)
    const operations = known.map(({ id }) => ({ op: 'complete', id, completed }) as const)
    const { data, response } = await sent(operations, known, session, values['dry-run'])
    const tasks = data.results.flatMap(({ task }) => task ?? [])
    const words = { done: completed ? 'Done' : 'Open', already: completed ? 'Done before' : 'Open before' }
    const nextOf = new Map(completed ? tasks.flatMap((task) => nextDue(task, moment)) : [])
    return written(tasks, response, session, { ...words, isDry: values['dry-run'] === true, tasks, nextOf })
  },
}

export const remove: Command = {
  name: 'remove',
  usage: [['3 5', 'move tasks to the trash, for 30 days; also --dry-run']],
  run: async (args, { open }) => {
    const { values, positionals } = parse(args, { 'dry-run': { type: 'boolean', short: 'n' } })
    const session = open()
    const known = await several(positionals, session)
    const operations = known.map(({ id }) => ({ op: 'delete', id }) as const)
    const { response } = await sent(operations, known, session, values['dry-run'])
    const isDry = values['dry-run'] === true
    const deleted = known.map(({ id }) => id)
    return written(known, response, session, { done: 'Removed', already: 'Removed', isDry, deleted })
  },
}

async function several(words: readonly string[], session: Session): Promise<readonly Known[]> {
  const tasks = await tasksOf(words, session)
  if (tasks.length <= TASKS_MAX) return tasks
  throw new Failure('usage', `At most ${TASKS_MAX} tasks at a time: they are changed together or not at all.`)
}

type Batch = components['schemas']['TaskBatch']
type BatchAnswer = DataOf<'/api/tasks/batch', 'post'>

/** @throws Failure that names the task of a refused operation */
async function sent(
  operations: Batch['operations'],
  known: readonly Known[],
  { api }: Session,
  isDry: boolean | undefined,
): Promise<Answer<BatchAnswer>> {
  try {
    return await api.POST('/api/tasks/batch', { body: { operations }, params: { query: dryRun(isDry) } })
  } catch (error) {
    if (!isProblem(error) || error.failedOperation === undefined) throw error
    const title = neutral(known[error.failedOperation]?.title ?? '')
    const why = error.message.replace(/^Nothing was changed, because of operations\.\d+: /, '')
    throw new Failure('refused', `Nothing was changed. ${title}: ${why}.`, { cause: error })
  }
}

/** A recurring task that is completed is to be done again, at its next date. */
const nextDue = ({ id, status, dueDate }: Task, { zone, now }: Moment): [id: string, text: string][] =>
  status === 'COMPLETED' || dueDate === null ? [] : [[id, dueText(dueDate, zone, now)]]

interface Written extends Pick<Outcome, 'tasks' | 'deleted'> {
  readonly done: string
  /** The word if nothing was changed. */
  readonly already: string
  readonly isDry: boolean
  /** When recurring tasks are due next, by id. */
  readonly nextOf?: ReadonlyMap<string, string>
}

function written(
  tasks: readonly Known[],
  response: Response,
  session: Session,
  { done, already, isDry, nextOf, ...report }: Written,
): Outcome {
  const changeId = isDry ? null : changeIdOf(response)
  if (!isDry) session.memory.note(tasks, changeId)
  const word = isDry ? `Would be: ${done}` : styled('green', changeId === null ? already : done)
  const lines = tasks.map((task) => {
    const next = nextOf?.get(task.id)
    return `${word} ${neutral(named(task, session))}${next === undefined ? '' : styled('dim', `  next ${next}`)}`
  })
  return { lines, changeId, ...report }
}
