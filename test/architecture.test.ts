import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/**
 * The architecture. A file imports from its own folder and from lower floors: never sideways, never up. A folder stands
 * for every file in it. A folder with a `feature.ts` is on the floor of the features: one imports from another only as
 * their order in `features.ts` allows.
 */
const FLOORS: Readonly<Record<string, number>> = {
  'server.ts': 10,
  'supervisor.ts': 10,
  'migrate.ts': 10,
  'cli.ts': 10,
  'describe.ts': 10,
  dev: 10,
  operator: 10,
  'app.ts': 9,
  'jobs.ts': 9,
  'deps.ts': 8,
  'configuration.ts': 8,
  'features.ts': 7,
  auth: 6,
  health: 6,
  metrics: 6,
  docs: 6,
  'feature.ts': 5,
  mail: 4,
  http: 3,
  jobs: 3,
  tracing: 3,
  'python-import': 3,
  db: 2,
  limits: 2,
  outbound: 2,
  'redis.ts': 2,
  'wakes.ts': 2,
  'log.ts': 2,
  config: 1,
  'observer.ts': 1,
  'errors.ts': 1,
  'problems.ts': 1,
  'principal.ts': 1,
  lib: 1,
}

/**
 * The rooms of a folder; `.` means its own files. `feature.ts`, which registers the rooms, is above them. A room imports from itself and
 * from rooms with a lower number, and never from one with the same number.
 */
const ROOMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  db: { '.': 3, embedded: 2, schema: 2, wire: 1 },
  tasks: { 'feature.ts': 4, list: 3, batch: 3, '.': 2, recurrence: 1 },
}

/** A feature may use those before it in the list of `features.ts`, through these files of theirs. */
const SHARED_FILES = /^[^/]+\/(?:store|schema)\.ts$/

/** On these floors files may import each other. */
const SHARED_FLOORS = new Set([1, 10])

const FEATURES_FLOOR = 6

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const SRC = join(ROOT, 'src/')
const FILES = globSync('**/*.ts', { cwd: SRC }).filter((file) => !/\.test(?:ing)?\.ts$/.test(file))

const FEATURES = globSync('*/feature.ts', { cwd: SRC }).map(dirname)
const floorOf = (unit: string): number | undefined => (FEATURES.includes(unit) ? FEATURES_FLOOR : FLOORS[unit])

const unitOf = (file: string): string => file.split('/')[0] ?? file

/** The folders of the features, in the order of the list. */
const FEATURES_IN_ORDER = orderOfFeatures(readFileSync(join(SRC, 'features.ts'), 'utf8'))

function orderOfFeatures(text: string): readonly string[] {
  const folders = new Map(
    [...text.matchAll(/import \{ (\w+) \} from '\.\/([\w-]+)\/feature\.ts'/g)].map(
      ([, ...pair]) => pair as [string, string],
    ),
  )
  const [, list = ''] = /FEATURES: readonly Feature\[\] = \[([^\]]*)\]/.exec(text) ?? []
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => folders.get(name) ?? name)
}

const isOfEarlierFeature = (unit: string, imported: string): boolean => {
  const [at, importedAt] = [unit, unitOf(imported)].map((feature) => FEATURES_IN_ORDER.indexOf(feature))
  return importedAt !== -1 && (importedAt ?? 0) < (at ?? 0) && SHARED_FILES.test(imported)
}

/** The folder below its unit; `.` for a file of the unit's own. */
const roomOf = (file: string): string => {
  const [name, ...folders] = file.split('/').slice(1).reverse()
  return name === 'feature.ts' ? name : folders.reverse().join('/') || '.'
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, path = '']) =>
    relative(SRC, join(SRC, dirname(file), path)),
  )
}

const FUNCTION_LINES_MAX = 70
/** The first line of a function at the top level, as a declaration or as an arrow function. */
const FUNCTION = /^(?:export )?(?:async )?(?:function\*? (\w+)|const (\w+)\b.*=(?: async)?(?: <.*>)? ?\(.*)/
/** The first line of a method of a class, which ends with the next line that is `  }`. */
const METHOD = /^  (?:(?:static|async|get|set) )*\*?(#?\w+|\[[\w.]+\])(?:<.*>)?\(.*\{$/
const NO_METHOD = new Set(['if', 'for', 'while', 'switch', 'catch'])

/**
 * Functions at the top level of a file and methods, with their lines. The formatter, which is checked too, begins each at the start of a
 * line and ends it with the first line that begins with `}` or `)` and opens nothing. An arrow function without a block ends before an
 * empty line.
 */
function functionsOf(file: string): readonly { readonly name: string; readonly lines: number }[] {
  const lines = readFileSync(join(SRC, file), 'utf8').split('\n')
  return lines.flatMap((line, start) => {
    const [, method] = METHOD.exec(line) ?? []
    if (method !== undefined && !NO_METHOD.has(method)) {
      const end = lines.findIndex((each, at) => at >= start && each === '  }')
      return [{ name: `${file} ${method}`, lines: end - start + 1 }]
    }
    const [, declared, arrow] = FUNCTION.exec(line) ?? []
    const name = declared ?? arrow
    if (name === undefined) return []
    const isExpression = line.endsWith('=>')
    const end = lines.findIndex(
      (each, at) => at >= start && (isExpression ? each === '' : (/^[})]/.test(each) || at === start) && closes(each)),
    )
    return [{ name: `${file} ${name}`, lines: end - start + 1 }]
  })
}

