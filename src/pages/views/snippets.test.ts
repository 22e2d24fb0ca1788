import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { connectionsOf } from './app-snippets.ts'
import { snippetsOf, type Snippet } from './token-snippets.ts'

/** The texts to paste on `/account`, and those of docs/, which are for the same programs. */

const URL = 'https://todo.example.com'
const docs = (name: string): string =>
  readFileSync(new globalThis.URL(`../../../docs/${name}`, import.meta.url), 'utf8')
const AGENTS = docs('agents.md')

/** A section of a document, to the next heading of its level or a higher one. */
function sectionOf(document: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0
  const [, ...rest] = `\n${document}`.split(`\n${heading}\n`)
  return (rest[0] ?? assert.fail(`no section ${heading}`)).split(new RegExp(`^#{1,${level}} `, 'm'))[0] ?? ''
}

const blocksOf = (section: string): readonly string[] =>
  [...section.matchAll(/^```\w+\n([^]*?)\n```$/gm)].map(([, block = '']) => block)

/** JSON without its blanks; other texts as they are. */
const normalized = (text: string): string => (text.startsWith('{') ? JSON.stringify(JSON.parse(text)) : text)

function assertHas(section: string, { title, text }: Snippet): void {
  const blocks = blocksOf(section).map(normalized)
  assert.ok(blocks.includes(normalized(text)), `${title}: ${text}\nis none of\n${blocks.join('\n')}`)
}

suite('texts to paste agree with the documents', () => {
  const programs = connectionsOf(`${URL}/mcp`)
  const rows = [...sectionOf(AGENTS, '## Connect a program').matchAll(/^\| \[([^\]]+)\]\(#([\w-]+)\)/gm)]
  const anchors = new Map(rows.map(([, title = '', anchor = '']) => [title, anchor]))

  test('for the same programs that ask for access', () => {
    assert.deepEqual(
      programs.map(({ title }) => title),
      [...anchors.keys()],
    )
  })

  for (const program of programs) {
    const { title, place, text } = program
    test(`for ${title}, with what to paste and where`, () => {
      const headings = [...AGENTS.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading)
      const heading = headings.find((each) => each.toLowerCase().replaceAll(' ', '-') === anchors.get(title))
      const section = sectionOf(AGENTS, `### ${heading}`)
      // An address goes where menus lead.
      if (text === `${URL}/mcp`) {
        const menus = (place.split(';')[0] ?? '').split(', ').map((each) => `\\*${each.replace('+', '\\+')}\\*`)
        assert.match(section, new RegExp(menus.join('[^]*')))
        return
      }
      assertHas(section, program)
      for (const [file] of place.matchAll(/[~\w./]*\w\.json/g)) assert.ok(section.includes(`\`${file}\``), file)
    })
  }

  test('for a personal token', () => {
    const token = 'todo_pat_…'
    const [mcp, all] = [sectionOf(AGENTS, '## With a personal token'), snippetsOf({ url: URL, token, hasMcp: true })]
    const direct = snippetsOf({ url: URL, token, hasMcp: false })
    const ofAgents = all.slice(0, -direct.length)
    assert.deepEqual(
      ofAgents.map(({ title }) => title),
      ['Claude Code', 'Claude Desktop', 'Cursor', 'VS Code', 'Codex'],
    )
    for (const snippet of ofAgents) {
      assertHas(mcp, snippet)
      assert.match(mcp, new RegExp(`^${snippet.title}\\b`, 'm'))
      for (const [file] of snippet.place.matchAll(/[~\w./]*\w\.(?:json|toml)/g)) {
        assert.ok(AGENTS.includes(`\`${file}\``), file)
      }
    }
    const line = direct.find(({ title }) => title === 'Command line') ?? assert.fail('no command line')
    assert.ok(docs('command-line.md').includes(line.text), line.text)
  })
})
