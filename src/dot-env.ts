import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { errorCode, reasonInWords } from './development-secrets.ts'
import { StartError } from './errors.ts'

/**
 * The variables of `.env` in a directory; none when there is no such file.
 *
 * @throws StartError when it cannot be read, or a line of it is no assignment
 */
export function readDotEnv(directory: string): Readonly<Record<string, string | undefined>> {
  const path = join(directory, '.env')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return {}
    throw new StartError(`cannot read ${path}: ${reasonInWords(cause)}; make it readable or remove it`, { cause })
  }
  const line = malformedLine(text)
  if (line !== undefined) throw new StartError(`line ${line} of ${path} is no NAME=value: mend it, or begin it with #`)
  return parseEnv(text)
}

/** The number of the first line that Node's own parser would drop without a word, such as a misspelt assignment. */
function malformedLine(text: string): number | undefined {
  const onlyLineFeeds = (matched: string): string => matched.replace(/[^\n]/g, '')
  // A quoted value may span lines; what is in it is its own affair.
  const bare = text
    .replace(/^\s*#.*$/gm, onlyLineFeeds)
    .replace(/=[ \t]*(["'`])[^]*?\1/g, (value) => `=${onlyLineFeeds(value)}`)
  const lines = bare.split('\n')
  const index = lines.findIndex((line) => !/^\s*(?:#.*|(?:export\s+)?[\w.-]+\s*=.*)?$/.test(line))
  return index === -1 ? undefined : index + 1
}
