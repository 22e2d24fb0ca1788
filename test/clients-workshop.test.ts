import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Budget } from './clients/budget.ts'
import type { Command } from './clients/commands.ts'
import { GENERATORS, type Generator } from './clients/generators.ts'
import { findMissing, runProgram, runToEnd, Skipped } from './clients/workshop.ts'

const STEPS = ['sign up', 'create', 'delete']

suite('the test of generated clients', () => {
  let directory: string
  before(() => void (directory = mkdtempSync(join(tmpdir(), 'clients-'))))
  after(() => rmSync(directory, { recursive: true, force: true }))

  const [first] = GENERATORS
  assert.ok(first)
  const generator = (changes: Partial<Generator>): Generator => ({ ...first, name: 'ogen, Go', ...changes })
  const command = (text: string, ...args: string[]): Command => [process.execPath, '-e', text, ...args]
  const unlimited = new Budget(undefined)

  test('skips a generator whose programs the machine does not have, and names the first', () => {
    assert.equal(findMissing(generator({ needs: ['sh', 'no-such-compiler'] })), 'no-such-compiler')
    assert.equal(findMissing(generator({ needs: ['sh'] })), undefined)
  })

  test('skips a generator whose registry does not answer, and names the registry', async () => {
    const pip = join(directory, 'venv', 'bin', 'pip')
    mkdirSync(join(directory, 'venv', 'bin'), { recursive: true })
    writeFileSync(pip, '#!/bin/sh\necho "NewConnectionError: Failed to establish a new connection" >&2\nexit 1\n')
    chmodSync(pip, 0o755)
    await assert.rejects(runToEnd(generator({}), ['venv/bin/pip', 'install', 'x'], directory, unlimited), (error) => {
      assert.ok(error instanceof Skipped)
      assert.match(
        error.message,
        /^PyPI cannot be reached: venv\/bin\/pip install x ended with status 1: NewConnection/,
      )
      return true
    })
  })

  test('fails for any other reason, with the language, the command and what it printed', async () => {
    const broken = command('console.error("connection refused"); process.exit(3)')
    await assert.rejects(runToEnd(generator({}), broken, directory, unlimited), (error: Error) => {
      assert.ok(!(error instanceof Skipped), 'a compiler has no registry')
      assert.match(error.message, /^ogen, Go: .* ended with status 3:\nconnection refused\n$/)
      return true
    })
  })

  test('stops a command that takes too long, with the processes that it started, and names it', async () => {
    // The inner process holds the pipes open: without its end the outer one's would not be noticed.
    const hang = 'setInterval(() => {}, 1000)'
    const hanging = command(
      `require('node:child_process').spawn(process.execPath, ['-e', '${hang}'], { stdio: 'inherit' }); ${hang}`,
    )
    const message = /^ogen, Go: .* took longer than 0\.3 s and was stopped:/
    await assert.rejects(runToEnd(generator({}), hanging, directory, unlimited, 300), { message })
  })

  test('skips what its time does not allow, and says what used the time', async () => {
    const short = new Budget('0.005')
    await short.spend('oapi-codegen, Go', async () => undefined)
    const endless = command('setInterval(() => {}, 1000)')
    const used = 'the time of 0.005 minutes was used by oapi-codegen, Go (0 s)'
    await assert.rejects(runToEnd(generator({}), endless, directory, short), (error: Error) => {
      assert.ok(error instanceof Skipped)
      assert.ok(error.message.startsWith(`not run: ${used}, and then by ${process.execPath}`), error.message)
      return true
    })
    await assert.rejects(runToEnd(generator({}), endless, directory, short), { message: `not run: ${used}` })
    for (const wrong of ['0', '-1', 'x']) assert.throws(() => new Budget(wrong), RangeError)
  })

  test('names the step of a program that fails, that hangs, or that leaves out a step', async () => {
    const run = (shell: string, limitMs = 30_000): Promise<void> =>
      runProgram(generator({ run: ['sh', '-c', shell] }), directory, 'http://127.0.0.1:1', STEPS, limitMs)
    await run('echo a word >&2; printf "sign up\\ncreate\\ndelete\\n"')
    await assert.rejects(run('echo sign up; exit 1'), {
      message: 'ogen, Go: the program ended with status 1 in the step "create":\nsign up\n',
    })
    await assert.rejects(run('printf "sign up\\ncreate\\n"; sleep 60', 1000), {
      message: /^ogen, Go: the program took longer than 1 s and was stopped in the step "delete":/,
    })
    await assert.rejects(run('printf "sign up\\ndelete\\n"'), { message: /ended with status 0 in the step "create"/ })
    await assert.rejects(run('printf "sign up\\ncreate\\ndelete\\nmore\\n"'), { message: /after its last step/ })
  })
})
