import { randomUUIDv7 } from 'node:crypto'
import { parseArgs } from 'node:util'
import { CLIENT_ADDRESS_HEADER } from '../auth/client-address.ts'
import type { Statement } from '../db/wire/statement.ts'
import { StartError } from '../errors.ts'
import { reachableUrl } from '../lib/host.ts'
import { servicePrincipal } from '../principal.ts'
import { createAll } from '../tasks/creation.ts'
import type { CommandDeps } from './command-deps.ts'
import { imagine, type Person } from './sample-data.ts'
import type { Output } from './output.ts'

export const SEED_USAGE = `usage: todo-backend seed [--users N] [--tasks N] [--seed N]

Creates users with tasks, and prints a token for each of them. Only with ENVIRONMENT=development.

--users N  how many, 1 to 1000; 3 when absent
--tasks N  of each, 0 to 10000; 50 when absent
--seed N   which ones, 0 to 999999; 1 when absent. The same number gives the same users and tasks. Those who are there already
           stay as they are, and get a new token`

/** Tasks inserted by one statement, which takes a small part of its timeout. */
const BATCH_TASKS = 200
/** The password of the sample users, which is public. */
const PASSWORD = 'correct horse battery'

const HAS_TASKS: Statement = {
  name: 'seed.has_tasks',
  text: 'select exists (select from tasks where user_id = $user) as "hasTasks"',
}

interface SeedOptions {
  readonly users: number
  readonly tasks: number
  readonly seed: number
}

export function parseSeed(args: readonly string[]): SeedOptions {
  const text = { type: 'string' } as const
  let values: Readonly<Record<keyof SeedOptions, string | undefined>>
  try {
    const options = {
      users: { ...text, default: '3' },
      tasks: { ...text, default: '50' },
      seed: { ...text, default: '1' },
    }
    ;({ values } = parseArgs({ args: [...args], options }))
  } catch {
    throw new StartError('the options of seed are --users N, --tasks N and --seed N: see seed --help')
  }
  const number = (name: keyof SeedOptions, min: number, max: number): number => {
    const value = /^\d{1,9}$/.test(values[name] ?? '') ? Number(values[name]) : -1
    if (value < min || value > max) throw new StartError(`--${name} must be a whole number from ${min} to ${max}`)
    return value
  }
  return { users: number('users', 1, 1_000), tasks: number('tasks', 0, 10_000), seed: number('seed', 0, 999_999) }
}

/** Signs up the users one after another, and creates their tasks in their scopes. */
export async function seed(deps: CommandDeps, options: SeedOptions, output: Output): Promise<void> {
  if (deps.config.environment !== 'development') {
    throw new StartError('seed is for ENVIRONMENT=development only, because the password of its users is public')
  }
  const people: Seeded[] = []
  for (const person of imagine(options, new Date())) {
    people.push(
      await settle(deps, person, (tasks) => {
        const users = `${people.length + 1} of ${options.users} users`
        output.progress(`${users}, ${people.reduce((sum, each) => sum + each.tasks, tasks)} tasks`)
      }),
    )
  }
  report(deps, people, output)
}

interface Seeded {
  readonly email: string
  readonly token: string
  /** The number of tasks created now. */
  readonly tasks: number
}

async function settle(deps: CommandDeps, person: Person, onProgress: (tasks: number) => void): Promise<Seeded> {
  const { db, auth } = deps
  const known = await auth.issueSession(person.email)
  const { token, userId } = known ?? (await signUp(deps, person))
  onProgress(0)
  const principal = servicePrincipal('seed', userId)
  const hasTasks = await db.asUser(
    principal,
    async (sql) => (await sql.row<{ hasTasks: boolean }>(HAS_TASKS))?.hasTasks,
  )
  if (hasTasks === true) return { email: person.email, token, tasks: 0 }
  let tasks = 0
  while (tasks < person.tasks.length) {
    const batch = person.tasks.slice(tasks, tasks + BATCH_TASKS).map((task) => ({ ...task, id: randomUUIDv7() }))
    await db.asUser(principal, (sql) => createAll(sql, batch))
    tasks += batch.length
    onProgress(tasks)
  }
  return { email: person.email, token, tasks }
}

/** A host reserved by RFC 2606; the request is handled in this process. */
const SIGN_UP = 'http://seed.invalid/api/auth/sign-up/email'

async function signUp({ auth }: CommandDeps, { name, email }: Person): Promise<{ token: string; userId: string }> {
  const response = await auth.handle(
    new Request(SIGN_UP, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [CLIENT_ADDRESS_HEADER]: '127.0.0.1' },
      body: JSON.stringify({ name, email, password: PASSWORD }),
    }),
  )
  if (!response.ok) throw new Error(`signing up answered ${response.status}`)
  const { token, user } = (await response.json()) as { token: string; user: { id: string } }
  return { token, userId: user.id }
}

function report({ config: { http } }: CommandDeps, people: readonly Seeded[], output: Output): void {
  const width = Math.max(...people.map(({ email }) => email.length))
  const tokenWidth = Math.max(...people.map(({ token }) => token.length))
  output.line(`${'E-MAIL'.padEnd(width)}  ${'TOKEN (SEVEN DAYS)'.padEnd(tokenWidth)}  NEW TASKS`)
  for (const { email, token, tasks } of people) {
    output.line(`${email.padEnd(width)}  ${token.padEnd(tokenWidth)}  ${tasks}`)
  }
  output.line(`\nEverybody's password is: ${PASSWORD}\nTry:`)
  output.line(
    `  curl -s '${reachableUrl(http.host, http.port)}/api/tasks?limit=3' -H 'Authorization: Bearer ${people[0]?.token}'`,
  )
}
