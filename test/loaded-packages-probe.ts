import { registerHooks } from 'node:module'

/** Prints the packages that the service has loaded when it has answered a request, for loaded-packages.ts. */
const loaded = new Set<string>()
registerHooks({
  load(url, context, next) {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? []
    if (name !== undefined) loaded.add(name)
    return next(url, context)
  },
})

// Imported here, after the hook is registered.
const { openWorld } = await import('./world.ts')
{
  await using world = await openWorld({ env: JSON.parse(process.env['WORLD_ENV'] ?? '{}') })
  await world.signUp()
  await world.ask('GET', '/metrics')
}
process.stdout.write(JSON.stringify([...loaded].sort()))
