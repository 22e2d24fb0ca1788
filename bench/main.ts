import { measureAgents } from './agents.ts'
import { compare } from './compare.ts'
import { streamEvents } from './events.ts'
import { beFair } from './fairness.ts'
import { grow } from './growth.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { comparisonTables, machine, writePage } from './report.ts'
import { openServers } from './servers.ts'
import { deliverWebhooks } from './webhooks.ts'

const say = (text: string): void => void process.stderr.write(`${text}\n`)

// Servers that were started end with this process in any case.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

let options: Options
try {
  options = readOptions(process.argv.slice(2))
} catch (error) {
  say(`${(error as Error).message}\n\n${USAGE}`)
  process.exit(2)
}

await using servers = await openServers(process.env)
const where = await machine(servers)
say(where)

if (options.mode === 'growth') {
  finish(await grow(servers, options, say))
} else if (options.mode === 'fairness') {
  finish(await beFair(servers, options, say))
} else if (options.mode === 'events') {
  finish(await streamEvents(servers, options, say))
} else if (options.mode === 'webhooks') {
  finish(await deliverWebhooks(servers, options, say))
} else if (options.mode === 'agents') {
  finish(await measureAgents(servers, options, say))
} else {
  const comparison = await compare(servers, options, say)
  const cells = Object.values(comparison.cells).flatMap((byVariant) => Object.values(byVariant))
  if (cells.some((cell) => typeof cell === 'string' && cell.startsWith('failed'))) process.exitCode = 1
  finish(comparisonTables(comparison))
}

function finish(tables: string): void {
  const how = `${options.rounds} rounds of ${options.seconds} s${options.quick ? ', quick: to see that it works, not to compare' : ''}.`
  const text = `${where} ${how}\n\n${tables}`
  process.stdout.write(`${text}\n`)
  if (options.write) writePage(options.mode, text)
}
