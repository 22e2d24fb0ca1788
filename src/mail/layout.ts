import { escaped } from '../lib/escape.ts'
import type { Language, MailText } from './kind.ts'

/** Both forms of a mail. */
export interface Layout {
  /** One line without control characters. */
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Below every mail. */
const FOOTERS: Readonly<Record<Language, (origin: string) => string>> = {
  en: (origin) => `This is an automatic mail of the task service at ${origin}.`,
}

const SUBJECT_LENGTH_MAX = 200

/** Mail programs ignore style sheets in part, so the few styles are on the elements. */
const BODY_STYLE = 'font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:1em auto;padding:0 1em'
const BUTTON_STYLE =
  'display:inline-block;padding:.6em 1.2em;border-radius:.3em;background:#1a4f8b;color:#fff;text-decoration:none'
const SMALL_STYLE = 'font-size:14px;color:#595959'

/** @param origin the URL of the service, which the footer names */
export function laidOut({ subject, paragraphs, action }: MailText, language: Language, origin: string): Layout {
  const [first = '', ...others] = paragraphs
  const footer = FOOTERS[language](origin)
  const button = action === undefined ? [] : [buttonHtml(action)]
  return {
    subject: oneLine(subject).slice(0, SUBJECT_LENGTH_MAX).toWellFormed(),
    text: `${[first, ...(action === undefined ? [] : [`${action.label}:\n${action.url}`]), ...others, `-- \n${footer}`].join('\n\n')}\n`,
    html: `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><title>${escaped(oneLine(subject))}</title></head>
<body style="${BODY_STYLE}">
${[paragraphHtml(first), ...button, ...others.map(paragraphHtml)].join('\n')}
<p style="${SMALL_STYLE}">${escaped(footer)}</p>
</body>
</html>
`,
  }
}

const paragraphHtml = (text: string): string => `<p>${escaped(text).replaceAll('\n', '<br>')}</p>`

/** The address is also shown, because a mail program may not open buttons. */
const buttonHtml = ({ label, url }: NonNullable<MailText['action']>): string =>
  `<p><a href="${escaped(url)}" style="${BUTTON_STYLE}">${escaped(label)}</a></p>
<p style="${SMALL_STYLE};overflow-wrap:anywhere">${escaped(url)}</p>`

const oneLine = (text: string): string => text.replace(/[\p{Control}\u2028\u2029]+/gu, ' ').trim()
