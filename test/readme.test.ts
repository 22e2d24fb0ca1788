import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { globSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VARIABLES } from '../src/config.ts'

/** What the documents say is done here word by word, so that they cannot go stale in silence. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const BASE_URL = 'http://127.0.0.1:8000'
/** A first start makes a cluster, which takes seconds of a processor that other tests want too. */
const START_TIMEOUT_MS = 120_000
const TOUR_TIMEOUT_MS = 120_000

interface Step {
  readonly line: number
  readonly script: string
  /** The block that follows the script, if it shows what comes out. */
  readonly shown: { readonly language: string; readonly text: string } | undefined
}

/** The section under a heading, with the line it begins at. */
function section(heading: string): { readonly text: string; readonly line: number } {
  const start = README.indexOf(`\n## ${heading}\n`)
  assert.notEqual(start, -1, `the README has no section "${heading}"`)
  const end = README.indexOf('\n## ', start + 1)
  return { text: README.slice(start, end), line: README.slice(0, start).split('\n').length }
}

function stepsOf({ text, line }: ReturnType<typeof section>): readonly Step[] {
  const blocks = [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(({ 1: language = '', 2: code = '', index }) => ({
    language,
    text: code,
    line: line + text.slice(0, index).split('\n').length,
  }))
  return blocks.flatMap((block, at) => {
    if (block.language !== 'sh') return []
    const next = blocks[at + 1]
    return [{ line: block.line, script: block.text, shown: next?.language === 'sh' ? undefined : next }]
  })
}

/** A value that differs from run to run, and what it may be. In what the README shows, an instant with a fraction is one. */
const KINDS: readonly (readonly [kind: string, shown: RegExp, actual: RegExp])[] = [
  ['a UUID', /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/],
  ['an instant', /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/],
  ['a cursor', /[\w-]{20,}\.[\w-]{22}/, /[\w-]{20,}\.[\w-]{22}/],
  ['an id or token', /\b[A-Za-z0-9]{32}\b/, /\b[A-Za-z0-9]{32}\b/],
]
const VOLATILE = new RegExp(KINDS.map(([, shown]) => `(${shown.source})`).join('|'), 'g')

/**
 * Compares what comes out with what is shown. Values that differ from run to run must be of the same kind, and where the
 * README shows the same one twice, the same one must come twice.
 */
class Comparison {
  readonly #actualOf = new Map<string, string>()

  json(shown: unknown, actual: unknown, where = 'the body'): void {
    if (typeof shown === 'string' && typeof actual === 'string') {
      this.text(shown, actual, where)
    } else if (typeof shown === 'object' && shown !== null && typeof actual === 'object' && actual !== null) {
      assert.deepEqual(Object.keys(actual).sort(), Object.keys(shown).sort(), `the members of ${where}`)
      assert.equal(Array.isArray(actual), Array.isArray(shown), where)
      for (const [name, value] of Object.entries(shown)) {
        this.json(value, (actual as Record<string, unknown>)[name], `${where}, ${name}`)
      }
    } else {
      assert.equal(actual, shown, where)
    }
  }

  /** The status line and each shown header; there may be more headers. */
  http(shown: string, actual: string): void {
    const [shownHead, shownBody] = parted(shown)
    const [actualHead, actualBody] = parted(actual)
    assert.equal(actualHead[0], shownHead[0], 'the status line')
    const headers = new Map(actualHead.slice(1).map(named))
    for (const [name, value] of shownHead.slice(1).map(named)) this.text(value, headers.get(name) ?? '', name)
    if (shownBody === '') assert.equal(actualBody, '', 'a body that is not shown')
    else this.json(JSON.parse(shownBody), JSON.parse(actualBody))
  }

  text(shown: string, actual: string, where = 'the output'): void {
    const wanted: string[] = []
    let literal = 0
    for (const match of shown.matchAll(VOLATILE)) {
      const [value] = match
      const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)]
      assert.ok(kind)
      const known = this.#actualOf.get(value)
      wanted.push(RegExp.escape(shown.slice(literal, match.index)))
      wanted.push(known === undefined ? `(${kind[2].source})` : `(${RegExp.escape(known)})`)
      literal = match.index + value.length
    }
    wanted.push(RegExp.escape(shown.slice(literal)))
    const found = new RegExp(`^${wanted.join('')}$`).exec(actual)
    assert.ok(found, `${where} is\n  ${actual}\nand the README shows\n  ${shown}`)
    for (const [at, [value]] of [...shown.matchAll(VOLATILE)].entries()) this.#actualOf.set(value, found[at + 1] ?? '')
  }
}

