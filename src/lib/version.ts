import { readFileSync } from 'node:fs'

/** Found by the package's name, because the depth of this file differs in the build. */
const PACKAGE = new URL(import.meta.resolve('todo-backend/package.json'))

/** The version of the service, which stands in package.json alone. */
export const VERSION = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }).version
