import { readFileSync } from 'node:fs'
import type { App } from '../http/app.ts'
import { plainPageHtml, plainPagePolicy, privatePageHeaders } from '../http/plain-page.ts'
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
      reply.headers(HEADERS).send(pageHtml(page, app.hasRoute({ method: 'GET', url: '/' }))),
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
  /** What the link to `/` is called after success, if the pages for people are served. */
  readonly next: string
  /** Whether it has a link to the page that asks for another mail: links expire. */
  readonly hasRetry: boolean
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
    next: 'Back to sign in',
    hasRetry: false,
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
    next: 'Sign in',
    hasRetry: true,
  },
  [PAGES.verify]: {
    title: 'Confirm your e-mail address',
    text: 'Confirm that the address of the mail is yours.',
    button: 'Confirm',
    action: 'verify-email',
    hasToken: true,
    done: 'The address is confirmed.',
    next: 'Go to your tasks',
    hasRetry: false,
  },
}

const SCRIPT = compact(stripped(readFileSync(new URL('browser/link-form.ts', import.meta.url), 'utf8')))

const HEADERS = privatePageHeaders(plainPagePolicy(SCRIPT))

/**
 * Paths are relative, because a proxy may serve under a prefix. Every page is one level below the root.
 *
 * @param hasHome whether the pages for people are served
 */
const pageHtml = (page: Page, hasHome: boolean): string =>
  plainPageHtml({
    title: page.title,
    body: `    <header>${hasHome ? '<a class="brand" href="../">Tasks</a>' : '<span class="brand">Tasks</span>'}</header>
    <main>
      <div class="card sole">
        <h1>${escaped(page.title)}</h1>
        <noscript><p>This page needs JavaScript.</p></noscript>
        ${formHtml(page)}
        <p class="fault" role="alert" id="fault"></p>
        ${page.hasRetry ? `<p id="retry"><a class="link" href="..${PAGES.forgot}">Request another mail</a></p>` : ''}
        <p id="done" role="status" tabindex="-1" hidden>${escaped(page.done)}${hasHome ? ` <a href="../">${escaped(page.next)}</a>` : ''}</p>
      </div>
    </main>
    <script type="module">${SCRIPT}</script>`,
  })

/** The script enables the button, because without it the browser would send the form by itself. */
const formHtml = ({ text, field, button, action, hasToken }: Page): string =>
  `<form method="post" data-action="../api/auth/${escaped(action)}"${hasToken ? ' data-token' : ''}>
          <p>${escaped(text)}</p>${field === undefined ? '' : fieldHtml(field)}
          <div><button type="submit" class="primary" disabled>${escaped(button)}</button></div>
        </form>`

const fieldHtml = ({ name, label, type, autocomplete, minlength, maxlength }: Field): string => `
          <div class="field">
            <label for="field">${escaped(label)}</label>
            <input id="field" name="${name}" type="${type}" autocomplete="${autocomplete}"${minlength === undefined ? '' : ` minlength="${minlength}"`} maxlength="${maxlength}" aria-describedby="fault" required autofocus>
          </div>`
