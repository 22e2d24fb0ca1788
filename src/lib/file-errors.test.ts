import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { makeDirectory } from './directory.ts'
import { errorCode, fileErrorReason } from './file-errors.ts'

suite('files and directories', () => {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'todo-files-'))
  })
  after(() => rmSync(directory, { recursive: true }))

  const errorOf = (act: () => unknown): unknown => {
    try {
      act()
    } catch (error) {
      return error
    }
    return assert.fail('nothing was thrown')
  }

  test('an error of the operating system has its code, and its message without path and system call', () => {
    const error = errorOf(() => readFileSync(join(directory, 'missing')))
    assert.deepEqual([errorCode(error), fileErrorReason(error)], ['ENOENT', 'no such file or directory'])
  })

  test('any other error has its own message, and no code', () => {
    assert.deepEqual([errorCode(new Error('odd')), fileErrorReason(new Error('odd'))], [undefined, 'odd'])
    assert.deepEqual([errorCode('odd'), fileErrorReason('odd')], [undefined, 'odd'])
  })

  test('a directory is made with its parents, for its owner only, and may exist already', () => {
    const path = join(directory, 'a', 'b')
    makeDirectory(path)
    makeDirectory(path)
    assert.equal(statSync(path).mode & 0o777, 0o700)
  })

  test('a directory is not made in place of a file', () => {
    const path = join(directory, 'file')
    writeFileSync(path, '')
    assert.equal(errorCode(errorOf(() => makeDirectory(path))), 'EEXIST')
  })
})
