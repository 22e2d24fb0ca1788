import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { groupsOf, LONG, WAITING } from './group.ts'
import { makeTemporaryDirectory } from './temporary.ts'
import { DATABASE, filesOf, SECOND_TIER } from './tiers.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const filesIn = (tier: string): readonly string[] => filesOf(tier) ?? assert.fail(`there is no tier ${tier}`)

/** Every test file of the project. The packages, and what is built, are not part of it. */
const every = globSync('**/*.test.ts', {
  cwd: ROOT,
  exclude: (path) => /(?:^|\/)(?:node_modules|dist)$/.test(path),
}).sort()

suite('the tiers of the tests', () => {
  test('name files that exist', () => {
    assert.deepEqual(
      Object.keys(SECOND_TIER).filter((file) => !existsSync(join(ROOT, file))),
      [],
    )
    assert.deepEqual(
      DATABASE.filter((pattern) => globSync(pattern, { cwd: ROOT }).length === 0),
      [],
    )
  })

  test('have every test file once, except faults and generated clients, which have commands of their own', () => {
    const own = every.filter((file) => /^test\/(?:faults|clients)\//.test(file))
    assert.ok(own.length > 10)
    assert.deepEqual([...filesIn('everyday'), ...filesIn('rest'), ...own].sort(), every)
    assert.deepEqual([...filesIn('everyday'), ...filesIn('rest')].sort(), filesIn('all'))
  })

  test('repeat on other databases only files of the first tier, and only those that open a database', () => {
    const first = new Set(filesIn('everyday'))
    for (const tier of ['database', 'embedded']) {
      const files = filesIn(tier)
      assert.ok(files.length > 30)
      for (const file of files) {
        assert.ok(first.has(file), file)
        assert.match(
          readFileSync(join(ROOT, file), 'utf8'),
          /open(?:World|TestDatabase|ServedDatabase|AuthDatabase)\b/,
          file,
        )
      }
    }
  })

  test('repeat every file of the database itself that opens one', () => {
    const repeated = new Set(filesIn('database'))
    const left = filesIn('everyday').filter((file) => file.startsWith('src/db/') && !repeated.has(file))
    for (const file of left) assert.doesNotMatch(readFileSync(join(ROOT, file), 'utf8'), /\bopen\w*Database\b/, file)
  })

  test('execute every file once, alone or in a group', () => {
    for (const tier of ['everyday', 'rest', 'all', 'database']) {
      const { groups, alone } = groupsOf(filesIn(tier))
      assert.deepEqual([...groups.flat(), ...alone].sort(), filesIn(tier), tier)
    }
  })

  test('begin with files that exist: those that mostly wait in the first tier, the longest in the second', () => {
    assert.deepEqual(
      WAITING.flat().filter((file) => !filesIn('everyday').includes(file)),
      [],
    )
    assert.deepEqual(
      LONG.filter((file) => !filesIn('rest').includes(file)),
      [],
    )
  })
})

test('temporary files are where TMPDIR says, and the account of a server can read what is its own there', () => {
  // A run of this file alone has no TMPDIR.
  process.env['TMPDIR'] ??= tmpdir()
  const directory = makeTemporaryDirectory()
  try {
    assert.equal(dirname(directory), tmpdir())
    assert.equal(statSync(directory).mode & 0o777, 0o755)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
