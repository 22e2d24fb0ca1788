import { readFileSync } from 'node:fs'
import type { App } from '../http/app.ts'
import { plainPageHtml, plainPagePolicy } from '../http/plain-page.ts'
import { compact, stripped } from '../lib/browser-script.ts'
import { escaped } from '../lib/escape.ts'
import { PAGES } from './mails.ts'

/**
 * The pages that links in mails lead to, and the one that asks for such a mail. A link has its token after `#`, which browsers do not
 * send: it is in no log and no Referer, and a GET, which programs that scan mails send too, cannot use it. The form sends it by POST to
 * the public routes.
 *
 * Without them mails would have links that lead nowhere, so they do not depend on PAGES_ENABLED.
 */
export function linkPages(app: App): void {
  for (const [path, page] of Object.entries(FORMS)) {
    app.get(path, { schema: { hide: true }, config: { unlimited: true } }, async (_request, reply) =>
      reply
        .headers({ 'content-security-policy': POLICY, 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex' })
        .type('text/html; charset=utf-8')
        .send(pageHtml(page, app.hasRoute({ method: 'GET', url: '/' }))),
    )
  }
}

interface Field {
  readonly name: string
  readonly label: string
  readonly type: 'email' | 'password'
  readonly autocomplete: string
  readonly minlength?: number
  readonly maxlength: number
}

interface Page {
  readonly title: string
  readonly text: string
  readonly field?: Field
  readonly button: string
  /** The route that the form sends to, below /api/auth. */
  readonly action: string
  /** Whether it sends the token of the link. */
  readonly hasToken: boolean
  /** Shown after success. */
  readonly done: string
}

const FORMS: Readonly<Record<string, Page>> = {
  [PAGES.forgot]: {
    title: 'Set a new password',
    text: 'Enter the address of your account. A mail with a link will be sent to it.',
    field: { name: 'email', label: 'E-mail', type: 'email', autocomplete: 'email', maxlength: 254 },
    button: 'Send the mail',
    action: 'request-password-reset',
    hasToken: false,
    done: 'If the address has an account, a mail is on its way. Its link works once, for an hour.',
  },
  [PAGES.reset]: {
    title: 'Set a new password',
    text: 'It ends all sessions of your account.',
    field: {
      name: 'newPassword',
      label: 'New password, at least 8 characters',
      type: 'password',
      autocomplete: 'new-password',
      minlength: 8,
      maxlength: 128,
    },
    button: 'Set the password',
    action: 'reset-password',
    hasToken: true,
    done: 'The password is set. You can sign in with it now.',
  },
  [PAGES.verify]: {
    title: 'Confirm your e-mail address',
    text: 'Confirm that the address of the mail is yours.',
    button: 'Confirm',
    action: 'verify-email',
    hasToken: true,
    done: 'The address is confirmed.',
  },
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:10vh auto;padding:0 1rem;color-scheme:light dark}
h1{font-size:1.5rem}
label{display:block;margin-top:1rem}
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}
button{font:inherit;margin-top:1rem;padding:.5rem 1rem}
[role=alert]{font-weight:600}`

const SCRIPT = compact(stripped(readFileSync(new URL('browser/link-form.ts', import.meta.url), 'utf8')))

const POLICY = plainPagePolicy({ style: STYLE, script: SCRIPT })

/** Paths are relative, because a proxy may serve under a prefix. Every page is one level below the root. */
const pageHtml = ({ title, text, field, button, action, hasToken, done }: Page, hasHome: boolean): string =>
  plainPageHtml({
    title,
    style: STYLE,
    body: `    <main>
      <h1>${escaped(title)}</h1>
      <noscript><p role="alert">This page needs JavaScript.</p></noscript>
      <form method="post" data-action="../api/auth/${escaped(action)}"${hasToken ? ' data-token' : ''}>
        <p>${escaped(text)}</p>${field === undefined ? '' : fieldHtml(field)}
        <button type="submit">${escaped(button)}</button>
      </form>
      <p role="alert" id="fault"></p>
      <p role="status" id="done" tabindex="-1" hidden>${escaped(done)}${hasHome ? ' <a href="../">Go to your tasks</a>' : ''}</p>
    </main>
    <script type="module">${SCRIPT}</script>`,
  })

const fieldHtml = ({ name, label, type, autocomplete, minlength, maxlength }: Field): string => `
        <label for="field">${escaped(label)}</label>
        <input id="field" name="${name}" type="${type}" autocomplete="${autocomplete}"${minlength === undefined ? '' : ` minlength="${minlength}"`} maxlength="${maxlength}" required autofocus>`
