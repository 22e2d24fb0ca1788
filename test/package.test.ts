import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { askAt } from './world.ts'

/** The package of `npm pack`, installed as by a user: below node_modules, with only its declared dependencies. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOCUMENTS = [
  '.env.example',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'bench/peers/README.md',
  'deploy',
  'docs',
  'llms.txt',
  'openapi.json',
]
const SOURCES = [
  'bin',
  'cli',
  'client',
  'migrations',
  'src',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  ...DOCUMENTS,
]
const TIMEOUT_MS = 120_000
const run = promisify(execFile)

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<'todo' | 'todo-backend', string>>
}

const manifestIn = (directory: string): Manifest => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
const VERSION = manifestIn(ROOT).version

suite('the package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'todo-backend-package-'))
  const installed = join(directory, 'node_modules/todo-backend')
  let files: readonly string[]
  after(() => rmSync(directory, { recursive: true, force: true }))

  before(
    async () => {
      const tree = join(directory, 'tree')
      mkdirSync(tree)
      for (const name of SOURCES) cpSync(join(ROOT, name), join(tree, name), { recursive: true })
      symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
      await run('npm', ['pack', '--offline', '--pack-destination', directory], { cwd: tree })
      rmSync(tree, { recursive: true })

      mkdirSync(installed, { recursive: true })
      const tarball = join(directory, `todo-backend-${VERSION}.tgz`)
      await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
      const { stdout } = await run('tar', ['-tzf', tarball])
      files = stdout.trim().split('\n')
      for (const name of Object.keys(manifestIn(installed).dependencies)) {
        const link = join(directory, 'node_modules', name)
        mkdirSync(dirname(link), { recursive: true })
        symlinkSync(join(ROOT, 'node_modules', name), link)
      }
    },
    { timeout: TIMEOUT_MS },
  )

  test('contains programs and documents, and neither sources nor tests', () => {
    const top = files.map((file) => {
      const [, first = '', second = ''] = file.split('/')
      return first === 'dist' ? `${first}/${second}` : first
    })
    assert.deepEqual([...new Set(top)].sort(), [
      '.env.example',
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'bench',
      'bin',
      'client',
      'deploy',
      'dist/cli',
      'dist/client',
      'dist/migrations',
      'dist/src',
      'docs',
      'llms.txt',
      'migrations',
      'openapi.json',
      'package.json',
    ])
    // Modules for browsers are stripped of their types when they are served.
    const isServed = (file: string): boolean => /^package\/dist\/src\/[^/]+\/(?:browser|views)\/[^.]+\.ts$/.test(file)
    assert.deepEqual(
      files.filter((file) => /(?<!\.d)\.ts$|\.test\./.test(file) && !isServed(file)),
      [],
    )
  })

  test('contains every file to which its documents link', () => {
    const there = files.map((file) => file.slice('package/'.length))
    const documents = there.filter((file) => file.endsWith('.md') && !file.startsWith('dist/'))
    assert.ok(documents.length > 20)
    const dead = documents.flatMap((document) =>
      [...readFileSync(join(installed, document), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, target = '']) => normalize(join(dirname(document), target)))
        .filter((target) => !there.some((file) => file === target || file.startsWith(`${target}/`)))
        .map((target) => `${document}: ${target}`),
    )
    assert.deepEqual(dead, [])
  })

  test('exports its typed client as todo-backend/client, and the follower as todo-backend/client/sync', async () => {
    const program = `import { createClient, isProblem } from 'todo-backend/client'
      const client = createClient({ baseUrl: 'http://127.0.0.1:1', auth: { token: 'x'.repeat(32) } })
      const { follow, openOutbox } = await import('todo-backend/client/sync')
      console.log(typeof client.GET, typeof isProblem, typeof follow, typeof openOutbox)`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: directory })
    assert.equal(stdout.trim(), 'function function function function')
    assert.ok(files.includes('package/dist/client/index.d.ts') && files.includes('package/dist/client/sync/index.d.ts'))
  })

  test(
    'serves on the embedded database from an empty directory, and stops at SIGTERM',
    { timeout: TIMEOUT_MS },
    async () => {
      const cwd = join(directory, 'empty')
      const { bin } = manifestIn(installed)
      mkdirSync(cwd)
      const child = spawn(process.execPath, [join(installed, bin['todo-backend'])], {
        cwd,
        env: { PATH: process.env['PATH'], PORT: '0' },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      try {
        const url = await saidUrl(child.stdout)
        const body = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' }
        const { token } = (await askAt(url, 'POST', '/api/auth/sign-up/email', { body })).json
        const created = await askAt(url, 'POST', '/api/tasks', { token, body: { title: 'from the package' } })
        assert.equal(created.status, 201)
        const { json } = await askAt(url, 'GET', '/api/tasks', { token })
        assert.deepEqual(
          json.map(({ title }: { title: string }) => title),
          ['from the package'],
        )
        const env = { PATH: process.env['PATH'], HOME: cwd, TODO_URL: url, TODO_TOKEN: token }
        const listed = await run(process.execPath, [join(installed, bin.todo)], { cwd: directory, env })
        assert.equal(listed.stdout, '1  from the package\n')
        const scripts = [...(await (await fetch(url)).text()).matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)]
        assert.equal(scripts.length, 2)
        for (const asset of ['/redoc/redoc.js', '/docs/swagger-ui.js', ...scripts.map(([, path = '']) => path)]) {
          assert.equal((await fetch(url + asset)).status, 200, asset)
        }
        child.kill('SIGTERM')
        assert.deepEqual(await ended, [0, null])
      } finally {
        child.kill('SIGKILL')
        await ended
      }
    },
  )
})

/** The URL in the greeting of the service. */
async function saidUrl(output: AsyncIterable<Buffer>): Promise<string> {
  let said = ''
  for await (const chunk of output) {
    said += chunk.toString()
    const [, url] = /todo-backend is at (\S+)/.exec(said) ?? []
    if (url !== undefined) return url
  }
  throw new Error(`it ended before it listened:\n${said}`)
}
