import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Executes the commands of the documents and compares the results, so that outdated documents fail. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BASE_URL = 'http://127.0.0.1:8000'
/** A first start creates a cluster, which takes seconds of processor time, shared with other tests. */
const START_TIMEOUT_MS = 120_000
const TOUR_TIMEOUT_MS = 120_000

interface Block {
  readonly document: string
  readonly line: number
  readonly language: string
  readonly text: string
}

interface Step {
  /** Document and line. */
  readonly place: string
  readonly script: string
  /** The block after the script, if it contains the output. */
  readonly shown: { readonly language: string; readonly text: string } | undefined
}

/** Every fenced block of a document, in order. */
function blocksOf(document: string): readonly Block[] {
  const text = readFileSync(join(ROOT, document), 'utf8')
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(({ 1: language = '', 2: code = '', index }) => ({
    document,
    line: text.slice(0, index).split('\n').length,
    language,
    text: code,
  }))
}

/** The commands in order, each with the block of its output. */
function stepsOf(blocks: readonly Block[]): readonly Step[] {
  return blocks.flatMap(({ document, line, language, text }, at) => {
    if (language !== 'sh') return []
    const next = blocks[at + 1]
    return [{ place: `${document}:${line}`, script: text, shown: next?.language === 'sh' ? undefined : next }]
  })
}

const [COMMANDS, GREETING, ...TOUR] = blocksOf('README.md')
const TOUR_GOES_ON = blocksOf('docs/tour.md')

/** A kind of value that differs between runs, with its patterns in the README and in the output. An instant with a fraction is one. */
const KINDS: readonly (readonly [kind: string, shown: RegExp, actual: RegExp])[] = [
  ['a UUID', /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/],
  ['an instant', /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/],
  ['a cursor of changes', /\b\d+\.[\w-]{20,}\.[\w-]{12}(?![\w-])/, /\b\d+\.[\w-]{20,}\.[\w-]{12}(?![\w-])/],
  ['a cursor', /[\w-]{20,}\.[\w-]{22}/, /[\w-]{20,}\.[\w-]{22}/],
  ['an id or token', /\b[A-Za-z0-9]{32}\b/, /\b[A-Za-z0-9]{32}\b/],
]
const VOLATILE = new RegExp(KINDS.map(([, shown]) => `(${shown.source})`).join('|'), 'g')

/**
 * Compares the output with the documents. Values that differ between runs must be of the same kind, and if a document contains the same
 * value twice, the output must too.
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
    if (shownBody === '') assert.equal(actualBody, '', 'a body that is not in the document')
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

suite('the tour', { skip: missing.length > 0 && `needs ${missing.join(' and ')}` }, () => {
  const steps = [...stepsOf(TOUR), ...stepsOf(TOUR_GOES_ON)]
  const outputs: string[] = []
  const directory = mkdtempSync(join(tmpdir(), 'todo-readme-'))
  let service: ChildProcess | undefined
  let complaint = ''
  let greeting = ''
  let address = ''

  before(async () => {
    service = spawn(process.execPath, [join(ROOT, 'bin/todo-backend.mjs')], {
      cwd: directory,
      env: { PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    ;[greeting, address] = await greetingOf(service)
    const ended = `--- ${Math.random()} ---`
    const script = steps.map((step) => `${step.script}\nprintf %s '${ended}'\n`).join('')
    const shell = spawn('sh', ['-e', '-s'], { cwd: directory, timeout: TOUR_TIMEOUT_MS })
    shell.stdin.end(script.replaceAll(BASE_URL, address))
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

  test('the README has at most 150 lines', () => {
    assert.ok(readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n').length <= 150)
  })

  test('the greeting is that of the README', () => {
    const shown = GREETING?.text.replaceAll(BASE_URL, address).replaceAll('/home/you/todo-backend', directory)
    assert.equal(greeting.trim(), shown?.trim())
  })

  test('the command in the greeting works', () => {
    const [, command = ''] = /^ *try +(curl [^]*)$/m.exec(greeting) ?? []
    const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
    assert.match(stdout, /"token":"\w+"/)
  })

  const comparison = new Comparison()
  for (const [at, { place, shown }] of steps.entries()) {
    test(`${place} has the documented output`, () => {
      const output = outputs[at]
      assert.ok(output !== undefined, `the shell ended before, or here: ${complaint}`)
      assert.ok(shown !== undefined, 'the document has no output to compare')
      if (shown.language === 'http') comparison.http(shown.text, output)
      else if (shown.language === 'json') comparison.json(JSON.parse(shown.text), JSON.parse(output))
      else comparison.text(shown.text.trim(), output.trim())
    })
  }
})

/** The output of a service that was just spawned, and the URL in it. */
function greetingOf(service: ChildProcess): Promise<[greeting: string, address: string]> {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => reject(new Error(`the service did not start: ${said}`)), START_TIMEOUT_MS)
    const settle = (): void => clearTimeout(timer)
    service.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const [, address] = /todo-backend is at (\S+)\n[^]*\n\n/.exec(said) ?? []
      if (address === undefined) return
      settle()
      resolve([said, address])
    })
    service.once('exit', () => {
      settle()
      reject(new Error(`the service ended: ${said}`))
    })
  })
}

