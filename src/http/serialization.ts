import { SerializerSelector, type SerializerFactory } from '@fastify/fast-json-stringify-compiler'

/**
 * Makes the serialisers of one Fastify context, one for all answers with the same schema. Fastify makes one for each status of each
 * route, most of which are the same refusal, and searches all shared schemas each time: that was a third of the start-up time.
 */
export const buildSerializer: SerializerFactory = (shared, options) => {
  // To choose between schemas it validates, without our formats: what the service answers has them.
  const compile = SerializerSelector()(shared, { ...options, ajv: { validateFormats: false } })
  const made = new Map<string, ReturnType<typeof compile>>()
  return (route) => {
    const schema = JSON.stringify(route.schema)
    let serialize = made.get(schema)
    if (serialize === undefined) made.set(schema, (serialize = compile(route)))
    return serialize
  }
}
