import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { groupOf } from './group.ts'

export const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The files that type checks, commands of the program and single tests read. */
const COPIED = [
  '.env.example',
  'bench',
  'bin',
  'cli',
  'client',
  'compose.yaml',
  'deploy',
  'docs',
  'lint',
  'migrations',
  'src',
  'test',
  'llms.txt',
  'openapi.json',
  'package.json',
  'tsconfig.build.json',
  'tsconfig.json',
]
const RUN_MS = 300_000

/** A copy of the project that a test may change. It shares the installed packages. */
export interface ProjectCopy extends Disposable {
  readonly path: string
  read(this: void, file: string): string
  write(this: void, file: string, text: string): void
  /** Replaces the only occurrence. @throws Error if there is none, or more than one */
  replace(this: void, file: string, from: string, to: string): void
  remove(this: void, file: string): void
  /**
   * Runs Node in the copy.
   *
   * @returns all output. @throws Error with that output if the exit status is not 0
   */
  run(this: void, words: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>
  /** Executes test files in one process. @throws Error with their output if a test fails */
  runTests(this: void, files: readonly string[]): Promise<string>
  /** Type-checks the copy. @throws Error with the mistakes */
  checkTypes(this: void): Promise<string>
}

export function copyProject(): ProjectCopy {
  const path = mkdtempSync(join(tmpdir(), 'todo-copy-'))
  const isOurs = (from: string): boolean => !from.includes('/node_modules') && !from.includes('/bench/peers/')
  for (const name of COPIED) cpSync(join(ROOT, name), join(path, name), { recursive: true, filter: isOurs })
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  const read = (file: string): string => readFileSync(join(path, file), 'utf8')
  const write = (file: string, text: string): void => writeFileSync(join(path, file), text)
  const run = async (words: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> => {
    const options = {
      cwd: path,
      // A test that is started by a test would report to it.
      env: { ...env, NODE_TEST_CONTEXT: undefined },
      maxBuffer: 16 * 1024 * 1024,
      timeout: RUN_MS,
    }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, words, options).catch((error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string } // the error of execFile
      throw new Error(`${words.join(' ')} failed: ${stdout}${stderr}`, { cause: error })
    })
    return `${stdout}${stderr}`
  }
  return {
    path,
    read,
    write,
    replace: (file, from, to) => {
      const parts = read(file).split(from)
      if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`)
      write(file, parts.join(to))
    },
    remove: (file) => rmSync(join(path, file), { recursive: true }),
    run,
    runTests: (files) => {
      write('group.test.mjs', groupOf(files, path))
      return run(['group.test.mjs'])
    },
    checkTypes: () => run([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.']),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
