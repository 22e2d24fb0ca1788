import { createInterface } from 'node:readline/promises'
import { stdin, stderr } from 'node:process'
import type { Task, TaskCreate } from '../../client/index.ts'
import { changeIdOf, dryRun, named, parse, type Command, type Context, type Session } from '../context.ts'
import { Failure } from '../failure.ts'
import { about, styled, type Outcome } from '../output.ts'
import { inputLines } from '../prompt.ts'
import { neutral } from '../text.ts'
import { readTask, understood, type Moment } from '../words.ts'

/** The most operations of a batch. */
const LINES_MAX = 100

const OPTIONS = {
  due: { type: 'string', short: 'd' },
  priority: { type: 'string', short: 'p' },
  tag: { type: 'string', short: 't', multiple: true },
  notes: { type: 'string' },
  plain: { type: 'boolean' },
  'dry-run': { type: 'boolean', short: 'n' },
} as const

export const add: Command = {
  name: 'add',
  usage: [
    [
      `'Buy milk !high #home tomorrow 17:00'`,
      'add a task; without words, type it, or read a task from each line of the input',
    ],
    ['Buy milk -p high -t home -d tomorrow', 'the same without quotes; also --notes TEXT, --plain, --dry-run'],
  ],
  run: async (args, context) => {
    const { values, positionals } = parse(args, OPTIONS)
    const lines = positionals.length > 0 ? [positionals.join(' ')] : await typed(context)
    const description = values.notes === undefined ? {} : { description: values.notes }
    const tasks = lines.map((line) => {
      const read = readTask([line], values, context.moment)
      if (read.task.title === '') throw new Failure('usage', 'A task needs a title.')
      if (read.chips.length > 0) context.tell(`→ ${understood(read)}`)
      // `null` is a value of patches, which a creation has too.
      return { ...read.task, ...description } as TaskCreate
    })
    const [only] = tasks
    if (only === undefined) throw new Failure('usage', 'A task needs a title.')
    const isDry = values['dry-run']
    const session = context.open()
    return tasks.length === 1 ? addOne(only, session, context, isDry) : addAll(tasks, session, context, isDry)
  },
}

async function typed({ signal }: Context): Promise<readonly string[]> {
  if (!stdin.isTTY) {
    const lines = await inputLines(stdin, signal)
    if (lines.length <= LINES_MAX) return lines
    throw new Failure('usage', `At most ${LINES_MAX} lines at a time: they are added together or not at all.`)
  }
  const prompt = createInterface({ input: stdin, output: stderr })
  try {
    const line = (await prompt.question('Task: ', { signal })).trim()
    return line === '' ? [] : [line]
  } finally {
    prompt.close()
  }
}

async function addOne(task: TaskCreate, session: Session, { moment }: Context, isDry?: boolean): Promise<Outcome> {
  const { data, response } = await session.api.POST('/api/tasks', { body: task, params: { query: dryRun(isDry) } })
  if (isDry === true) return { lines: [`Would add  ${neutral(data.title)}`], tasks: [data] }
  const changeId = changeIdOf(response)
  session.memory.note([data], changeId)
  return { lines: [addedLine(data, session, moment)], tasks: [data], changeId }
}

/** All or none, as one change. */
async function addAll(
  all: readonly TaskCreate[],
  session: Session,
  { moment }: Context,
  isDry?: boolean,
): Promise<Outcome> {
  const operations = all.map((task) => ({ op: 'create', task }) as const)
  const { data, response } = await session.api.POST('/api/tasks/batch', {
    body: { operations },
    params: { query: dryRun(isDry) },
  })
  const tasks = data.results.flatMap(({ task }) => task ?? [])
  if (isDry === true) return { lines: [`Would add ${tasks.length} tasks`], tasks }
  const changeId = changeIdOf(response)
  session.memory.note(tasks, changeId)
  return { lines: tasks.map((task) => addedLine(task, session, moment)), tasks, changeId }
}

function addedLine(task: Task, session: Session, moment: Moment): string {
  const fields = about(task, moment)
  const added = `${styled('green', 'Added')} ${neutral(named(task, session))}`
  return fields === '' ? added : `${added}  ${styled('dim', fields)}`
}
