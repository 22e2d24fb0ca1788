/** Deeper than any body of the API. Bounded because later code may recurse. */
export const JSON_DEPTH_MAX = 32

/** A refused JSON text. The message is public and never quotes the text. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses a JSON text (RFC 8259) strictly: refuses invalid UTF-8, members that appear twice in an object, and nesting deeper than
 * {@link JSON_DEPTH_MAX}.
 *
 * @throws JsonError
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new JsonError('The body is not valid UTF-8')
  }
  const written = outlineOf(text)
  if (written.depth > JSON_DEPTH_MAX) throw new JsonError(`The body is nested deeper than ${JSON_DEPTH_MAX} levels`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new JsonError('The body is not valid JSON')
  }
  if (countMembers(value) !== written.members) throw new JsonError('The body has an object with a duplicate member')
  return value
}

/** Counts colons and brackets outside strings: in valid JSON, the members and the depth. */
function outlineOf(text: string): { depth: number; members: number } {
  let depth = 0
  let level = 0
  let members = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charAt(at)) {
      case '"':
        for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++
        break
      case ':':
        members++
        break
      case '{':
      case '[':
        level++
        if (level > depth) depth = level
        break
      case '}':
      case ']':
        level--
        break
    }
  }
  return { depth, members }
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) for (const item of value) members += countMembers(item)
  // Objects of JSON.parse inherit nothing enumerable; Object.keys would allocate a list.
  else for (const name in value) members += 1 + countMembers((value as Record<string, unknown>)[name])
  return members
}

/** One text for all ways to write a value: members sorted, no white space. */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, sortMembers)

const sortMembers = (_: string, value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
