import { escaped } from '../lib/escape.ts'
import { attributesOf, flat, type Child, type Element } from './views/tree.ts'

/** Elements without content and end tag. */
const VOID = new Set(['input'])

/** HTML in which all texts and values are escaped. */
export function toHtml(child: Child): string {
  return [...flat([child])].map((each) => (typeof each === 'string' ? escaped(each) : elementHtml(each))).join('')
}

function elementHtml(element: Element): string {
  const { tag, children } = element
  const attributes = attributesOf(element)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('')
  // The parser drops a line feed at the start of a textarea.
  const first = tag === 'textarea' ? '\n' : ''
  return `<${tag}${attributes}>${VOID.has(tag) ? '' : `${first}${toHtml(children)}</${tag}>`}`
}

interface Document {
  readonly title: string
  /** Relative paths of the style sheet and of the script. */
  readonly style: string
  readonly script: string
  readonly body: Child
  /** What the script reads: a block of data, which is not executed. */
  readonly data?: unknown
}

export const documentHtml = ({ title, style, script, body, data }: Document): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escaped(title)}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${escaped(style)}">
    <script type="module" src="${escaped(script)}"></script>
  </head>
  <body>${toHtml(body)}${data === undefined ? '' : dataBlock(data)}</body>
</html>
`

/** JSON in which no text can end the element. */
const dataBlock = (data: unknown): string =>
  `<script type="application/json" id="data">${JSON.stringify(data).replace(/</g, '\\u003c')}</script>`
