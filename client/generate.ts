import { registerHooks } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** `npm run client`: regenerates schema.ts, the types of everything in openapi.json. */

const DOCUMENT = new URL('../openapi.json', import.meta.url)
const SCHEMA = new URL('schema.ts', import.meta.url)

const HEADER = `// Generated from openapi.json by \`npm run client\`: do not edit.\n\n`

// The generator needs TypeScript's old interface to programs, which TypeScript 7 no longer has. (ADR 0021)
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === 'typescript' ? '@ts-morph/common/dist/typescript.js' : specifier, context),
})

/** An open set of strings becomes a union, so that an editor knows the values of this version. An answer may have others. */
const withKnownValues = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'x-extensible-enum' in value
    ? { ...value, enum: value['x-extensible-enum'] }
    : value

/** The text that schema.ts should have. */
export async function generate(): Promise<string> {
  const { default: openapiTS, astToString } = await import('openapi-typescript')
  const document = JSON.stringify(JSON.parse(readFileSync(DOCUMENT, 'utf8'), withKnownValues))
  const nodes = await openapiTS(document, { defaultNonNullable: false })
  return HEADER + astToString(nodes)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(SCHEMA, await generate())
