import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'

import { DEVELOPMENT_SECRETS, type DevelopmentSecrets, developmentSecrets, makeDataDir } from './development-secrets.ts'
import { StartError } from '../errors.ts'
import { fernetKeyBytes } from '../lib/secret.ts'

/** A directory that is deleted after the test. */
async function scratch(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'development-secrets-'))
  context.after(() => rm(directory, { recursive: true }))
  return directory
}

const revealed = (secrets: DevelopmentSecrets): string[] => DEVELOPMENT_SECRETS.map((name) => secrets[name].reveal())

/** The message of the refusal. */
function refusal(dataDir: string): string {
  try {
    developmentSecrets(dataDir)
  } catch (error) {
    assert.ok(error instanceof StartError)
    assert.doesNotMatch(error.message, /\n/)
    return error.message
  }
  return assert.fail('the secrets were accepted')
}

suite('development secrets', () => {
  test('are generated once, all different and strong, and do not change', async (context) => {
    const dataDir = join(await scratch(context), 'new', 'data')
    const first = developmentSecrets(dataDir)
    assert.deepEqual(revealed(developmentSecrets(dataDir)), revealed(first))
    assert.equal(new Set(revealed(first)).size, DEVELOPMENT_SECRETS.length)
    for (const secret of revealed(first)) assert.ok(secret.length >= 43)
    assert.equal(fernetKeyBytes(first.ENCRYPTION_KEY.reveal())?.length, 32)
  })

  test('are stored in a file and a directory that only the owner can read, without temporary files', async (context) => {
    const dataDir = join(await scratch(context), 'data')
    developmentSecrets(dataDir)
    assert.equal((await stat(dataDir)).mode & 0o777, 0o700)
    assert.equal((await stat(join(dataDir, 'secrets.json'))).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(dataDir), ['secrets.json'])
  })

  test('are the same in processes that start at once', async (context) => {
    const dataDir = join(await scratch(context), 'data')
    const module = new URL('development-secrets.ts', import.meta.url).href
    const program = `import { developmentSecrets } from ${JSON.stringify(module)}
      const secrets = developmentSecrets(process.argv[1])
      process.stdout.write(Object.values(secrets).map((each) => each.reveal()).join(' '))`
    const starts = Array.from({ length: 6 }, () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program, dataDir]),
    )
    const outputs = new Set((await Promise.all(starts)).map((each) => each.stdout))
    assert.deepEqual([...outputs], [revealed(developmentSecrets(dataDir)).join(' ')])
    assert.deepEqual(await readdir(dataDir), ['secrets.json'])
  })

  test('do not change the mode of an existing directory', async (context) => {
    const dataDir = await scratch(context)
    await mkdir(join(dataDir, 'shared'), { mode: 0o755 })
    makeDataDir(join(dataDir, 'shared'))
    assert.equal((await stat(join(dataDir, 'shared'))).mode & 0o777, 0o755)
  })
})

suite('a file of development secrets is refused and not changed', () => {
  const BROKEN: readonly (readonly [how: string, edit: (text: string) => string, named: string])[] = [
    ['that is truncated', (text) => text.slice(0, 60), 'SESSION_HASH_SECRET'],
    ['that is empty', () => '', 'SESSION_HASH_SECRET'],
    ['that is no object', () => 'null', 'SESSION_HASH_SECRET'],
    ['that lacks an entry', (text) => text.replace('SERVICE_AUTH_TOKEN', 'OTHER'), 'SERVICE_AUTH_TOKEN'],
    [
      'with a secret that is short',
      (text) => text.replace(/(BETTER_AUTH_SECRET": ").*"/, '$1abc"'),
      'BETTER_AUTH_SECRET',
    ],
    ['with a key that is no Fernet key', (text) => text.replace(/=",/, '",'), 'ENCRYPTION_KEY'],
  ]

  for (const [how, edit, named] of BROKEN) {
    test(how, async (context) => {
      const dataDir = await scratch(context)
      const path = join(dataDir, 'secrets.json')
      developmentSecrets(dataDir)
      const whole = await readFile(path, 'utf8')
      const broken = edit(whole)
      assert.notEqual(broken, whole)
      await writeFile(path, broken)
      const message = refusal(dataDir)
      assert.ok(message.includes(path) && message.includes(named) && /restore the file, or delete it/.test(message))
      for (const secret of whole.match(/[\w-]{40,}/g) ?? []) assert.ok(!message.includes(secret))
      assert.equal(await readFile(path, 'utf8'), broken)
    })
  }
})

suite('an unusable data directory is refused with a message', () => {
  test('if it is a file', async (context) => {
    const dataDir = join(await scratch(context), 'file')
    await writeFile(dataDir, '')
    assert.match(refusal(dataDir), /^DATA_DIR: cannot use .*file\/secrets\.json: not a directory; .* set DATA_DIR/)
    assert.throws(() => makeDataDir(dataDir), StartError)
  })

  test('if the secrets are a directory', async (context) => {
    const dataDir = await scratch(context)
    await mkdir(join(dataDir, 'secrets.json'))
    assert.match(refusal(dataDir), /secrets\.json: illegal operation on a directory; /)
  })

  test('if it is read-only', { skip: process.getuid?.() === 0 && 'root may write anywhere' }, async (context) => {
    const dataDir = join(await scratch(context), 'data')
    await mkdir(dataDir, { mode: 0o500 })
    assert.match(refusal(dataDir), /: permission denied; /)
  })
})
