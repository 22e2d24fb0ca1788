import { stripTypeScriptTypes } from 'node:module'

/**
 * The source of a module for browsers, without its types. Node warns that this function is experimental. Its loader, with which the
 * service itself runs, uses the same code.
 */
export function stripped(source: string): string {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Without comments and what type stripping has left: lines of blanks, and blanks at the end of lines. */
export const compact = (text: string): string =>
  text
    .replace(/^\s*\/\*\*[^]*?\*\/$/gm, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\s+$/gm, '')
    .replace(/^\n+/, '')
    .concat('\n')
