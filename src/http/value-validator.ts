import type { ErrorObject } from 'ajv'
import type { TSchema } from 'typebox'
import { bodyValidator, openAjv, violations } from './validation.ts'

/**
 * The validator of values that are neither a body nor a parameter, such as the arguments of a tool. Like one of bodies, it trims in place.
 *
 * @param schemas those that `schema` refers to, by their `$id`
 * @returns what is wrong, one sentence for each field; empty if the value is valid
 */
export function valueValidator(schema: TSchema, schemas: TSchema[]): (value: unknown) => string[] {
  const compile = (allErrors: boolean) => openAjv({ schemas, verbose: true, allErrors }).compile(schema)
  const validate = bodyValidator(compile(true), () => compile(false))
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
