import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startService } from './service.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const COPIED = ['bench', 'bin', 'client', 'migrations', 'src', 'test', 'package.json', 'tsconfig.json']
const TRACE = /vault|provider[ _-]?key|user[-_]api|gemini|openai|anthropic|key_refused|key_unreadable/i

/** The content of a file without the lines that match a pattern. */
function withoutLines(path: string, pattern: RegExp): void {
  const text = readFileSync(path, 'utf8')
  const shorter = text.replace(pattern, '')
  assert.notEqual(shorter, text, `${pattern} is in ${path}`)
  writeFileSync(path, shorter)
}

suite('a feature is deleted with its folder, its line in features.ts and its migration: without the vault', () => {
  let copy: string
  const run = async (...words: readonly string[]): Promise<string> => {
    const env = {
      PATH: process.env['PATH'],
      DATA_DIR: join(copy, 'data'),
      REDIS_URL: 'redis://127.0.0.1:1/0',
      PORT: '0',
    }
    const done = await promisify(execFile)(process.execPath, words, { cwd: copy, env, timeout: 120_000 }).catch(
      (error: unknown) => {
        // A command with findings has printed them.
        if (error instanceof Error && 'stdout' in error && 'stderr' in error) return error
        throw error
      },
    )
    return `${String(done.stdout)}${String(done.stderr)}`
  }
  const program = (...words: readonly string[]): Promise<string> => run('bin/todo-backend.mjs', ...words)

  before(() => {
    copy = mkdtempSync(join(tmpdir(), 'todo-without-vault-'))
    for (const each of COPIED) {
      cpSync(join(ROOT, each), join(copy, each), {
        recursive: true,
        filter: (path) => !path.endsWith('/node_modules'),
      })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    mkdirSync(join(copy, 'data'))
    rmSync(join(copy, 'src/vault'), { recursive: true })
    for (const direction of ['up', 'down']) rmSync(join(copy, `migrations/0007_user_api_keys.${direction}.sql`))
    withoutLines(join(copy, 'src/features.ts'), /^import .*\/vault\/.*\n/m)
    withoutLines(join(copy, 'src/features.ts'), /, vault\b/)
  })
  after(() => rmSync(copy, { recursive: true, force: true }))

  test('the type check passes', async () => {
    assert.equal(await run(join(copy, 'node_modules/typescript/bin/tsc')), '')
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
