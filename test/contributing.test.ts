import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')

/** What a copy of the project needs to be type-checked and to run one test. */
const COPIED = [
  'src',
  'test',
  'migrations',
  'client',
  'bin',
  'bench',
  'package.json',
  'tsconfig.json',
  'openapi.json',
  'llms.txt',
]

/** The files of the section, which say their path before their block: **1. The column**, `path`. */
function blocksOf(section: string): ReadonlyMap<string, string> {
  const text = new RegExp(`^## ${section}$([^]*?)^## `, 'm').exec(CONTRIBUTING)?.[1] ?? ''
  const blocks = text.matchAll(/^\*\*\d\. [^*]*\*\*[^`]*`([^`]+)`[^]*?^```\w+\n([^]*?)^```$/gm)
  return new Map(Array.from(blocks, ([, path = '', block = '']) => [path, block]))
}

suite('CONTRIBUTING, "Add a field in six steps", carried out on a copy', () => {
  const copy = mkdtempSync(join(tmpdir(), 'todo-copy-'))
  after(() => rmSync(copy, { recursive: true, force: true }))
  const run = (...words: string[]) =>
    promisify(execFile)(process.execPath, words, {
      cwd: copy,
      // A test inside of a test would report to this one.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      maxBuffer: 16 * 1024 * 1024,
    }).catch((error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string } // as execFile rejects
      throw new Error(`${words.join(' ')} failed: ${stdout}${stderr}`)
    })

  before(() => {
    const isOurs = (path: string): boolean => !path.includes('/node_modules') && !path.includes('/bench/peers')
    for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true, filter: isOurs })
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    const steps = blocksOf('Add a field in six steps')
    assert.deepEqual(
      [...steps.keys()],
      [
        'migrations/0008_estimate.up.sql',
        'migrations/0008_estimate.down.sql',
        'TASK_FIELDS',
        'src/tasks/estimate.test.ts',
      ],
    )
    for (const [path, block] of steps) {
      if (path !== 'TASK_FIELDS') writeFileSync(join(copy, path), block)
    }
    const fields = join(copy, 'src/tasks/fields.ts')
    const table = readFileSync(fields, 'utf8')
    const end = table.indexOf('} as const satisfies')
    writeFileSync(fields, `${table.slice(0, end)}${steps.get('TASK_FIELDS')}${table.slice(end)}`)
  })

  test('has the right types, and gives a document and a client that know the field', async () => {
    await run('bin/todo-backend.mjs', 'openapi', 'openapi.json')
    await run('client/generate.ts')
    for (const file of ['openapi.json', 'client/schema.ts'])
      assert.match(readFileSync(join(copy, file), 'utf8'), /estimateMinutes/)
    await run('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.')
  })

  test('passes the tests of the field, of the table of fields and of the migrations', async () => {
    for (const file of ['src/tasks/estimate.test.ts', 'src/tasks/fields.test.ts', 'src/db/schema/migrator.test.ts'])
      await run('--test', file)
  })
})
