import { createHash } from 'node:crypto'
import { escaped } from '../lib/escape.ts'
import { PAGE_STYLE } from './page-style.ts'

/** A page that stands alone: it loads nothing, because its style and its script, if it has one, are within it. */
interface PlainPage {
  /** Text. */
  readonly title: string
  /** HTML, indented by four spaces. */
  readonly body: string
}

export const plainPageHtml = ({ title, body }: PlainPage): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escaped(title)}</title>
    <link rel="icon" href="data:,">
    <style>${PAGE_STYLE}</style>
  </head>
  <body>
${body}
  </body>
</html>
`

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The headers of a page that is not for caches and search engines. @param policy {@link plainPagePolicy} */
export const privatePageHeaders = (policy: string) => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
  'cache-control': 'private, no-store',
  'x-robots-tag': 'noindex',
})

/** Its content security policy: the style and the script by their hashes. The script may send requests to this service. */
export const plainPagePolicy = (script?: string): string =>
  [
    "default-src 'none'",
    ...(script === undefined ? [] : [`script-src ${hashOf(script)}`]),
    `style-src ${hashOf(PAGE_STYLE)}`,
    ...(script === undefined ? [] : ["connect-src 'self'"]),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
