import { once } from 'node:events'
import { createServer } from 'node:http'
import { residentBytes } from './cpu.ts'
import type { Options } from './options.ts'
import { rounded } from './report.ts'
import { openTemplate } from './seed.ts'
import type { Servers } from './servers.ts'
import { median } from './statistics.ts'
import { findVariants, start } from './variants.ts'

const USERS = 100
const WEBHOOKS_EACH = 3
/** Receivers of their own ports, which the webhooks share. */
const RECEIVERS = 30
const CHANGES = 10_000
const QUICK_CHANGES = 1_000
/** Changes of one batch. */
const BATCH = 50
/** Batches at the same time. */
const WRITERS = 10
const MEMORY_EVERY_MS = 250

interface Found {
  readonly deliveries: number
  readonly missing: number
  readonly repeated: number
  readonly outOfOrder: number
  readonly changeS: number
  readonly allS: number
  readonly bytesBefore: number
  readonly bytesMost: number
}

/** @returns the findings: how fast many changes are delivered to many webhooks, and in how much memory */
export async function deliverWebhooks(
  servers: Servers,
  options: Options,
  say: (text: string) => void,
): Promise<string> {
  const ours = findVariants().get('ours')
  if (ours === undefined) throw new Error('the variant "ours" is missing')
  await using template = await openTemplate(servers.databaseUrl, [{ users: USERS, tasksEach: 1 }])
  const tokens = (template.people[0] ?? []).map(({ token }) => token)
  const changes = options.quick ? QUICK_CHANGES : CHANGES
  const found: Found[] = []
  for (let round = 0; round < options.rounds; round++) {
    await using copy = await template.clone()
    await using receivers = await openReceivers()
    const running = await start(ours, {
      DATABASE_URL: copy.url,
      REDIS_URL: servers.redisUrl,
      WEBHOOK_ALLOWED_HOSTS: receivers.hosts.join(),
    })
    await using _running = running
    const one = await measureRound({ ...running, tokens, receivers, changes })
    found.push(one)
    say(`  ${one.deliveries} deliveries in ${rounded(one.allS)} s, ${one.missing} missing`)
  }
  return tableOf(found, changes)
}

interface Receivers extends AsyncDisposable {
  readonly hosts: readonly string[]
  /** webhook-id by webhook, as they arrived: the path is the number of the webhook. */
  readonly arrived: Map<string, number[]>
  count(): number
}

async function openReceivers(): Promise<Receivers> {
  const arrived = new Map<string, number[]>()
  let count = 0
  const servers = await Promise.all(
    Array.from({ length: RECEIVERS }, async () => {
      const server = createServer((request, response) => {
        let text = ''
        request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        request.on('end', () => {
          const { seq } = JSON.parse(text) as { readonly seq: number }
          const path = request.url ?? ''
          arrived.set(path, [...(arrived.get(path) ?? []), seq])
          count++
          response.writeHead(204).end()
        })
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  return {
    hosts: servers.map((server) => `127.0.0.1:${Number(Object(server.address()).port)}`),
    arrived,
    count: () => count,
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
}

interface Scene {
  readonly url: string
  readonly pid: number
  readonly tokens: readonly string[]
  readonly receivers: Receivers
  readonly changes: number
}

async function measureRound({ url, pid, tokens, receivers, changes }: Scene): Promise<Found> {
  const send = async (token: string, path: string, body: object): Promise<void> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    await answer.arrayBuffer()
  }
  for (const [user, token] of tokens.entries()) {
    for (let n = 0; n < WEBHOOKS_EACH; n++) {
      const number = user * WEBHOOKS_EACH + n
      const host = receivers.hosts[number % RECEIVERS] ?? ''
      await send(token, '/api/webhooks', { url: `http://${host}/${number}`, events: ['task.created'] })
    }
  }
  const bytesBefore = residentBytes(pid)
  let bytesMost = bytesBefore
  const sampling = setInterval(() => (bytesMost = Math.max(bytesMost, residentBytes(pid))), MEMORY_EVERY_MS)
  const startedMs = performance.now()
  const operations = Array.from({ length: BATCH }, (_, n) => ({ op: 'create', task: { title: `Task ${n}` } }))
  let next = 0
  const write = async (): Promise<void> => {
    for (let batch = next++; batch < changes / BATCH; batch = next++) {
      await send(tokens[batch % tokens.length] ?? '', '/api/tasks/batch', { operations })
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  const changeS = (performance.now() - startedMs) / 1000
  const expected = changes * WEBHOOKS_EACH
  await arrival(receivers, expected)
  const allS = (performance.now() - startedMs) / 1000
  clearInterval(sampling)
  const each = [...receivers.arrived.values()]
  const different = each.reduce((sum, seqs) => sum + new Set(seqs).size, 0)
  return {
    deliveries: receivers.count(),
    missing: expected - different,
    repeated: receivers.count() - different,
    outOfOrder: each.reduce((sum, seqs) => sum + seqs.filter((seq, at) => seq < (seqs[at - 1] ?? 0)).length, 0),
    changeS,
    allS,
    bytesBefore,
    bytesMost,
  }
}

/** Waits until as many have arrived, or none does for a while. */
async function arrival(receivers: Receivers, expected: number): Promise<void> {
  for (
    let idle = 0, seen = 0;
    receivers.count() < expected && idle < 300;
    idle = receivers.count() > seen ? 0 : idle + 1
  ) {
    seen = receivers.count()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function tableOf(found: readonly Found[], changes: number): string {
  const middle = (of: (one: Found) => number): number => median(found.map(of))
  const sum = (of: (one: Found) => number): number => found.reduce((total, one) => total + of(one), 0)
  return `| | |
|---|--:|
| changes, by ${USERS} users, to ${USERS * WEBHOOKS_EACH} webhooks | ${changes} |
| seconds until the last change was committed | ${rounded(middle(({ changeS }) => changeS))} |
| seconds until the last delivery | ${rounded(middle(({ allS }) => allS))} |
| deliveries a second | ${rounded(middle(({ deliveries, allS }) => deliveries / allS))} |
| memory of the process before, and at most | ${rounded(middle(({ bytesBefore }) => bytesBefore / 1e6))} MB, ${rounded(middle(({ bytesMost }) => bytesMost / 1e6))} MB |
| events missing | ${sum(({ missing }) => missing)} |
| events repeated, out of order | ${sum(({ repeated }) => repeated)}, ${sum(({ outOfOrder }) => outOfOrder)} |

${WRITERS} clients create tasks in batches of ${BATCH}. The ${RECEIVERS} receivers are on the same machine and answer at once. Each delivery is recorded in a transaction of its own.`
}
