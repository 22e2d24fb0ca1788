import { registerHooks } from 'node:module'

/** Prints the packages of OpenTelemetry that are loaded after the start of the service, for test/tracing.test.ts. */
const loaded = new Set<string>()
registerHooks({
  load(url, context, next) {
    const [, name] = /node_modules\/(@opentelemetry\/[\w-]+)\//.exec(url) ?? []
    if (name !== undefined) loaded.add(name)
    return next(url, context)
  },
})

// Imported here, after the hook is registered.
const { openWorld } = await import('./world.ts')
const env = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value = '']) => (name.startsWith('OTEL_') ? [[name, value]] : [])),
)
{
  await using world = await openWorld({ env })
  await world.signUp()
  await world.ask('GET', '/metrics')
}
process.stdout.write(JSON.stringify([...loaded].sort()))
