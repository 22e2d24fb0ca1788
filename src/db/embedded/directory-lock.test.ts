import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { StartError } from '../../errors.ts'
import { lockDirectory } from './directory-lock.ts'

/** The reason to skip the test of a full disk. */
const cannotMount = spawnSync('unshare', ['-m', 'true']).status === 0 ? false : 'needs the right to mount a tmpfs'

const IN_USE =
  /^The data directory \/.+ is in use by another process \(pid \d+\): stop .+ DATA_DIR .+ DATABASE_URL .+\.$/

test('the directory is created, and made private even if it was accessible to other users', async (t) => {
  const directory = path.join(temporaryDirectory(t), 'a', 'b')
  await (await lockDirectory(directory))[Symbol.asyncDispose]()
  assert.equal(modeOf(directory), 0o700)
  fs.chmodSync(directory, 0o755)
  await using _lock = await lockDirectory(directory)
  assert.equal(modeOf(directory), 0o700)
})

test('a second owner in the same process is refused, under any path of the directory, until the first releases it', async (t) => {
  const directory = temporaryDirectory(t)
  const otherName = path.join(temporaryDirectory(t), 'link')
  fs.symlinkSync(directory, otherName)
  const lock = await lockDirectory(directory)
  await assert.rejects(lockDirectory(directory), startError(IN_USE))
  await assert.rejects(lockDirectory(otherName), startError(IN_USE))
  // The refusals above released nothing.
  const other = await Contender.start(t)
  assert.match(await other.lock(directory), IN_USE)
  await lock[Symbol.asyncDispose]()
  await lock[Symbol.asyncDispose]()
  await using _next = await lockDirectory(otherName)
})

test('releasing a lock twice does not release the lock of the next owner', async (t) => {
  const directory = temporaryDirectory(t)
  const first = await lockDirectory(directory)
  await first[Symbol.asyncDispose]()
  await using _second = await lockDirectory(directory)
  await first[Symbol.asyncDispose]()
  await assert.rejects(lockDirectory(directory), startError(IN_USE))
})

test('another process is refused while the owner runs, suspended or not, and accepted after kill -9', async (t) => {
  const directory = temporaryDirectory(t)
  const owner = await Contender.start(t)
  assert.equal(await owner.lock(directory), 'mine')
  await assert.rejects(lockDirectory(directory), startError(IN_USE))
  owner.process.kill('SIGSTOP')
  await assert.rejects(lockDirectory(directory), startError(IN_USE))
  await owner.kill()
  await using _lock = await lockDirectory(directory)
})

test('exactly one of eight processes that start at once after the owner died gets the lock, every time', async (t) => {
  const directory = temporaryDirectory(t)
  const contenders = await Promise.all(Array.from({ length: 8 }, () => Contender.start(t)))
  const dead = await Contender.start(t)
  assert.equal(await dead.lock(directory), 'mine')
  await dead.kill()
  for (let round = 0; round < 8; round += 1) {
    assert.equal(fs.existsSync(path.join(directory, 'owner.pid')), true, 'the dead owner left its pid')
    const answers = await Promise.all(contenders.map((each) => each.lock(directory)))
    const winner = answers.indexOf('mine')
    assert.equal(answers.filter((answer) => answer === 'mine').length, 1, answers.join('\n'))
    for (const [index, answer] of answers.entries()) if (index !== winner) assert.match(answer, IN_USE)
    await contenders[winner]?.kill()
    contenders[winner] = await Contender.start(t)
  }
})

test('the directory can be locked on a full disk', { skip: cannotMount }, async (t) => {
  const directory = fs.mkdtempSync(path.join(tmpdir(), 'lock-full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory])
  t.after(() => {
    execFileSync('umount', [directory])
    fs.rmdirSync(directory)
  })
  {
    await using _lock = await lockDirectory(directory)
  }
  assert.throws(() => fs.writeFileSync(path.join(directory, 'filler'), Buffer.alloc(1 << 20)), { code: 'ENOSPC' })
  await using _lock = await lockDirectory(directory)
  await assert.rejects(lockDirectory(directory), startError(/ is in use by another process/))
})

test('the lock consists of two small files in the directory, of which only the lock file is left after the release', async (t) => {
  const directory = temporaryDirectory(t)
  {
    await using _lock = await lockDirectory(directory)
    assert.deepEqual(fs.readdirSync(directory).sort(), ['owner.lock', 'owner.pid'])
  }
  assert.deepEqual(fs.readdirSync(directory), ['owner.lock'])
})

test('a file in place of the directory is refused with a message', async (t) => {
  const file = path.join(temporaryDirectory(t), 'file')
  fs.writeFileSync(file, '')
  await assert.rejects(
    lockDirectory(file),
    startError(/^DATA_DIR \(\/.+\/file\) cannot be used because it is a file: /),
  )
  await assert.rejects(
    lockDirectory(path.join(file, 'below')),
    startError(/^DATA_DIR \(.+\) cannot be used because a part of its path is a file: /),
  )
})

test('a directory that this user may not write to is refused with a message', async (t) => {
  const directory = temporaryDirectory(t)
  fs.chmodSync(directory, 0o500)
  const contender = await Contender.start(t, { isUnprivileged: process.getuid?.() === 0 })
  assert.match(
    await contender.lock(path.join(directory, 'data')),
    /^DATA_DIR \(.+\) cannot be used because permission is denied: .+$/,
  )
})

test('the lock does not keep a process alive', async (t) => {
  const owner = await Contender.start(t)
  assert.equal(await owner.lock(temporaryDirectory(t)), 'mine')
  owner.process.stdin?.end()
  assert.deepEqual(await owner.exited, [0, null])
})

/** Reads one directory per line, locks it, and prints `mine` or the message of the refusal. */
const CONTENDER = `
  import { createInterface } from 'node:readline'
  import { lockDirectory } from ${JSON.stringify(import.meta.resolve('./directory-lock.ts'))}
  if (process.argv[1] === 'unprivileged') process.setuid(65534)
  console.log('ready')
  for await (const directory of createInterface({ input: process.stdin })) {
    console.log(await lockDirectory(directory).then(() => 'mine', (error) => error.message))
  }
`

class Contender {
  readonly process: ChildProcess
  readonly exited: Promise<unknown[]>
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcess) {
    this.process = child
    this.exited = once(child, 'exit')
    assert(child.stdout)
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  static async start(t: TestContext, { isUnprivileged = false } = {}): Promise<Contender> {
    const contender = new Contender(
      spawn(process.execPath, ['-e', CONTENDER, ...(isUnprivileged ? ['unprivileged'] : [])], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    t.after(() => contender.kill())
    assert.equal(await contender.#line(), 'ready')
    return contender
  }

  lock(directory: string): Promise<string> {
    this.process.stdin?.write(`${directory}\n`)
    return this.#line()
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exited
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    return done === true ? 'ended' : value
  }
}

function startError(message: RegExp): (error: unknown) => true {
  return (error) => {
    assert(error instanceof StartError)
    assert.match(error.message, message)
    return true
  }
}

function temporaryDirectory(t: TestContext): string {
  const directory = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), 'lock-')))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  return directory
}

function modeOf(directory: string): number {
  return fs.statSync(directory).mode & 0o777
}
