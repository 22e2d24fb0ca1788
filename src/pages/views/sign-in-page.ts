import { h, type Child, type Element } from './tree.ts'

interface Offered {
  /** The relative path of the service. */
  readonly root: string
  readonly hasDocs: boolean
  /** Another auth server signs users in. */
  readonly isExternal: boolean
  /** Whether a forgotten password can be replaced. */
  readonly hasMail: boolean
  /** After signing in the visitor sees the same address again: what an app asks for. */
  readonly stays: boolean
}

/** Every page, for visitors without a session. */
export const signInPage = ({ root, hasDocs, isExternal, hasMail, stays }: Offered): Child =>
  h(
    'main',
    { class: 'welcome' },
    h(
      'section',
      {},
      h('h1', {}, 'Tasks'),
      stays &&
        h(
          'p',
          { class: 'lead' },
          'An app asks for access to your account. Sign in to see what it asks for, and to decide.',
        ),
      !stays && h('p', { class: 'lead' }, 'A quiet place for what you have to do.'),
      h(
        'p',
        {},
        'Every change can be undone, appears in all open tabs within a second, and is kept when the connection is lost. All of it uses the public API, so that you can write your own page.',
      ),
      hasDocs &&
        h(
          'p',
          { class: 'links' },
          h('a', { href: `${root}docs` }, 'Try the API'),
          h('a', { href: `${root}redoc` }, 'Reference'),
          h('a', { href: `${root}llms.txt` }, 'llms.txt'),
          h('a', { href: `${root}openapi.json` }, 'OpenAPI document'),
        ),
    ),
    isExternal
      ? h(
          'section',
          {},
          h('h2', {}, 'Sign in elsewhere'),
          h('p', {}, 'Another auth server signs users in to this service. Use the application that belongs to it.'),
        )
      : signInForms(hasMail ? `${root}account/forgot-password` : undefined, stays),
  )

/** @param forgotten the page for a forgotten password */
const signInForms = (forgotten: string | undefined, stays: boolean): Element =>
  h(
    'section',
    { id: 'sign-in', class: 'card' },
    h('noscript', {}, h('p', {}, 'Signing in needs JavaScript.')),
    h(
      'form',
      { id: 'credentials', 'data-mode': 'in', 'data-stays': stays, novalidate: true },
      h('h2', { id: 'form-title' }, 'Sign in'),
      field('name', 'Name', { autocomplete: 'name', maxlength: 200, hidden: true }),
      field('email', 'E-mail', { type: 'email', autocomplete: 'email', maxlength: 254 }),
      field('password', 'Password', { type: 'password', autocomplete: 'current-password', maxlength: 128 }),
      h('p', { class: 'fault', id: 'fault', role: 'alert' }),
      h('p', { class: 'notice', id: 'notice', role: 'status' }),
      h('button', { type: 'submit', class: 'primary', id: 'submit' }, 'Sign in'),
      h('p', {}, h('button', { type: 'button', class: 'link', id: 'other-mode' }, 'New here? Sign up')),
      forgotten !== undefined && h('p', {}, h('a', { class: 'link', href: forgotten }, 'Forgot your password?')),
    ),
  )

interface FieldOptions {
  readonly type?: string
  readonly autocomplete?: string
  readonly maxlength?: number
  readonly value?: string
  readonly hidden?: boolean
}

/** A labelled input. Its label is above it, so that it stays visible while one types. */
export const field = (name: string, label: string, { hidden, type = 'text', ...rest }: FieldOptions = {}): Element =>
  h(
    'div',
    { class: 'field', id: `field-${name}`, hidden },
    h('label', { for: `input-${name}` }, label),
    h('input', { id: `input-${name}`, name, type, ...rest }),
  )

/** When the service cannot make the page now. */
export const busyPage = (root: string, detail: string): Child =>
  h(
    'main',
    { class: 'welcome' },
    h(
      'section',
      {},
      h('h1', {}, 'Not now'),
      h('p', { class: 'lead' }, detail),
      h('p', {}, h('a', { href: root }, 'Try again')),
    ),
  )
