import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { GENERATORS, VERSIONS } from './clients/generators.ts'

const guide = readFileSync(new URL('../docs/clients.md', import.meta.url), 'utf8')

/** The lines between the markers, without their common indentation. */
function shownPart(program: string): string {
  const [, part = ''] = /^[^\n]*docs: begin\n(.*?)\n[^\n]*docs: end$/ms.exec(program) ?? []
  const lines = part.split('\n')
  const indented = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  return lines.map((line) => line.slice(Math.min(...indented))).join('\n')
}

suite('docs/clients.md', () => {
  for (const { name, folder, program, version } of GENERATORS) {
    test(`shows the program that is run with ${name}, and its version`, () => {
      const path = new URL(`clients/${folder}/${program}`, import.meta.url)
      const part = shownPart(readFileSync(path, 'utf8'))
      assert.ok(part.split('\n').length >= 6)
      const [, section = ''] = guide.split(`\n## ${name}\n`)
      assert.ok(
        section.split('\n## ')[0]?.includes(`\n${part}\n\`\`\``),
        `test/clients/${folder}/${program} has changed`,
      )
      const row = guide.split('\n').find((line) => line.startsWith('|') && line.includes(`[${name}]`))
      assert.ok(row?.includes(`| ${VERSIONS[version]} |`), `the table has another version than ${VERSIONS[version]}`)
    })
  }
})

suite('docs/sync.md', () => {
  const sync = readFileSync(new URL('../docs/sync.md', import.meta.url), 'utf8')
  const folder = new URL('../client/adapters/', import.meta.url)

  for (const adapter of ['rxdb', 'tanstack-db', 'watermelondb']) {
    test(`shows client/adapters/${adapter}.ts`, () => {
      const part = shownPart(readFileSync(new URL(`${adapter}.ts`, folder), 'utf8'))
      assert.ok(part.split('\n').length >= 30)
      assert.ok(sync.includes(`\n\`\`\`ts\n${part}\n\`\`\`\n`), `client/adapters/${adapter}.ts has changed`)
    })
  }

  test('names the versions of the libraries that are run', () => {
    const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
      devDependencies: Record<string, string>
    }
    assert.ok(sync.includes(`| [RxDB](#rxdb) | ${devDependencies['rxdb']} |`))
    assert.ok(sync.includes(`| [TanStack DB](#tanstack-db) | ${devDependencies['@tanstack/db']} |`))
  })
})
