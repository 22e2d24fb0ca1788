import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'
import type { TSchema } from 'typebox'
import type { Violation } from '../errors.ts'
import { parseInstant } from '../lib/instant.ts'
import { isVisible } from '../lib/visible.ts'
import { decode, splitList } from './query-string.ts'

/** More than these are found but not listed: an answer is bounded too. */
const VIOLATIONS_MAX = 20
/** A body of more values than this, as a large batch may have, is told its first fault only: finding all takes long. */
const THOROUGH_VALUES_MAX = 1000
/** An unknown field's name is the caller's own text; enough of it is shown to find it. */
const NAME_LENGTH_MAX = 64

/** Digits of a fraction of a second have no end by themselves. */
const INSTANT_LENGTH_MAX = 64

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
// As strict as better-auth's own check, so that the refusal is ours and names the field.
const EMAIL = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/

/** format → its test, and what the caller did wrong when it fails. */
const FORMATS: Readonly<Record<string, readonly [test: (text: string) => boolean, must: string]>> = {
  uuid: [(text) => UUID.test(text), 'must be a UUID'],
  'date-time': [
    (text) => text.length <= INSTANT_LENGTH_MAX && parseInstant(text) !== undefined,
    'must be an RFC 3339 date and time with an offset, such as 2025-12-27T17:00:00Z, between the years 1900 and 9999',
  ],
  email: [(text) => EMAIL.test(text), 'must be an e-mail address'],
  'http-url': [
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? '') && !/\s/.test(text),
    'must be a URL that begins with http:// or https://',
  ],
  // PostgreSQL refuses NUL, and stores an unpaired surrogate as U+FFFD without a word.
  text: [(text) => !text.includes('\0') && text.isWellFormed(), 'must not contain NUL or unpaired surrogates'],
}

const options: Options = {
  allErrors: true,
  // Of `oneOf` only the shape that is named is looked at, and its faults are told.
  discriminator: true,
  // They come from TypeBox, and Fastify has this built once for each of its many contexts.
  validateSchema: false,
  useDefaults: false,
  removeAdditional: false,
  allowUnionTypes: true,
  formats: Object.fromEntries(Object.entries(FORMATS).map(([name, [validate]]) => [name, validate])),
}

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
type BuildValidator = NonNullable<CompilersFactory['buildValidator']>

/**
 * Makes the validators of one Fastify context, which knows `shared` schemas by their `$id`. Bodies are taken exactly as they
 * are; a query or a path is text and may become a number.
 */
export const buildValidator = ((shared: Record<string, TSchema>): FastifySchemaCompiler<TSchema> => {
  const schemas = Object.values(shared)
  const thorough = withTextKeywords(new Ajv({ ...options, schemas }))
  // Few contexts ever need it, and making one takes its time.
  let quick: Ajv | undefined
  const quickly = (): Ajv => (quick ??= withTextKeywords(new Ajv({ ...options, schemas, allErrors: false })))
  return ({ schema, httpPart }) =>
    httpPart === 'body'
      ? bodyValidator(thorough.compile(schema), () => quickly().compile(schema))
      : textValidator(thorough.compile(schema), schema, httpPart)
  // Fastify declares what this returns as Ajv's own compile, and calls it as the compiler of a route's schema.
}) as unknown as BuildValidator

type Outcome = true | { error: ErrorObject[] }

const outcome = (validate: ValidateFunction, data: unknown): Outcome =>
  validate(data) ? true : { error: validate.errors ?? [] }

function bodyValidator(thorough: ValidateFunction, compileQuick: () => ValidateFunction): (body: unknown) => Outcome {
  let quick: ValidateFunction | undefined
  return (body) => outcome(hasMoreValuesThan(THOROUGH_VALUES_MAX, body) ? (quick ??= compileQuick()) : thorough, body)
}

function hasMoreValuesThan(limit: number, body: unknown): boolean {
  const values = [body]
  // The loop meets what it adds.
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

/** Ajv's own coercion would also take `0x10`, `1e2` and ` 5`, and has no word for a parameter given twice. */
function textValidator(
  validate: ValidateFunction,
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
    const result = outcome(validate, text)
    return result === true ? true : { error: result.error.map((error) => asParameter(error, names)) }
  }
}

/** A parameter that is repeated means the same as a list. */
const listOf = (written: unknown, { items }: Parameter): string[] =>
  [written].flat().flatMap((each) => splitList(String(each), { isFixed: items?.enum !== undefined }))

const REPEATED: ErrorObject = { keyword: 'once', instancePath: '', schemaPath: '', params: {} }