const closes = (line: string): boolean => !/(?:[({[,]|=>|=)$/.test(line)

/** Without its comments. */
const codeOf = (file: string): string =>
  readFileSync(join(SRC, file), 'utf8').replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '')

suite('architecture', () => {
  test('every feature is in the list of features.ts', () => {
    assert.deepEqual([...FEATURES].sort(), [...FEATURES_IN_ORDER].sort())
  })

  test('every file of src is on a floor, and every floor has a file', () => {
    const units = new Set(FILES.map(unitOf))
    assert.deepEqual([...units].sort(), [...Object.keys(FLOORS), ...FEATURES].sort())
  })

  test('a file imports from its own folder and from lower floors, never sideways, never up', () => {
    const wrong = FILES.flatMap((file) => importsOf(file).map((imported) => ({ file, imported }))).filter(
      ({ file, imported }) => {
        const [from, to] = [unitOf(file), unitOf(imported)]
        const [above = 0, below = 0] = [floorOf(from), floorOf(to)]
        const isShared = below === above && (SHARED_FLOORS.has(above) || isOfEarlierFeature(from, imported))
        return from !== to && !(below < above || isShared)
      },
    )
    assert.deepEqual(wrong, [])
  })

  test('in a folder with rooms a file imports from its own room and from lower ones', () => {
    for (const [unit, ranks] of Object.entries(ROOMS)) {
      const files = FILES.filter((file) => unitOf(file) === unit && file.includes('/'))
      assert.deepEqual([...new Set(files.map(roomOf))].sort(), Object.keys(ranks).sort(), `the rooms of ${unit}`)
      const wrong = files
        .flatMap((file) => importsOf(file).map((imported) => ({ file, imported })))
        .filter(({ imported }) => unitOf(imported) === unit)
        .filter(({ file, imported }) => {
          const [from, to] = [roomOf(file), roomOf(imported)]
          return from !== to && (ranks[to] ?? 0) >= (ranks[from] ?? 0)
        })
      assert.deepEqual(wrong, [])
    }
  })

  test('no file imports itself through others, types included', () => {
    const imports = new Map(FILES.map((file) => [file, importsOf(file)]))
    const settled = new Set<string>()
    const circles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' > '))
      if (settled.has(file) || path.includes(file)) return
      for (const imported of imports.get(file) ?? []) visit(imported, [...path, file])
      settled.add(file)
    }
    for (const file of FILES) visit(file, [])
    assert.deepEqual(circles, [])
  })

  test('only the configuration reads the environment, and only entries write to standard output', () => {
    const reading = (pattern: RegExp): string[] => FILES.filter((file) => pattern.test(codeOf(file)))
    assert.deepEqual(reading(/process\.env\b/), ['config/config.ts'])
    assert.deepEqual(
      reading(/process\.stdout|process\.stderr|console\./).filter((file) => (floorOf(unitOf(file)) ?? 0) < 10),
      ['log.ts'],
    )
  })

  test('no source file has more than 300 lines', () => {
    const long = FILES.filter((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length - 1 > 300)
    assert.deepEqual(long, [])
  })

  test('the command line uses the client, and of the service only the line of the page and the version', () => {
    const files = globSync('**/*.ts', { cwd: join(ROOT, 'cli') }).filter((file) => !/\.test(?:ing)?\.ts$/.test(file))
    assert.ok(files.includes('commands/watch.ts'))
    const used = files.flatMap((file) => {
      const text = readFileSync(join(ROOT, 'cli', file), 'utf8')
      assert.ok(text.split('\n').length - 1 <= 300, file)
      return [...text.matchAll(/from '([^']+)'/g)].map(([, path = '']) =>
        path.startsWith('.') ? relative(ROOT, join(ROOT, 'cli', dirname(file), path)) : path,
      )
    })
    assert.deepEqual([...new Set(used)].filter((path) => !/^(?:node:|cli\/|client\/)/.test(path)).sort(), [
      'src/lib/version.ts',
      'src/pages/views/dates.ts',
      'src/pages/views/quick-add.ts',
      'src/pages/views/task.ts',
    ])
  })

  test('the type check reads every TypeScript file, those of bench/ without its packages', () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const projects = ['.', ...globSync('src/*/browser', { cwd: ROOT })]
    const listed = projects.map((project) =>
      execFileSync(process.execPath, [tsc, '--listFilesOnly', '-p', project], { cwd: ROOT, encoding: 'utf8' }),
    )
    const checked = new Set(listed.flatMap((files) => files.split('\n')).map((path) => relative(ROOT, path)))
    // Projects of their own, with their own compilers.
    const exclude = ['**/node_modules', 'bench/peers', 'client/adapters', 'dist']
    const files = globSync('**/*.ts', { cwd: ROOT, exclude })
    assert.ok(files.includes('bench/load.ts'))
    assert.deepEqual(
      files.filter((file) => !checked.has(file)),
      [],
    )
  })

  test('no function has more than 70 lines', () => {
    const all = FILES.flatMap(functionsOf)
    assert.ok(all.length > 800, `only ${all.length} functions were found`)
    assert.ok(
      all.some(({ name }) => name === 'http/connections.ts #countBytes'),
      'no methods were found',
    )
    assert.deepEqual(
      all.filter(({ lines }) => lines > FUNCTION_LINES_MAX),
      [],
    )
  })
})
