import type { TSchema } from 'typebox'

/** Schemas that others refer to, by their `$id`. */
export type SharedSchemas = Readonly<Record<string, TSchema>>

/**
 * Compiles each schema once in the life of the process. Fastify asks for a compiler for each of its contexts, which are as many as
 * routes, and passes it the shared schemas of the whole app; without this, compiling was repeated for each context and each app.
 *
 * What takes long to make, such as a validator, should be `lazy`: making all of them takes an eighth of the time of a start.
 *
 * @param compile is passed only those shared schemas that the schema refers to, directly or through others
 * @returns a function with the same result for schemas with the same text that refer to schemas with the same text
 */
export function compileOnce<T>(
  compile: (schema: object, referenced: SharedSchemas) => T,
): (schema: object, shared: SharedSchemas) => T {
  const compiled = new Map<string, T>()
  return (schema, shared) => {
    const text = JSON.stringify(schema)
    const referenced = referencedBy(text, shared)
    const key = `${text} ${Object.values(referenced).map(numberOf).join()}`
    if (!compiled.has(key)) compiled.set(key, compile(schema, referenced))
    return compiled.get(key) as T // set in the line before
  }
}

/** Those of `shared` that a schema refers to. Each of them has the others that it needs. */
function referencedBy(text: string, shared: SharedSchemas): SharedSchemas {
  const found: Record<string, TSchema> = {}
  const texts = [text]
  // The loop also visits the texts it appends.
  for (const each of texts) {
    for (const [, id = ''] of each.matchAll(/"\$ref":"([^"#]+)/g)) {
      const schema = shared[id]
      if (schema === undefined || Object.hasOwn(found, id)) continue
      found[id] = schema
      texts.push(textOf(schema))
    }
  }
  return found
}

const texts = new WeakMap<TSchema, string>()
const numbers = new Map<string, number>()

/** Shared schemas do not change after they were added. */
function textOf(schema: TSchema): string {
  const text = texts.get(schema) ?? JSON.stringify(schema)
  texts.set(schema, text)
  return text
}

/** The same number for schemas with the same text. */
function numberOf(schema: TSchema): number {
  const text = textOf(schema)
  const number = numbers.get(text) ?? numbers.size
  numbers.set(text, number)
  return number
}
