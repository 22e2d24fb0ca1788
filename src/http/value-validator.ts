import type { ErrorObject } from 'ajv'
import type { TSchema } from 'typebox'
import type { SharedSchemas } from './compiled.ts'
import { bodyValidator, compilerOf } from './validation.ts'
import { violations } from './violations.ts'

const compile = compilerOf({ verbose: true })
const compileQuick = compilerOf({ verbose: true, allErrors: false })

/**
 * The validator of values that are neither a body nor a parameter, such as the arguments of a tool. Like one of bodies, it trims in place.
 *
 * @param shared has those that `schema` refers to
 * @returns what is wrong, one sentence for each field; empty if the value is valid
 */
export function valueValidator(schema: TSchema, shared: SharedSchemas): (value: unknown) => string[] {
  const validate = bodyValidator(compile(schema, shared), compileQuick(schema, shared))
  return (value) => {
    const result = validate(value)
    if (result === true) return []
    return violations(result.error.map(withKnownMembers), 'body').map(({ detail }) => detail)
  }
}

/** An error about an unknown member, with the names of the known ones. */
function withKnownMembers(error: ErrorObject): ErrorObject {
  if (error.keyword !== 'additionalProperties') return error
  const { properties } = Object(error.parentSchema) as { readonly properties?: object }
  return { ...error, params: { ...error.params, known: Object.keys(properties ?? {}) } }
}
