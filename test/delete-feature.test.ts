import assert from 'node:assert/strict'
import { globSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { copyProject, type ProjectCopy } from './project-copy.ts'
import { startService } from './service.ts'

const TRACE = /vault|provider[ _-]?key|user[-_]api|gemini|openai|anthropic|key_refused|key_unreadable/i

/** Tests that go through all routes, tables or files, and would notice what the feature left behind. */
const WHOLE = ['architecture', 'documented', 'dry-run', 'isolation', 'llms', 'once', 'openapi', 'round-trips'].map(
  (name) => `test/${name}.test.ts`,
)

suite('a feature is deleted with its folder, its line in features.ts and its migration: without the vault', () => {
  let project: ProjectCopy
  let copy: string
  const environment = (): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    DATA_DIR: join(copy, 'data'),
    REDIS_URL: 'redis://127.0.0.1:1/0',
    PORT: '0',
  })
  const run = (...words: readonly string[]): Promise<string> =>
    // A command that found something wrong has printed it.
    project.run(words, environment()).catch((error: Error) => error.message)
  const program = (...words: readonly string[]): Promise<string> => run('bin/todo-backend.mjs', ...words)

  /** Migrations have no gap in their numbers, so later ones get those before theirs. */
  const deleteMigration = (name: string): void => {
    const directory = join(copy, 'migrations')
    const files = globSync('*.{up,down}.sql', { cwd: directory }).sort()
    const deleted = files.find((file) => file.includes(`_${name}.`)) ?? assert.fail(`no migration is called ${name}`)
    for (const file of files) {
      const number = Number(file.slice(0, 4))
      if (number < Number(deleted.slice(0, 4))) continue
      if (file.includes(`_${name}.`)) rmSync(join(directory, file))
      else renameSync(join(directory, file), join(directory, `${String(number - 1).padStart(4, '0')}${file.slice(4)}`))
    }
  }

  before(() => {
    project = copyProject()
    copy = project.path
    mkdirSync(join(copy, 'data'))
    project.remove('src/vault')
    deleteMigration('user_api_keys')
    project.replace('src/features.ts', "import { vault } from './vault/feature.ts'\n", '')
    project.replace('src/features.ts', '  vault,\n', '')
  })
  after(() => project[Symbol.dispose]())

  test('the generated files do not mention it, and the type check of the whole project passes', async () => {
    for (const [file, ...generator] of [
      ['openapi.json', 'bin/todo-backend.mjs', 'openapi', 'openapi.json'],
      ['client/schema.ts', 'client/generate.ts'],
      ['llms.txt', 'bin/todo-backend.mjs', 'llms', 'llms.txt'],
      ['docs/operations/metrics.md', 'src/dev/documents.ts'],
    ] as const) {
      await project.run(generator)
      const generated = /<!-- metrics[^]*end of metrics -->/.exec(project.read(file))?.[0] ?? project.read(file)
      assert.doesNotMatch(generated, TRACE, file)
    }
    assert.equal(await project.checkTypes(), '')
  })

  test('the tests that go through everything pass', async () => {
    await project.runTests(WHOLE)
  })

  test('the OpenAPI document, llms.txt and the list of commands do not mention it', async () => {
    for (const command of ['openapi', 'llms', 'help']) {
      const text = await program(command)
      assert.ok(text.length > 1000, text)
      assert.doesNotMatch(text, TRACE, command)
    }
    assert.match(await program('vault', 'verify'), /unknown command vault/)
  })

  test('the service starts and works, and metrics, problems, configuration and doctor do not mention it', async () => {
    const env = { DATA_DIR: join(copy, 'data'), REDIS_URL: 'redis://127.0.0.1:1/0' }
    {
      await using service = await startService(env, undefined, join(copy, 'bin/todo-backend.mjs'))
      const { token } = await service.signUp()
      assert.equal((await service.ask('POST', '/api/tasks', { token, body: { title: 'x' } })).status, 201)
      assert.equal((await service.ask('GET', '/api/user-api-keys', { token })).status, 404)
      assert.equal((await service.ask('GET', '/problems/key_refused')).status, 404)
      assert.equal((await service.ask('GET', '/health/ready')).json.checks.database, 'up')
      assert.doesNotMatch((await service.ask('GET', '/metrics')).text, TRACE)
    }
    const findings = await program('doctor', '--json')
    assert.match(findings, /"check": "policies"/)
    assert.doesNotMatch(findings, /"check": "encryption keys"/)
    const variables = await run('-e', `import('./src/configuration.ts').then((it) => console.log(it.VARIABLES))`)
    assert.match(variables, /DATABASE_URL/)
    assert.doesNotMatch(variables.replace('ENCRYPTION_KEY', ''), TRACE)
  })
})
