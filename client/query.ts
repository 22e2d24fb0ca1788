type Value = string | number | boolean

/**
 * The values of a list are separated by commas, which the service reads like repeated parameters. One within a value is percent-encoded, and a backslash is
 * doubled.
 *
 * @param parameters text, numbers, booleans and lists of them; undefined ones are omitted
 */
export function queryOf(parameters: Readonly<Record<string, Value | readonly Value[] | undefined>>): string {
  return Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${encodeURIComponent(name)}=${written(value)}`]))
    .join('&')
}

const written = (value: Value | readonly Value[]): string =>
  typeof value === 'object'
    ? value.map((each) => encodeURIComponent(String(each).replaceAll('\\', '\\\\'))).join(',')
    : encodeURIComponent(String(value))
