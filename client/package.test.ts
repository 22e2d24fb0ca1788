import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openWorld } from '../test/world.ts'
import { generate } from './generate.ts'

const HERE = import.meta.dirname
const ROOT = join(HERE, '..')
const COMPILER = join(fileURLToPath(import.meta.resolve('typescript/package.json')), '../bin/tsc')
/** The condition in package.json that resolves to the sources instead of the built files. */
const SOURCE = 'todo-backend-source'

interface Example {
  readonly line: number
  readonly code: string
  /** The expected output, from the block after the code. */
  readonly output: string
}

const README = readFileSync(join(ROOT, 'client/README.md'), 'utf8')
const EXAMPLES: readonly Example[] = [...README.matchAll(/^```ts\n([^]*?)^```\n\n```text\n([^]*?)^```$/gm)].map(
  ({ 1: code = '', 2: output = '', index }) => ({
    line: README.slice(0, index).split('\n').length,
    code,
    output,
  }),
)

async function run(script: string, args: readonly string[], cwd: string): Promise<{ status: unknown; said: string }> {
  const child = spawn(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
  }
  const [status] = (await once(child, 'close')) as [unknown]
  return { status, said }
}

/** An empty project which has installed the package. */
function makeProject(): string {
  const project = mkdtempSync(join(tmpdir(), 'todo-client-'))
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(ROOT, join(project, 'node_modules/todo-backend'))
  symlinkSync(join(ROOT, 'node_modules/@types'), join(project, 'node_modules/@types'))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  return project
}

const COMPILING = `--noEmit --strict --target esnext --module nodenext --types node --skipLibCheck
  --allowImportingTsExtensions --customConditions ${SOURCE}`.split(/\s+/)

suite('the package of the client', () => {
  test('has the types of the current openapi.json; `npm run client` writes them', async () => {
    assert.equal(readFileSync(join(HERE, 'schema.ts'), 'utf8'), await generate())
  })

  test('compiles without types of Node, and has type errors for misspelt members and for members that a path does not accept', async () => {
    assert.deepEqual(await run(COMPILER, ['-p', HERE], ROOT), { status: 0, said: '' })
  })

  test('imports only its own files and openapi-fetch, and its files are short', () => {
    const files = globSync(['*.ts', 'sync/*.ts'], { cwd: HERE }).filter(
      (file) => !/\.test\.ts$|^generate\.ts$|^schema\.ts$/.test(file),
    )
    assert.ok(files.includes('sync/follow.ts'))
    const imports = files.flatMap((file) => {
      const text = readFileSync(join(HERE, file), 'utf8')
      assert.ok(text.split('\n').length <= 320, file)
      return [...text.matchAll(/from '([^']+)'/g)].map(([, path = '']) =>
        path.startsWith('.') ? join(dirname(file), path) : path,
      )
    })
    const others = [...new Set(imports)].filter((path) => !/^(?:sync\/)?[\w-]+\.ts$/.test(path))
    assert.deepEqual(others, ['openapi-fetch'])
    // A program that only calls the service does not load the rest.
    assert.doesNotMatch(readFileSync(join(HERE, 'index.ts'), 'utf8'), /sync\//)
  })

  test('sends an Idempotency-Key with every write outside of /api/auth, which are those that accept one', () => {
    const { paths } = JSON.parse(readFileSync(join(ROOT, 'openapi.json'), 'utf8')) as { paths: Record<string, Methods> }
    type Methods = Record<string, { readonly parameters?: readonly { readonly name: string }[] }>
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { parameters = [] }] of Object.entries(methods)) {
        const takesKey = parameters.some(({ name }) => name === 'idempotency-key')
        assert.equal(takesKey, method !== 'get' && !path.startsWith('/api/auth/'), `${method} ${path}`)
      }
    }
  })

  test('has an example in its README', () => {
    assert.ok(EXAMPLES.length > 0)
  })

  for (const { line, code, output } of EXAMPLES) {
    test(`runs the example at line ${line} of client/README.md in a separate project`, async () => {
      await using world = await openWorld()
      const project = makeProject()
      try {
        writeFileSync(join(project, 'example.ts'), code.replaceAll('http://127.0.0.1:8000', world.url))
        const compiled = await run(COMPILER, [...COMPILING, 'example.ts'], project)
        assert.deepEqual(compiled, { status: 0, said: '' })
        const ran = await run(`--conditions=${SOURCE}`, ['example.ts'], project)
        assert.deepEqual(ran, { status: 0, said: output })
      } finally {
        rmSync(project, { recursive: true })
      }
    })
  }
})
