type Value = string | number | boolean

/**
 * The values of a list are separated by commas, as the document says; a comma or backslash within one is escaped.
 *
 * @param parameters text, numbers, truth values and lists of them; those that are undefined are left out
 */
export function queryOf(parameters: Readonly<Record<string, Value | readonly Value[] | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    query.set(name, typeof value === 'object' ? value.map(escaped).join(',') : String(value))
  }
  return query.toString()
}

const escaped = (value: Value): string => String(value).replace(/[\\,]/g, '\\$&')
