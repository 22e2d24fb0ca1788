import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openTestDatabase } from './databases.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TIMEOUT_MS = 120_000
const PASSWORD = 'correct horse battery'

/** `npm run dev` in a copy of the code that the test may change. */
interface Dev extends AsyncDisposable {
  readonly url: string
  /** Changes a file of the copy, by its path relative to the root; also `.env`. */
  change(file: string, edit: (text: string) => string): void
  /** Waits for the next line that matches, beginning after the last one that was returned. */
  says(pattern: RegExp): Promise<string>
  stop(): Promise<number | null>
}

async function openDev(): Promise<Dev> {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await openTestDatabase())
  const clone = mkdtempSync(join(tmpdir(), 'todo-dev-'))
  opened.defer(() => rmSync(clone, { recursive: true, force: true }))
  for (const part of ['bin', 'src', 'migrations', 'package.json']) {
    cpSync(join(ROOT, part), join(clone, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'))
  writeFileSync(join(clone, '.env'), '')
  const child = spawn(process.execPath, ['bin/todo-backend.mjs', 'dev'], {
    cwd: clone,
    env: { PATH: process.env['PATH'], PORT: '0', ...database.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const ended = once(child, 'close').then(([status]: (number | null)[]) => {
    process.off('exit', killWithUs)
    return status ?? null
  })
  opened.defer(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let unread = ''
  let noticed = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      unread += text
      noticed.resolve()
      noticed = Promise.withResolvers<void>()
    })
  }
  const says = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(unread)
      if (found !== null) {
        unread = unread.slice(found.index + found[0].length)
        return found[1] ?? found[0]
      }
      const end = await Promise.race([noticed.promise, ended])
      if (end !== undefined) throw new Error(`it ended with ${end}: ${unread}`)
    }
  }
  const url = await says(/todo-backend is at (\S+)/)
  const closing = opened.move()
  return {
    url,
    says,
    change: (file, edit) => writeFileSync(join(clone, file), edit(readFileSync(join(clone, file), 'utf8'))),
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

const ask = async (
  url: string,
  { headers = {}, ...init }: { method?: string; body?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<{ status: number; text: string }> => {
  const response = await fetch(url, { ...init, headers: { connection: 'close', ...headers } })
  return { status: response.status, text: await response.text() }
}

suite('npm run dev', { timeout: TIMEOUT_MS }, () => {
  test('serves saved code, keeps the data, reports the place of an error, recovers, and answers every request meanwhile', async () => {
    await using dev = await openDev()
    const { status, text } = await ask(`${dev.url}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Ada', email: 'ada@example.com', password: PASSWORD }),
    })
    assert.equal(status, 200, text)
    const authorization = `Bearer ${JSON.parse(text).token}`

    dev.change('src/health/routes.ts', (code) => code.replaceAll("'todo-backend'", "'changed'"))
    // Until the change is noticed, answers come from the old code; then requests wait for the new one.
    let health = await ask(`${dev.url}/health`)
    while (!health.text.includes('changed')) {
      assert.equal(health.status, 200, health.text)
      health = await ask(`${dev.url}/health`)
    }
    assert.match(await dev.says(/\{.*"msg":"reloaded"\}/), /"changed":\["src\/health\/routes\.ts"\],"tookMs":\d+/)
    const session = await ask(`${dev.url}/api/auth/get-session`, { headers: { authorization } })
    assert.match(session.text, /ada@example\.com/)

    const lines = readFileSync(join(ROOT, 'src/health/routes.ts'), 'utf8').split('\n').length
    dev.change('src/health/routes.ts', (code) => `${code}const broken = ;\n`)
    assert.match(
      await dev.says(/"level":50.*/),
      new RegExp(`src/health/routes\\.ts:${lines}: Expression expected; waiting for the next change`),
    )
    const refused = await ask(`${dev.url}/health`)
    assert.equal(refused.status, 503)
    assert.match(refused.text, /src\/health\/routes\.ts:\d+: Expression expected/)

    dev.change('src/health/routes.ts', (code) => code.replace('const broken = ;\n', ''))
    await dev.says(/"msg":"reloaded"/)
    assert.equal((await ask(`${dev.url}/health`)).status, 200)

    dev.change('.env', () => 'RATE_LIMIT_READ=7\n')
    assert.match(await dev.says(/\{.*"msg":"reloaded"\}/), /"changed":\["\.env"\]/)
    const limited = await fetch(`${dev.url}/api/tasks`, { headers: { authorization, connection: 'close' } })
    assert.equal(limited.headers.get('x-ratelimit-limit'), '7')
    dev.change('.env', () => 'RATE_LIMIT_READ=many\n')
    assert.match(await dev.says(/"level":50.*/), /RATE_LIMIT_READ: must be a whole number/)
    dev.change('.env', () => '')
    await dev.says(/"msg":"reloaded"/)

    assert.equal(await dev.stop(), 0)
    await assert.rejects(ask(`${dev.url}/health`), { message: 'fetch failed' })
  })
})
