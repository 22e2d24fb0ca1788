import { SerializerSelector, type SerializerFactory } from '@fastify/fast-json-stringify-compiler'
import type { TSchema } from 'typebox'
import { lazy } from '../lib/lazy.ts'
import { compileOnce, type SharedSchemas } from './compiled.ts'

type Compiler = ReturnType<SerializerFactory>

/** To choose between schemas a serialiser validates, without our formats: what the service answers has them. */
const OPTIONS = { ajv: { validateFormats: false } }

const serializerOf = compileOnce((schema, referenced): ReturnType<Compiler> => {
  // The compiler reads only the schema of the route.
  const serializer = lazy(() => SerializerSelector()(referenced, OPTIONS)({ schema } as Parameters<Compiler>[0]))
  return (data) => serializer()(data)
})

/** Makes the serialisers of one Fastify context: one for all answers with the same schema, most of which are the same refusal. */
export const buildSerializer: SerializerFactory = (shared) => {
  const schemas = shared as SharedSchemas // typed as unknown; TypeBox makes all of them
  return ({ schema }) => serializerOf(schema as TSchema, schemas)
}
