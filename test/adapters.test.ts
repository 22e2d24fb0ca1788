import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openWorld, type World } from './world.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'client/adapters')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const RUN_LIMIT_MS = 120_000

/** What each program shows, in this order. */
const CHECKS = {
  'check-rxdb.ts': [
    'initial load',
    'a new document reaches the other device',
    'changes in both directions',
    'two devices that edited offline end equal',
    'a pull that has what is being pushed',
    'a push whose answer is lost',
    'what vanished while the checkpoint expired is gone',
  ],
  'check-tanstack-db.ts': [
    'initial load',
    'an insertion is shown at once, is stored, and reaches the other device',
    'updates keep their order',
    'a deletion',
    'a refused change is taken back',
    'after a pause both are equal to the service',
  ],
  'check-watermelondb.ts': [
    'pull 3: the first pull gives everything',
    'pull 2: what was created, updated and deleted since, each id once',
    'pull 7 to 13: known columns and safe ids',
    'pull 4 and 5: nothing is missed of what changes during pulls',
    'push 1: creates, updates, deletes',
    'push 2: a new record that exists is updated',
    'push 3: an update of a record that was deleted is an error',
    'push 4: deleting what does not exist is none',
    'push 5 and 7: a record that has changed since refuses everything',
    'push 6: more than one batch',
    'without its cursor a device replaces what it has',
  ],
}

async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const child = spawn(command, args, {
    cwd: FOLDER,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_LIMIT_MS,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
  }
  const [status] = (await once(child, 'close')) as [number | null]
  assert.equal(status, 0, `${command} ${args.join(' ')}:\n${said}`)
  return said
}

suite('the adapters of client/adapters', () => {
  let world: World
  before(async () => {
    if (!existsSync(join(FOLDER, 'node_modules/rxdb'))) await run('npm', ['ci', '--ignore-scripts'])
    const link = join(FOLDER, 'node_modules/todo-backend')
    if (!existsSync(link)) symlinkSync(ROOT, link)
    world = await openWorld()
  })
  after(() => world[Symbol.asyncDispose]())

  test('compile against the types of the libraries and of the client', async () => {
    assert.equal(await run(process.execPath, [TSC, '-p', FOLDER]), '')
  })

  for (const [program, steps] of Object.entries(CHECKS)) {
    test(`do what ${program} checks, against a running service`, async () => {
      const { token } = await world.signUp()
      const env = { TODO_URL: world.url, TODO_TOKEN: token }
      const said = await run(process.execPath, ['--conditions=todo-backend-source', program], env)
      assert.deepEqual(said.trim().split('\n'), steps)
    })
  }

  test('record no addresses of a registry in their lock file', () => {
    assert.doesNotMatch(readFileSync(join(FOLDER, 'package-lock.json'), 'utf8'), /"resolved"/)
  })
})