/** What the caller gave is a parameter: which of a list's values is at fault it need not count, and what is known it may ask. */
const asParameter = (error: ErrorObject, known: readonly string[]): ErrorObject => ({
  ...error,
  instancePath: error.instancePath.replace(/^(\/[^/]*)\/.*/, '$1'),
  params: { ...error.params, known },
})

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
 * `x-trim` removes white space around a string, `x-trim-items` around the strings of an array, before anything else is checked.
 * `x-visible` refuses a string of which nothing can be seen.
 */
function withTextKeywords(ajv: Ajv): Ajv {
  // OpenAPI's words for how a query is written.
  ajv.addVocabulary(['x-component', 'x-enum-varnames', 'x-extensible-enum'])
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
    // An empty one is refused by its length.
    validate: (_: boolean, text: string) => text === '' || isVisible(text),
  })
  return ajv
}

/** Where Fastify found the fault → what the caller knows it as. */
const PART_OF_CONTEXT: Readonly<Record<string, Violation['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
}

/** Ajv's errors in words that name the field and never show what was sent. */
export function violations(errors: readonly ErrorObject[], context: string): Violation[] {
  const part = PART_OF_CONTEXT[context] ?? 'body'
  const found = new Map<string, Violation>()
  for (const error of errors) {
    const pointer = pointerOf(error)
    // One complaint a field is enough: the first, which is the most basic, or the one that lists what is possible.
    if (!found.has(pointer) || error.keyword === 'enum')
      found.set(pointer, { in: part, pointer, detail: `${nameOf(pointer, part)} ${complaint(error, part)}` })
    if (found.size === VIOLATIONS_MAX) break
  }
  return [...found.values()]
}

/** A missing or unknown member is pointed at itself, not its parent. */
function pointerOf({ keyword, instancePath, params }: ErrorObject): string {
  const member: unknown =
    keyword === 'required'
      ? params['missingProperty']
      : keyword === 'additionalProperties'
        ? params['additionalProperty']
        : keyword === 'discriminator'
          ? params['tag']
          : undefined
  if (typeof member !== 'string') return instancePath
  const shown =
    member.length > NAME_LENGTH_MAX ? `${member.slice(0, NAME_LENGTH_MAX).toWellFormed()}…` : member.toWellFormed()
  return `${instancePath}/${shown.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function nameOf(pointer: string, part: Violation['in']): string {
  if (pointer === '') return part === 'body' ? 'The body' : `The ${part}`
  const name = pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') || '""'
  return part === 'query' ? `query parameter ${name}` : name
}

function complaint({ keyword, params }: ErrorObject, part: Violation['in']): string {
  const limit = String(params['limit'])
  switch (keyword) {
    case 'required':
      return 'is required'
    case 'additionalProperties':
      return part === 'query'
        ? `is unknown here; ${knownOnes(params['known'])}`
        : `is not a known ${part === 'header' ? 'header' : 'field'}`
    case 'discriminator':
      return params['tagValue'] === undefined ? 'is required' : 'is none of those known here'
    case 'once':
      return 'must be given once'
    case 'type':
      // Of a parameter that is what can be written; in a body it would be these words without quotes.
      if (params['type'] === 'boolean' && part === 'query') return 'must be one of true, false'
      return `must be ${typeName(params['type'])}${part === 'query' && params['type'] === 'integer' ? ', in decimal digits' : ''}`
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).map(String).join(', ')}`
    case 'minLength':
      return limit === '1' ? 'must not be empty' : `must have at least ${count(limit, 'character')}`
    case 'maxLength':
      return `must have at most ${count(limit, 'character')}`
    case 'minItems':
      return `must have at least ${count(limit, 'item')}`
    case 'maxItems':
      return `must have at most ${count(limit, 'item')}`
    case 'uniqueItems':
      return 'must not have the same item twice'
    case 'x-visible':
      return 'must have a character that can be seen'
    case 'minProperties':
      return 'must have at least one member'
    case 'minimum':
      return `must be at least ${limit}`
    case 'maximum':
      return `must be at most ${limit}`
    case 'format':
      return FORMATS[String(params['format'])]?.[1] ?? 'is malformed'
    default:
      return 'is invalid'
  }
}

function knownOnes(names: unknown): string {
  if (!Array.isArray(names) || names.length === 0) return 'none is taken'
  return `known are ${names.join(', ')}`
}

const count = (limit: string, what: string): string => `${limit} ${what}${limit === '1' ? '' : 's'}`

const ARTICLES: Readonly<Record<string, string>> = {
  array: 'an array',
  object: 'an object',
  integer: 'an integer',
  null: 'null',
}

function typeName(type: unknown): string {
  const names = (Array.isArray(type) ? type : String(type).split(',')) as string[]
  return names.map((name) => ARTICLES[name] ?? `a ${name}`).join(' or ')
}
