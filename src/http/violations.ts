import type { ErrorObject } from 'ajv'
import type { Violation } from '../errors.ts'
import { FORMATS } from './formats.ts'
import { VIOLATIONS_MAX } from './wire.ts'

/** The name of an unknown field is the caller's text. It is cut to this length. */
const NAME_LENGTH_MAX = 64

/** Fastify's name of a part of the request → the name in the answer. */
const PART_OF_CONTEXT: Readonly<Record<string, Violation['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
}

/** Ajv's errors as messages that name the field and never contain a value that was sent. */
export function violations(errors: readonly ErrorObject[], context: string): Violation[] {
  const part = PART_OF_CONTEXT[context] ?? 'body'
  const found = new Map<string, Violation>()
  for (const error of errors) {
    const pointer = pointerOf(error)
    // One message for each field: the first, which is the most basic, or the one that lists the allowed values.
    if (!found.has(pointer) || error.keyword === 'enum')
      found.set(pointer, { in: part, pointer, detail: `${nameOf(pointer, part)} ${complaint(error, part)}` })
    if (found.size === VIOLATIONS_MAX) break
  }
  return [...found.values()]
}

/** A pointer to a missing or unknown member itself, where Ajv names its parent. */
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
      if (part === 'query') return `is unknown; ${knownOnes(params['known'])}`
      if (Array.isArray(params['known'])) {
        return params['known'].length === 0
          ? 'is unknown; none are known'
          : `is unknown; known are ${params['known'].join(', ')}`
      }
      return `is not a known ${part === 'header' ? 'header' : 'field'}`
    case 'discriminator':
      return params['tagValue'] === undefined ? 'is required' : 'is not a known value'
    case 'once':
      return 'must be given once'
    case 'type':
      // In a query these are the literal texts.
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
      return 'must have a visible character'
    case 'x-plain':
      return 'must not have control characters, invisible ones, or ones that change the direction of text'
    case 'x-one-of':
      return `must have exactly one of ${(params['members'] as readonly string[]).join(', ')}`
    case 'minProperties':
      return 'must have at least one member'
    case 'maxProperties':
      return `must have at most ${count(limit, 'member')}`
    case 'minimum':
      return `must be at least ${limit}`
    case 'maximum':
      return `must be at most ${limit}`
    case 'format':
      return `${FORMATS[String(params['format'])]?.[1] ?? 'is malformed'}${params['hasLostPlus'] === true ? LOST_PLUS : ''}`
    default:
      return 'is invalid'
  }
}

const LOST_PLUS = '. In a URL a + means a space: write that of the offset as %2B'

function knownOnes(names: unknown): string {
  if (!Array.isArray(names) || names.length === 0) return 'this endpoint has no query parameters'
  return `the parameters are ${names.join(', ')}`
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
