/** One statement of an SQL file. */
export interface FileStatement {
  readonly text: string
  /** The line of the file it begins on, from 1. */
  readonly line: number
}

/**
 * Tokens that may contain a semicolon (PostgreSQL §4.1, Lexical Structure): strings with doubled quotes and, after E, with
 * backslashes; quoted identifiers; dollar-quoted strings; comments to the end of the line, and nested C-style comments.
 */
const OPAQUE = /[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[^]*?\$\1\$|--[^\n]*|\/\*/y

/** Splits a file into its statements, so that the one that fails can be named. Empty statements and comments are omitted. */
export function splitStatements(sql: string): readonly FileStatement[] {
  const statements: FileStatement[] = []
  let start = 0
  for (let at = 0; at <= sql.length;) {
    if (at === sql.length || sql[at] === ';') {
      const statement = statementAt(sql, start, at)
      if (statement !== undefined) statements.push(statement)
      start = ++at
    } else {
      at = afterOpaque(sql, at)
    }
  }
  return statements
}

/** The position behind the opaque token that starts here, or else behind one word or character. */
function afterOpaque(sql: string, at: number): number {
  // Whole words are skipped, because an E before a quote belongs to the string only if it is not the end of a word.
  OPAQUE.lastIndex = at
  const [matched] = OPAQUE.exec(sql) ?? []
  if (matched === '/*') return afterComment(sql, at)
  if (matched !== undefined) return at + matched.length
  const [word] = /\w+/y.exec(sql.slice(at, at + 64)) ?? []
  return at + (word?.length ?? 1)
}

function afterComment(sql: string, at: number): number {
  let depth = 0
  do {
    if (sql.startsWith('/*', at)) {
      depth++
      at += 2
    } else if (sql.startsWith('*/', at)) {
      depth--
      at += 2
    } else at++
  } while (depth > 0 && at < sql.length)
  return at
}

const LEADING = /(?:\s|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/y

function statementAt(sql: string, start: number, end: number): FileStatement | undefined {
  LEADING.lastIndex = start
  const begin = start + (LEADING.exec(sql)?.[0].length ?? 0)
  if (begin >= end) return undefined
  return { text: sql.slice(begin, end).trimEnd(), line: sql.slice(0, begin).split('\n').length }
}
