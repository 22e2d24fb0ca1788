/**
 * Query strings. Names are decoded at once. Values stay percent-encoded until the schema of the route is known, because in a list an
 * encoded comma is part of a value.
 */

/** Percent-encoded values by name; those of a repeated name in their order. */
export type RawQuery = Record<string, string | string[]>

export function parseQuery(text: string): RawQuery {
  // No prototype, so that names such as `__proto__` are ordinary.
  const query: RawQuery = Object.create(null)
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decode(at < 0 ? pair : pair.slice(0, at))
    const value = at < 0 ? '' : pair.slice(at + 1)
    const before = query[name]
    query[name] = before === undefined ? value : [before, value].flat()
  }
  return query
}

/** Invalid percent-encoding is returned unchanged: such a request has been refused before its query is read. */
export function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/**
 * The values of a list. A comma separates them; one that is percent-encoded, or that a backslash precedes, is part of a value.
 * `\\` is a backslash.
 *
 * @param isFixed whether the values are from a fixed set without commas: then an encoded comma separates too, because many HTTP
 *   clients encode every comma
 */
export function splitList(raw: string, { isFixed = false } = {}): string[] {
  const pieces = (isFixed ? decode(raw) : raw).split(',').map((piece) => (isFixed ? piece : decode(piece)))
  const values: string[] = []
  let open: string | undefined
  for (const piece of pieces) {
    const value: string = open === undefined ? piece : `${open},${piece}`
    const [backslashes = ''] = /\\*$/.exec(piece) ?? []
    const isEscaped = backslashes.length % 2 === 1
    open = isEscaped ? value : undefined
    if (!isEscaped) values.push(unescaped(value))
  }
  if (open !== undefined) values.push(unescaped(open))
  return values
}

const unescaped = (value: string): string => value.replace(/\\([\\,])/g, '$1')