function parted(message: string): [head: readonly string[], body: string] {
  const [head = '', ...body] = message.replaceAll('\r\n', '\n').split('\n\n')
  return [head.trim().split('\n'), body.join('\n\n').trim()]
}

function named(header: string): [name: string, value: string] {
  const colon = header.indexOf(':')
  return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()]
}

const missing = ['sh', 'curl', 'sed', 'tr'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined)

suite('the tour of the README', { skip: missing.length > 0 && `takes ${missing.join(' and ')}` }, () => {
  const steps = stepsOf(section('A tour with curl'))
  const outputs: string[] = []
  const directory = mkdtempSync(join(tmpdir(), 'todo-readme-'))
  let service: ChildProcess | undefined
  let complaint = ''

  before(async () => {
    service = spawn(process.execPath, [join(ROOT, 'bin/todo-backend.mjs')], {
      cwd: directory,
      env: { PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const url = await addressOf(service)
    const ended = `--- ${Math.random()} ---`
    const script = steps.map((step) => `${step.script}\nprintf %s '${ended}'\n`).join('')
    const shell = spawn('sh', ['-e', '-s'], { cwd: directory, timeout: TOUR_TIMEOUT_MS })
    shell.stdin.end(script.replaceAll(BASE_URL, url))
    let said = ''
    shell.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    shell.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
    await new Promise((resolve) => shell.once('close', resolve))
    outputs.push(...said.split(ended).slice(0, -1))
  })
  after(async () => {
    const ended = new Promise((resolve) => service?.once('exit', resolve))
    if (service?.kill('SIGTERM') === true) await ended
    rmSync(directory, { recursive: true, force: true })
  })

  const comparison = new Comparison()
  for (const [at, { line, shown }] of steps.entries()) {
    test(`line ${line} does what it says`, () => {
      const output = outputs[at]
      assert.ok(output !== undefined, `the shell ended before, or here: ${complaint}`)
      assert.ok(shown !== undefined, 'nothing is shown that could be compared')
      if (shown.language === 'http') comparison.http(shown.text, output)
      else if (shown.language === 'json') comparison.json(JSON.parse(shown.text), JSON.parse(output))
      else comparison.text(shown.text.trim(), output.trim())
    })
  }
})

/** Where a service that was just spawned says it is. */
function addressOf(service: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => reject(new Error(`the service did not start: ${said}`)), START_TIMEOUT_MS)
    const settle = (): void => clearTimeout(timer)
    service.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const [, url] = /todo-backend is at (\S+)/.exec(said) ?? []
      if (url === undefined) return
      settle()
      resolve(url)
    })
    service.once('exit', () => {
      settle()
      reject(new Error(`the service ended: ${said}`))
    })
  })
}

suite('the comparison notices', () => {
  const UUID = '01a203be-97e4-7aa1-b6ff-0cf69d3b2d16'
  const OTHER_UUID = '02a203be-97e4-7aa1-b6ff-0cf69d3b2d16'
  const cases: Readonly<Record<string, readonly [shown: unknown, actual: unknown]>> = {
    'a member that is missing': [{ a: 1, b: 2 }, { a: 1 }],
    'a member that is not shown': [{ a: 1 }, { a: 1, b: 2 }],
    'another text': [{ detail: 'title is required' }, { detail: 'title is missing' }],
    'another instant where it is fixed': ['2026-12-24T17:00:00Z', '2026-12-24T18:00:00Z'],
    'an id that is none': [{ id: UUID }, { id: 'x' }],
    'two ids where one is shown twice': [
      [UUID, UUID],
      [UUID, OTHER_UUID],
    ],
    'null where there is a value': [{ at: '2026-11-22T14:52:32.092Z' }, { at: null }],
    'an object where there is a list': [[], {}],
  }
  for (const [what, [shown, actual]] of Object.entries(cases)) {
    test(what, () => assert.throws(() => new Comparison().json(shown, actual), assert.AssertionError))
  }
  test('another status, a missing header and a body that is not shown', () => {
    const compare = (shown: string, actual: string): void => new Comparison().http(shown, actual)
    assert.throws(() => compare('HTTP/1.1 200 OK\n', 'HTTP/1.1 404 Not Found\r\n\r\n'))
    assert.throws(() => compare('HTTP/1.1 200 OK\nETag: "1"\n', 'HTTP/1.1 200 OK\r\n\r\n'))
    assert.throws(() => compare('HTTP/1.1 204 No Content\n', 'HTTP/1.1 204 No Content\r\n\r\n{}'))
  })
  test('nothing else: ids, times and tokens may differ', () => {
    new Comparison().json(
      { id: UUID, at: '2026-11-22T14:52:32.092Z', path: `/api/tasks/${UUID}`, token: 'a'.repeat(32) },
      { id: OTHER_UUID, at: '2027-01-01T00:00:00Z', path: `/api/tasks/${OTHER_UUID}`, token: 'b'.repeat(32) },
    )
  })
})

