import { registerHooks } from 'node:module'

/** Prints which packages of OpenTelemetry are loaded once the service is up, as tests/tracing.test.ts asks. */
const loaded = new Set<string>()
registerHooks({
  load(url, context, next) {
    const [, name] = /node_modules\/(@opentelemetry\/[\w-]+)\//.exec(url) ?? []
    if (name !== undefined) loaded.add(name)
    return next(url, context)
  },
})

// Not before the hook is there.
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
