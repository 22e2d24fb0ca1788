import type { Task, paths } from '../../client/index.ts'
import { parse, type Command } from '../context.ts'
import { Failure } from '../failure.ts'
import { styled, table } from '../output.ts'
import { readPriority, readTag, readWords } from '../words.ts'

type Query = Omit<NonNullable<paths['/api/tasks']['get']['parameters']['query']>, 'fields'>

const LIMIT = 50
const LIMIT_MAX = 9999
const PAGE_MAX = 1000
const DUES = ['overdue', 'today', 'week', 'none'] as const

const OPTIONS = {
  due: { type: 'string', short: 'd' },
  priority: { type: 'string', short: 'p' },
  tag: { type: 'string', short: 't', multiple: true },
  all: { type: 'boolean', short: 'a' },
  done: { type: 'boolean' },
  limit: { type: 'string', short: 'l' },
} as const

export const list: Command = {
  name: 'list',
  usage: [
    ['', 'tasks that are not done, those due first'],
    [`'#home' '!high' today milk`, 'by tag, priority, day (overdue, today, week) and words in the text'],
    ['--all | --done', `done tasks too, or only these; also -t, -p, -d none, --limit N (default ${LIMIT})`],
  ],
  run: async (args, { moment, open }) => {
    const { values, positionals } = parse(args, OPTIONS)
    const limit = limitOf(values.limit)
    const query: Query = {
      ...filtersOf(positionals, values),
      ...(values.all !== true && { completed: values.done === true }),
      sort: values.done === true ? ['-updatedAt'] : ['dueDate', '-priority', 'createdAt'],
      timezone: moment.zone,
      limit: Math.min(limit + 1, PAGE_MAX),
    }
    const session = open()
    const tasks: Task[] = []
    let more = false
    for await (const task of session.api.items('/api/tasks', { params: { query } })) {
      more = tasks.length === limit
      if (more) break
      tasks.push(task)
    }
    session.memory.show(tasks)
    const lines = table(tasks, (id) => session.memory.numberOf(id), moment)
    if (tasks.length === 0) lines.push(styled('dim', 'Nothing to show.'))
    if (more) lines.push(styled('dim', `There are more: --limit ${Math.min(limit * 2, LIMIT_MAX)} shows them.`))
    return { lines, tasks, more }
  },
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return LIMIT
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1) return limit
  throw new Failure('usage', `--limit takes a number from 1 to ${LIMIT_MAX}.`)
}

interface Filters {
  readonly due?: string | undefined
  readonly priority?: string | undefined
  readonly tag?: readonly string[] | undefined
}

/** The words and the options, which mean the same. */
function filtersOf(positionals: readonly string[], options: Filters): Query {
  const words = positionals.flatMap((each) => each.split(/\s+/)).filter(Boolean)
  const dues = [...words.filter(isDueWord), ...(options.due === undefined ? [] : [options.due])]
  const tags = (options.tag ?? []).map(readTag)
  const priorities = options.priority === undefined ? [] : [readPriority(options.priority)]
  const texts: string[] = []
  for (const word of words.filter((each) => !isDueWord(each))) {
    // A day in the words of a list is a word to look for.
    const { task } = /^[#!]/.test(word)
      ? readWords([word], { now: new Date(0), zone: 'UTC' })
      : { task: { title: word } }
    if ('priority' in task && task.priority !== undefined) priorities.push(task.priority)
    else if ('tags' in task && task.tags !== undefined) tags.push(...task.tags)
    else texts.push(word)
  }
  const [due, another] = dues
  if (another !== undefined) throw new Failure('usage', `Only one of ${DUES.join(', ')}.`)
  if (due !== undefined && !isDue(due)) throw new Failure('usage', `--due takes ${DUES.join(', ')}.`)
  return {
    ...(due !== undefined && { due }),
    ...(priorities.length > 0 && { priority: priorities }),
    ...(tags.length > 0 && { tag: tags, tagMode: 'all' }),
    ...(texts.length > 0 && { q: texts.join(' ') }),
  }
}

const isDue = (word: string): word is (typeof DUES)[number] => DUES.some((due) => due === word)
/** `none` among the words is a word to look for. */
const isDueWord = (word: string): boolean => isDue(word) && word !== 'none'
