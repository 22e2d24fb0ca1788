import { Ajv, type ErrorObject, type Options, type SchemaValidateFunction, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'
import type { TSchema } from 'typebox'
import { lazy } from '../lib/lazy.ts'
import { isPlain, isVisible } from '../lib/visible.ts'
import { compileOnce, type SharedSchemas } from './compiled.ts'
import { FORMATS } from './formats.ts'
import { decode, splitList } from './query-string.ts'

/** For a body with more values than this, such as a large batch, only the first fault is reported: finding all takes long. */
const THOROUGH_VALUES_MAX = 1000

const options: Options = {
  allErrors: true,
  // Of `oneOf` only the branch that the discriminator names is validated, and its faults are reported.
  discriminator: true,
  // The schemas are valid, because TypeBox makes them, and Fastify builds validators for each of its many contexts.
  validateSchema: false,
  useDefaults: false,
  removeAdditional: false,
  allowUnionTypes: true,
  formats: Object.fromEntries(Object.entries(FORMATS).map(([name, [validate]]) => [name, validate])),
}

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
type BuildValidator = NonNullable<CompilersFactory['buildValidator']>

/** Compiles schemas with our formats and keywords, each when its validator is first needed. */
export const compilerOf = (more: Options) =>
  compileOnce((schema, referenced) =>
    lazy(() => withTextKeywords(new Ajv({ ...options, schemas: Object.values(referenced), ...more })).compile(schema)),
  )
const compile = compilerOf({})
const compileQuick = compilerOf({ allErrors: false })

/**
 * Makes the validators of one Fastify context, which refers to `shared` schemas by their `$id`. Bodies are not coerced; values of a
 * query or a path are text, and are parsed as their schema says.
 */
export const buildValidator = ((shared: SharedSchemas): FastifySchemaCompiler<TSchema> =>
  ({ schema, httpPart }) => {
    const thorough = compile(schema, shared)
    return httpPart === 'body'
      ? bodyValidator(thorough, compileQuick(schema, shared))
      : textValidator(thorough, schema, httpPart)
    // Fastify declares what this returns as Ajv's own compile, and calls it as the compiler of a route's schema.
  }) as unknown as BuildValidator

type Outcome = true | { error: ErrorObject[] }

const outcome = (validate: ValidateFunction, data: unknown): Outcome =>
  validate(data) ? true : { error: validate.errors ?? [] }

export const bodyValidator =
  (thorough: () => ValidateFunction, quick: () => ValidateFunction): ((body: unknown) => Outcome) =>
  (body) =>
    outcome(hasMoreValuesThan(THOROUGH_VALUES_MAX, body) ? quick() : thorough(), body)

function hasMoreValuesThan(limit: number, body: unknown): boolean {
  const values = [body]
  // The loop also visits the values it appends.
  for (const value of values) {
    if (Array.isArray(value)) {
      if (values.length + value.length > limit) return true
      values.push(...value)
    } else if (typeof value === 'object' && value !== null) {
      // On an object of 100 000 members Object.values takes several times as long.
      for (const name in value) {
        if (values.length > limit) return true
        values.push((value as Record<string, unknown>)[name])
      }
    }
  }
  return false
}

interface TextSchema {
  readonly properties?: Readonly<Record<string, Parameter>>
}

interface Parameter {
  readonly type?: string
  readonly items?: { readonly enum?: unknown }
}

/** Parses and validates text. Ajv's own coercion would accept `0x10`, `1e2` and ` 5`, and does not report repeated parameters. */
function textValidator(
  validator: () => ValidateFunction,
  { properties = {} }: TextSchema,
  part: string | undefined,
): (text: Record<string, unknown>) => Outcome {
  const known = Object.entries(properties)
  const names = Object.keys(properties)
  const isEncoded = part === 'querystring'
  return (text) => {
    const given = known.filter(([name]) => Object.hasOwn(text, name))
    const repeated = given.filter(([name, { type }]) => Array.isArray(text[name]) && !(isEncoded && type === 'array'))
    if (repeated.length > 0) {
      return { error: repeated.map(([name]) => ({ ...REPEATED, instancePath: `/${name}` })) }
    }
    for (const [name, parameter] of given) {
      const written = text[name]
      if (isEncoded && parameter.type === 'array') text[name] = listOf(written, parameter)
      else text[name] = read(parameter.type, isEncoded && typeof written === 'string' ? decode(written) : written)
    }
    const result = outcome(validator(), text)
    return result === true ? true : { error: result.error.map((error) => asParameter(error, names, text)) }
  }
}

/** A repeated parameter is the same as a list. */
const listOf = (written: unknown, { items }: Parameter): string[] =>
  [written].flat().flatMap((each) => splitList(String(each), { isFixed: items?.enum !== undefined }))

const REPEATED: ErrorObject = { keyword: 'once', instancePath: '', schemaPath: '', params: {} }

/** An instant whose `+` was read as a space, as in HTML forms. */
const SPACE_BEFORE_OFFSET = /T[\d:.]+ \d\d:?\d\d$/i

/** Points at the parameter, not at a value of its list, and adds the names of the known parameters. */
function asParameter(error: ErrorObject, known: readonly string[], text: Record<string, unknown>): ErrorObject {
  const instancePath = error.instancePath.replace(/^(\/[^/]*)\/.*/, '$1')
  const hasLostPlus = error.keyword === 'format' && SPACE_BEFORE_OFFSET.test(String(text[instancePath.slice(1)]))
  return { ...error, instancePath, params: { ...error.params, known, hasLostPlus } }
}

function read(type: string | undefined, text: unknown): unknown {
  if (type === 'integer' && typeof text === 'string' && /^-?\d+$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

interface KeywordContext {
  readonly parentData: Record<string | number, unknown>
  readonly parentDataProperty: string | number
}

/**
 * `x-trim` removes white space around a string, `x-trim-items` around the strings of an array, before other keywords are checked.
 * `x-visible` refuses a string without a visible character, `x-plain` one with any character that is not seen or changes the direction of
 * others: for names that people read to decide about something. `x-one-of` lists members of which an object has exactly one.
 */
function withTextKeywords(ajv: Ajv): Ajv {
  // Keywords for the OpenAPI document, which do not validate.
  ajv.addVocabulary(['x-component', 'x-parameter', 'x-enum-varnames', 'x-extensible-enum'])
  const common = { schemaType: 'boolean', modifying: true, errors: false } as const
  ajv.addKeyword({
    ...common,
    keyword: 'x-trim',
    type: 'string',
    before: 'maxLength',
    validate: (_: boolean, text: string, __: unknown, context?: KeywordContext) => {
      if (context !== undefined) context.parentData[context.parentDataProperty] = text.trim()
      return true
    },
  })
  ajv.addKeyword({
    ...common,
    keyword: 'x-trim-items',
    type: 'array',
    before: 'maxItems',
    validate: (_: boolean, items: unknown[]) => {
      items.forEach((each, index) => (items[index] = typeof each === 'string' ? each.trim() : each))
      return true
    },
  })
  ajv.addKeyword({
    keyword: 'x-visible',
    schemaType: 'boolean',
    type: 'string',
    // `minLength` refuses an empty string.
    validate: (_: boolean, text: string) => text === '' || isVisible(text),
  })
  ajv.addKeyword({
    keyword: 'x-plain',
    schemaType: 'boolean',
    type: 'string',
    validate: (_: boolean, text: string) => isPlain(text),
  })
  ajv.addKeyword({
    keyword: 'x-one-of',
    schemaType: 'array',
    type: 'object',
    // First, because it names the members.
    before: 'maxProperties',
    errors: 'full',
    validate: hasOneOf,
  })
  return ajv
}

/** Refuses an object that does not have exactly one of the members. */
const hasOneOf: SchemaValidateFunction = (members: readonly string[], object: object): boolean => {
  if (members.filter((member) => Object.hasOwn(object, member)).length === 1) return true
  hasOneOf.errors = [{ keyword: 'x-one-of', params: { members } }]
  return false
}