suite('every block of the README is tested', () => {
  test('the two commands exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    assert.match(COMMANDS?.text ?? '', /^npm ci && npm start .*\nnpm ci && npm test .*\n$/)
    assert.equal(scripts['start'], 'exec node bin/todo-backend.mjs', 'the command of the tour')
    assert.ok(scripts['test'])
  })

  test('all other blocks are commands of the tour or their output', () => {
    for (const [blocks, stepsMin] of [
      [TOUR, 4],
      [TOUR_GOES_ON, 10],
    ] as const) {
      const steps = stepsOf(blocks)
      assert.ok(steps.length >= stepsMin)
      const answers = steps.filter(({ shown }) => shown !== undefined)
      assert.equal(steps.length + answers.length, blocks.length, 'a block without a command before it')
    }
  })
})

suite('the comparison fails for', () => {
  const UUID = '01a203be-97e4-7aa1-b6ff-0cf69d3b2d16'
  const OTHER_UUID = '02a203be-97e4-7aa1-b6ff-0cf69d3b2d16'
  const cases: Readonly<Record<string, readonly [shown: unknown, actual: unknown]>> = {
    'a missing member': [{ a: 1, b: 2 }, { a: 1 }],
    'an additional member': [{ a: 1 }, { a: 1, b: 2 }],
    'another text': [{ detail: 'title is required' }, { detail: 'title is missing' }],
    'another fixed instant': ['2026-12-24T17:00:00Z', '2026-12-24T18:00:00Z'],
    'an invalid id': [{ id: UUID }, { id: 'x' }],
    'two ids instead of the same one twice': [
      [UUID, UUID],
      [UUID, OTHER_UUID],
    ],
    'null instead of a value': [{ at: '2026-11-22T14:52:32.092Z' }, { at: null }],
    'an object instead of a list': [[], {}],
  }
  for (const [what, [shown, actual]] of Object.entries(cases)) {
    test(what, () => assert.throws(() => new Comparison().json(shown, actual), assert.AssertionError))
  }
  test('another status, a missing header and an additional body', () => {
    const compare = (shown: string, actual: string): void => new Comparison().http(shown, actual)
    assert.throws(() => compare('HTTP/1.1 200 OK\n', 'HTTP/1.1 404 Not Found\r\n\r\n'))
    assert.throws(() => compare('HTTP/1.1 200 OK\nETag: "1"\n', 'HTTP/1.1 200 OK\r\n\r\n'))
    assert.throws(() => compare('HTTP/1.1 204 No Content\n', 'HTTP/1.1 204 No Content\r\n\r\n{}'))
  })
  test('nothing else, so ids, times and tokens may differ', () => {
    new Comparison().json(
      { id: UUID, at: '2026-11-22T14:52:32.092Z', path: `/api/tasks/${UUID}`, token: 'a'.repeat(32) },
      { id: OTHER_UUID, at: '2027-01-01T00:00:00Z', path: `/api/tasks/${OTHER_UUID}`, token: 'b'.repeat(32) },
    )
  })
})
