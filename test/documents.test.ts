import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VARIABLES } from '../src/configuration.ts'
import { generatedDocuments } from '../src/dev/documents.ts'
import { VERSION } from '../src/lib/version.ts'

/** Files that the documents name must exist, and their lists must be complete. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const textOf = (document: string): string => readFileSync(join(ROOT, document), 'utf8')

const GENERATED = await generatedDocuments()

suite('generated tables and versions', () => {
  for (const { document, text } of GENERATED) {
    test(`in ${document} are up to date; npm run docs writes them`, () => {
      assert.equal(textOf(document), text)
    })
  }

  test('contain each variable with its default and its other names, and each metric with its type and labels', () => {
    const { CORS_ORIGINS, DATABASE_URL } = VARIABLES
    const rows = textOf('docs/configuration.md')
    const does = CORS_ORIGINS?.does
    assert.ok(rows.includes(`| \`CORS_ORIGINS\` | \`http://localhost:3000\` | ${does} Also \`ALLOWED_ORIGINS\`. |`))
    assert.ok(rows.includes(`| \`DATABASE_URL\` | – | ${DATABASE_URL?.does} |`))
    assert.match(
      textOf('docs/operations/metrics.md'),
      /^\| `jobs_run_total` \| counter \| `name`, `outcome` \| Runs of background jobs/m,
    )
  })

  test('derive the version from package.json, the only other file that has it', () => {
    const generated = new Set([...GENERATED.map(({ document }) => document), 'openapi.json', 'package-lock.json'])
    const files = globSync('**/*.{ts,mjs,json,yaml,md,service,sh}', {
      cwd: ROOT,
      exclude: ['**/node_modules', 'bench/peers', 'dist', '.data', '**/package-lock.json'],
    })
    assert.ok(files.length > 300)
    const named = new RegExp(`(?:version['"]?: ['"]|todo-backend[:-])${VERSION.replaceAll('.', '\\.')}`)
    assert.deepEqual(
      files.filter((file) => !generated.has(file) && named.test(textOf(file))),
      ['package.json'],
    )
  })

  test('have one line for each entry', () => {
    for (const [name, { does }] of Object.entries(VARIABLES)) assert.match(does, /^[^\n|]*(?:\\\|[^\n|]*)*\.$/, name)
  })
})

suite('the documents', () => {
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
  const all = [...documents, ...globSync('docs/**/*.md', { cwd: ROOT }), 'migrations/README.md', 'client/README.md']

  test('link only to existing files', () => {
    const dead = all.flatMap((document) =>
      [...textOf(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(resolve(ROOT, dirname(document), target)))
        .map((target) => `${document}: ${target}`),
    )
    assert.deepEqual(dead, [])
  })

  test('name only existing files of the code', () => {
    const dead = all.flatMap((document) =>
      [...textOf(document).matchAll(/`((?:src|test|client|migrations|bin)\/[\w./-]+\.\w+)`/g)]
        .map(([, file = '']) => file)
        // Except for the two examples in CONTRIBUTING.md, and a pattern.
        .filter(
          (file) => !/^src\/days\/|^src\/tasks\/estimate\.test\.ts$|NNNN/.test(file) && !existsSync(join(ROOT, file)),
        )
        .map((file) => `${document}: ${file}`),
    )
    assert.deepEqual(dead, [])
  })

  test('have, in ARCHITECTURE.md, the floors of test/architecture.test.ts', () => {
    const [, held = ''] = /FLOORS[^{]*\{([^}]*)\}/.exec(textOf('test/architecture.test.ts')) ?? []
    const floors = [...held.matchAll(/^ *'?([\w.-]+)'?: (\d+),$/gm)].map(([, unit, floor]) => `${floor} ${unit}`)
    const shown = [...textOf('ARCHITECTURE.md').matchAll(/^\| (\d+) \| ([^|]+) \|/gm)].flatMap(
      ([, floor, units = '']) => [...units.matchAll(/`([\w.-]+?)\/?`/g)].map(([, unit]) => `${floor} ${unit}`),
    )
    assert.deepEqual(shown.sort(), floors.sort())
  })

  test('cite, in SECURITY.md, a test for every attack, and only existing tests', () => {
    const [, table = ''] = /^\| Attack \| Defence \| Tests \|\n([^]*?)\n\n/m.exec(textOf('SECURITY.md')) ?? []
    const uncited = table.split('\n').filter((row) => !/^\|-|`[\w./-]+\.test\.ts`: “/.test(row))
    assert.deepEqual(uncited, [])
    const citations = [...textOf('SECURITY.md').matchAll(/`([\w./-]+\.test\.ts)`: (“.+?”)(?=; `| \|)/g)]
    assert.ok(citations.length > 10, 'few tests are cited')
    const dead = citations.flatMap(([, file = '', names = '']) =>
      [...names.matchAll(/“([^”]+)”/g)]
        .map(([, name = '']) => name)
        .filter((name) => !textOf(file).includes(name))
        .map((name) => `${file}: ${name}`),
    )
    assert.deepEqual(dead, [])
  })
})
