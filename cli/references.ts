import type { Session } from './context.ts'
import { Failure } from './failure.ts'
import type { Known } from './memory.ts'
import { neutral } from './text.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const NUMBER = /^[1-9]\d{0,3}$/
const PREFIX = /^[0-9a-f][0-9a-f-]{4,35}$/i
const PAGE = 1000
const SHOWN_MAX = 5

/**
 * The tasks that a person has named: by the number of the last list, by an id, or by the beginning of one with five or more characters.
 *
 * @returns each once, in the order of the words
 * @throws Failure
 */
export async function tasksOf(words: readonly string[], session: Session): Promise<readonly Known[]> {
  if (words.length === 0)
    throw new Failure('usage', 'Which task? Name it by its number in the last list, or by its id.')
  const found = new Map<string, Known>()
  for (const word of words) {
    const task = await taskOf(word, session)
    found.set(task.id, task)
  }
  return [...found.values()]
}

async function taskOf(word: string, session: Session): Promise<Known> {
  const { tasks } = session.memory
  if (NUMBER.test(word)) {
    const task = tasks[Number(word) - 1]
    if (task !== undefined) return task
    throw new Failure('refused', `The last list has no number ${word}: run todo list.`)
  }
  const id = word.toLowerCase()
  if (UUID.test(id)) return tasks.find((task) => task.id === id) ?? { id, title: id }
  if (PREFIX.test(id)) return byPrefix(id, session)
  throw new Failure('usage', `${word} is neither a number of the last list nor an id.`)
}

/** Looks at all tasks, because a prefix must be unique among them. */
async function byPrefix(prefix: string, { api }: Session): Promise<Known> {
  const matching: Known[] = []
  for await (const task of api.items('/api/tasks', { params: { query: { fields: ['id', 'title'], limit: PAGE } } })) {
    if (task.id.startsWith(prefix)) matching.push(task)
  }
  const [first, ...others] = matching
  if (first === undefined) throw new Failure('refused', `No task has an id that begins with ${prefix}.`)
  if (others.length === 0) return first
  const shown = matching.slice(0, SHOWN_MAX).map(({ id, title }) => `\n  ${id}  ${neutral(title)}`)
  throw new Failure('refused', `${matching.length} tasks have ids that begin with ${prefix}:${shown.join('')}`)
}
