import { globSync, readFileSync } from 'node:fs'
import module from 'node:module'
import type { Socket } from 'node:net'
import { relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type * as Description from '../describe.ts'
import type { App } from '../http/app.ts'
import type { Failure, FromChild, ToChild } from './reloader.ts'

/*
 * A process that serves once. It loads and warms up all packages in advance, which is most of the start-up time, and loads our code
 * only when it gets the message to serve: the code as it is then. So it must not import our modules at the top.
 */

const SOURCE = fileURLToPath(new URL('..', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IDLE_CHECK_MS = 20

const [, , compileCache] = process.argv
if (compileCache !== undefined) module.enableCompileCache(compileCache)
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, leaveToTheParent)
process.once('disconnect', () => process.exit())
process.once('message', (message: ToChild) => void (message.kind === 'serve' && serve(message)))
await loadPackages()
// The code may be broken now and correct when it is needed.
await warmUp().catch(() => undefined)

/** Ctrl-C reaches all processes of a terminal. A waiting process ends when its parent disconnects. */
function leaveToTheParent(): void {}

/** The packages that our code imports. One that cannot be loaded fails later, where it is imported. */
async function loadPackages(): Promise<void> {
  const files = globSync('**/*.ts', { cwd: SOURCE, exclude: ['**/*.test.ts', 'dev/**'] })
  const imports = files.flatMap((file) => [
    ...readFileSync(`${SOURCE}${file}`, 'utf8').matchAll(
      /^(?:import|\}) (?!type\b)[^'\n]*from '(?!node:)([^.'][^']*)'/gm,
    ),
  ])
  for (const specifier of new Set(imports.map(([, specifier = '']) => specifier))) {
    await import(specifier).catch(() => undefined)
  }
}

const WARM = '?warm'

/** Builds the app once, from modules under other URLs than those that will serve, so that V8 has compiled most of the code. */
async function warmUp(): Promise<void> {
  module.registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context)
      const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith(WARM) === true
      return isOurs ? { ...resolved, url: `${resolved.url}${WARM}` } : resolved
    },
  })
  const { describe } = (await import(`../describe.ts${WARM}`)) as typeof Description
  await describe()
}

async function serve({ address, lentAt, isFirst }: ToChild & { readonly kind: 'serve' }): Promise<void> {
  try {
    const [{ loadConfig }, server] = await Promise.all([import('../configuration.ts'), import('../server.ts')])
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.off(name, leaveToTheParent)
    await server.serve(loadConfig(), {
      lentAt,
      greets: isFirst,
      open: (app) => receive(app, address),
      close: endReceived,
    })
    process.disconnect?.()
  } catch (error) {
    tell({ kind: 'failed', failure: failureOf(error) })
    process.exitCode = 1
    process.disconnect?.()
  }
}

const received = new Set<Socket>()

/** Connections are passed on by the parent, which accepts them and holds them while no process serves. */
async function receive(app: App, address: string): Promise<string> {
  await app.ready()
  process.on('message', (_: ToChild, socket?: Socket) => {
    // Undefined if the connection was closed while it was passed on.
    if (socket === undefined) return
    received.add(socket)
    socket.once('close', () => received.delete(socket))
    app.server.emit('connection', socket)
    socket.resume()
  })
  tell({ kind: 'serving' })
  return address
}

/** Like `drain`, which only handles connections that the server accepted itself. */
async function endReceived(app: App, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (received.size > 0) {
    app.connections.closeIdle()
    if (performance.now() > deadline) app.connections.closeAll()
    await setTimeout(IDLE_CHECK_MS)
  }
  await app.close()
}

function tell(message: FromChild): void {
  process.send?.(message)
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { reason: String(error), isRefusal: false }
  // Not `instanceof`, because each load of the code has its own class.
  const isRefusal = error.name === 'StartError'
  return { reason: isRefusal ? error.message : `${placeOf(error)}${error.message}`, isRefusal }
}

/** The position in our code: before the message of a syntax error, and after that of other errors. */
function placeOf({ stack = '' }: Error): string {
  const places = [...stack.matchAll(/(?:file:\/\/)?(\/[^\s():]+\.ts):(\d+)/g)]
  const own = places.find(([, file = '']) => file.startsWith(ROOT) && !file.includes('/node_modules/'))
  return own === undefined ? '' : `${relative(ROOT, own[1] ?? '')}:${own[2]}: `
}
