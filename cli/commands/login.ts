import { stdin } from 'node:process'
import { isProblem } from '../../client/index.ts'
import { parse, type Command, type Session } from '../context.ts'
import { Failure } from '../failure.ts'
import { ask, readSecret } from '../prompt.ts'
import { addressOf, configFile, DEFAULT_URL, isExposed, store } from '../settings.ts'

export const login: Command = {
  name: 'login',
  usage: [['[URL]', 'store the address and a token, which it asks for or reads from the input']],
  run: async (args, { env, signal, tell, open }) => {
    const { positionals } = parse(args, {})
    const [given, another] = positionals
    if (another !== undefined) {
      throw new Failure('usage', 'login takes the address alone: the token is typed, or read from the input.')
    }
    const byDefault = env['TODO_URL']?.trim() || DEFAULT_URL
    const url = addressOf(given ?? (stdin.isTTY ? await ask('Address of the service', byDefault, signal) : byDefault))
    if (isExposed(url)) tell(`Warning: ${url} is not https: the token and the tasks can be read on the way.`)
    tell(`A personal token is made on ${url}/account; for all commands it needs tasks:read and tasks:write.`)
    const token = await readSecret('Token (is not shown): ', signal)
    // A token that cannot stand in a header would be a mistake of the program otherwise.
    if (!/^[!-~]+$/.test(token)) throw new Failure('usage', 'That is no token: nothing was stored.')
    const canRead = await check(open({ url, token }))
    store(env, { url, token })
    const limits = canRead ? '' : ' It may not read tasks: only add works with it.'
    return { lines: [`Stored in ${configFile(env)}, which only you can read.${limits}`] }
  },
}

/** Whether the token may read tasks. @throws ProblemError for a token that the service does not accept */
async function check({ api }: Session): Promise<boolean> {
  try {
    await api.GET('/api/tasks', { params: { query: { limit: 1, fields: ['id'] } } })
    return true
  } catch (error) {
    if (isProblem(error, 'insufficient_scope')) return false
    throw error
  }
}
