import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const STEPS = [
  'lint:openapi',
  'lint',
  'test',
  'test:database',
  'test:embedded',
  'test:faults',
  'test:clients',
  'test:rest',
]

/** Executes a copy of .ci/run with an npm that runs no script, and that fails for the given ones. Servers seem to answer. */
function runCi(failing: readonly string[] = []): { readonly status: number | null; readonly lines: readonly string[] } {
  const project = mkdtempSync(join(tmpdir(), 'todo-ci-'))
  const program = (path: string, script: string): void => {
    writeFileSync(join(project, path), `#!/bin/sh\n${script}\n`)
    chmodSync(join(project, path), 0o755)
  }
  try {
    for (const folder of ['.ci', 'bin', 'node_modules/.bin']) mkdirSync(join(project, folder), { recursive: true })
    cpSync(fileURLToPath(new URL('../.ci/run', import.meta.url)), join(project, '.ci/run'))
    program('node_modules/.bin/node', 'exit 0')
    program(
      'bin/npm',
      `for name; do :; done
echo "ran $name"
case " ${failing.join(' ')} " in *" $name "*) exit 1 ;; esac`,
    )
    const env = { ...process.env, PATH: `${join(project, 'bin')}:${process.env['PATH']}` }
    const { status, stdout } = spawnSync(join(project, '.ci/run'), { env, encoding: 'utf8' })
    return { status, lines: stdout.trim().split('\n') }
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

const ranIn = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => line.startsWith('ran ')).map((line) => line.slice('ran '.length))

suite('.ci/run', { skip: process.platform === 'linux' ? false : 'needs the commands of Linux' }, () => {
  test('installs the packages and runs each step', () => {
    const { status, lines } = runCi()
    assert.equal(status, 0)
    assert.deepEqual([...ranIn(lines)].sort(), ['ci', ...STEPS].sort())
    assert.deepEqual([lines[0], lines.at(-1)], ['ran ci', 'ran test:rest'])
  })

  test('runs the steps after a failed one, names those that failed before the last one, and fails', () => {
    const failing = ['lint:openapi', 'lint', 'test', 'test:faults']
    const { status, lines } = runCi(failing)
    assert.equal(status, 1)
    assert.deepEqual([...ranIn(lines)].sort(), ['ci', ...STEPS].sort())
    assert.deepEqual(
      lines.filter((line) => line.startsWith('ci:')),
      ['lint', 'lint:openapi']
        .map((name) => `ci: failed: npm run ${name}`)
        .concat('ci: failed: npm test', 'ci: failed: npm run test:faults'),
    )
    assert.equal(lines.at(-1), 'ran test:rest')
  })

  test('fails if only the last step fails', () => {
    assert.equal(runCi(['test:rest']).status, 1)
  })

  test('ends at once if the packages cannot be installed', () => {
    const { status, lines } = runCi(['ci'])
    assert.deepEqual([status, ranIn(lines)], [1, ['ci']])
  })
})
