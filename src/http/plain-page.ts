import { createHash } from 'node:crypto'
import { escaped } from '../lib/escape.ts'

/** A page that stands alone: one style and perhaps one script, both within it. */
interface PlainPage {
  /** Text. */
  readonly title: string
  readonly style: string
  /** HTML, indented by four spaces. */
  readonly body: string
}

export const plainPageHtml = ({ title, style, body }: PlainPage): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escaped(title)}</title>
    <link rel="icon" href="data:,">
    <style>${style}</style>
  </head>
  <body>
${body}
  </body>
</html>
`

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Its content security policy: its style by the hash, and with a script that one too, which may send requests to this service. */
export const plainPagePolicy = ({ style, script }: { readonly style: string; readonly script?: string }): string =>
  [
    "default-src 'none'",
    ...(script === undefined ? [] : [`script-src ${hashOf(script)}`]),
    `style-src ${hashOf(style)}`,
    ...(script === undefined ? [] : ["connect-src 'self'"]),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