suite('the variables of the README', () => {
  const rows = new Map(
    [...section('Variables').text.matchAll(/^\| `([A-Z_]+)`[^|]* \| ([^|]*) \| (.*) \|$/gm)].map(
      ([, name = '', fallback = '', meaning = '']) => [name, { fallback, meaning }],
    ),
  )

  test('are all that the service reads, and no others', () => {
    assert.deepEqual([...rows.keys()].sort(), Object.keys(VARIABLES).sort())
  })

  test('have the defaults that .env.example shows', () => {
    const example = readFileSync(join(ROOT, '.env.example'), 'utf8')
    for (const [, name = '', value = ''] of example.matchAll(/^# ([A-Z_]+)=(.*)$/gm)) {
      assert.equal(rows.get(name)?.fallback, value === '' ? '–' : `\`${value}\``, name)
    }
  })

  test('tell the names they had before', () => {
    for (const [name, before] of Object.entries(VARIABLES)) {
      for (const each of before) assert.ok(rows.get(name)?.meaning.includes(`\`${each}\``), `${each} of ${name}`)
    }
  })
})

suite('the documents', () => {
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
  const all = [...documents, ...globSync('docs/**/*.md', { cwd: ROOT }), 'migrations/README.md']
  const textOf = (document: string): string => readFileSync(join(ROOT, document), 'utf8')

  test('link only to files that are there', () => {
    const dead = all.flatMap((document) =>
      [...textOf(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(resolve(ROOT, dirname(document), target)))
        .map((target) => `${document}: ${target}`),
    )
    assert.deepEqual(dead, [])
  })

  test('name only files of the code that are there', () => {
    const dead = all.flatMap((document) =>
      [...textOf(document).matchAll(/`((?:src|test|migrations|bin)\/[\w./-]+\.\w+)`/g)]
        .map(([, file = '']) => file)
        // The example in CONTRIBUTING.md, which is said to be one, and a pattern.
        .filter((file) => !/^src\/days\/|NNNN/.test(file) && !existsSync(join(ROOT, file)))
        .map((file) => `${document}: ${file}`),
    )
    assert.deepEqual(dead, [])
  })

  test('show, in ARCHITECTURE.md, the floors that test/architecture.test.ts holds', () => {
    const [, held = ''] = /FLOORS[^{]*\{([^}]*)\}/.exec(textOf('test/architecture.test.ts')) ?? []
    const floors = [...held.matchAll(/^ *'?([\w.-]+)'?: (\d),$/gm)].map(([, unit, floor]) => `${floor} ${unit}`)
    const shown = [...textOf('ARCHITECTURE.md').matchAll(/^\| (\d) \| ([^|]+) \|/gm)].flatMap(([, floor, units = '']) =>
      [...units.matchAll(/`([\w.-]+?)\/?`/g)].map(([, unit]) => `${floor} ${unit}`),
    )
    assert.deepEqual(shown.sort(), floors.sort())
  })

  test('cite, in SECURITY.md, a test for every attack, and only tests that are there', () => {
    const [, table = ''] = /^\| Attack \| What happens \| Shown by \|\n([^]*?)\n\n/m.exec(textOf('SECURITY.md')) ?? []
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
