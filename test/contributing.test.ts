import assert from 'node:assert/strict'
import { globSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { copyProject, ROOT, type ProjectCopy } from './project-copy.ts'

const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')

/** The generators, by the file that each writes. */
const GENERATORS: Readonly<Record<string, readonly string[]>> = {
  'openapi.json': ['bin/todo-backend.mjs', 'openapi', 'openapi.json'],
  'client/schema.ts': ['client/generate.ts'],
  'llms.txt': ['bin/todo-backend.mjs', 'llms', 'llms.txt'],
}

const sectionOf = (heading: string): string =>
  new RegExp(`^## ${heading}$([^]*?)^## `, 'm').exec(CONTRIBUTING)?.[1] ?? assert.fail(`there is no ${heading}`)

const NAMED = /`((?:src|migrations)\/[\w./-]+|TASK_FIELDS)`/

/** The code blocks of a section in order, each with the path or table that its step, or the sentence before it, names first. */
function blocksOf(section: string): readonly (readonly [path: string, block: string])[] {
  const blocks = section.matchAll(/([^]*?)^```\w+\n([^]*?)^```$/gm)
  return Array.from(blocks, ([, before = '', block = '']) => {
    const step = before.split(/^\*\*\d\. /m).at(-1) ?? before
    const [, path = assert.fail(`no file is named before ${block}`)] = NAMED.exec(step) ?? []
    return [path, block] as const
  })
}

suite('CONTRIBUTING, "Add an endpoint in six steps", executed on a copy', () => {
  let copy: ProjectCopy
  before(() => {
    copy = copyProject()
    const blocks = blocksOf(sectionOf('Add an endpoint in six steps'))
    assert.deepEqual(
      blocks.map(([path]) => path),
      [
        'src/days/schema.ts',
        'src/days/store.ts',
        'src/days/routes.ts',
        'src/days/feature.ts',
        'src/features.ts',
        'src/days/days.test.ts',
      ],
    )
    for (const [path, block] of blocks) {
      mkdirSync(dirname(join(copy.path, path)), { recursive: true })
      if (path !== 'src/features.ts') copy.write(path, block)
    }
    const lines = blocks.find(([path]) => path === 'src/features.ts')?.[1] ?? ''
    copy.replace('src/features.ts', lines.replace('  days,\n', ''), lines)
    copy.write('src/features.ts', `import { days } from './days/feature.ts'\n${copy.read('src/features.ts')}`)
  })
  after(() => copy[Symbol.dispose]())

  test('passes the type check, and its documents and client contain the operation', async () => {
    for (const [file, generator] of Object.entries(GENERATORS)) {
      await copy.run(generator)
      assert.match(copy.read(file), /listDays/, file)
    }
    await copy.checkTypes()
  })

  test('passes its own tests, and those of the list of routes, the documents and the floors', async () => {
    const files = ['architecture', 'documented', 'llms', 'openapi', 'once'].map((name) => `test/${name}.test.ts`)
    await copy.runTests(['src/days/days.test.ts', ...files])
  })
})

suite('CONTRIBUTING, "Add a field in six steps", executed on a copy', () => {
  let copy: ProjectCopy
  before(() => {
    copy = copyProject()
    const blocks = blocksOf(sectionOf('Add a field in six steps'))
    assert.deepEqual(
      blocks.map(([path]) => path),
      [
        'migrations/NNNN_estimate.up.sql',
        'migrations/NNNN_estimate.down.sql',
        'TASK_FIELDS',
        'src/tasks/estimate.test.ts',
      ],
    )
    const last =
      globSync('*.up.sql', { cwd: join(copy.path, 'migrations') })
        .sort()
        .at(-1) ?? ''
    const nextMigration = String(Number(last.slice(0, 4)) + 1).padStart(4, '0')
    for (const [path, block] of blocks) {
      if (path === 'TASK_FIELDS')
        copy.replace('src/tasks/fields.ts', '} as const satisfies', `${block}} as const satisfies`)
      else copy.write(path.replace('NNNN', nextMigration), block)
    }
  })
  after(() => copy[Symbol.dispose]())

  test('passes the type check, and its document and client contain the field', async () => {
    for (const file of ['openapi.json', 'client/schema.ts']) {
      await copy.run(GENERATORS[file] ?? [])
      assert.match(copy.read(file), /estimateMinutes/)
    }
    await copy.checkTypes()
  })

  test('passes the tests of the field, of the table of fields, of the documents and of the migrations', async () => {
    const files = [
      'src/tasks/estimate.test.ts',
      'src/tasks/fields.test.ts',
      'test/openapi.test.ts',
      'test/llms.test.ts',
    ]
    await copy.runTests([...files, 'src/db/schema/migrator.test.ts'])
  })
})
