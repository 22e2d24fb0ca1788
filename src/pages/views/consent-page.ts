import { pageHeader, signedOutDialog } from './tasks-page.ts'
import type { User } from './task.ts'
import { h, type Child, type Element } from './tree.ts'

/** What an app asks for: the answer of `GET /api/apps/authorization`. */
export interface AskedAccess {
  readonly clientId: string
  readonly name: string
  readonly destination: { readonly kind: string; readonly name: string }
  readonly scopes: readonly string[]
  readonly isRenewable: boolean
  readonly expiresAt: string
}

/** Why an app cannot be connected, and the URL at which it waits for the answer, if that is known. */
export interface RefusedAccess {
  readonly detail: string
  readonly redirectTo: string | null
}

export interface ConsentPage {
  readonly user: User
  /** The query of the authorization request. */
  readonly request: string
  readonly asked: AskedAccess | RefusedAccess
  /** All scopes, and what they allow. */
  readonly scopes: readonly (readonly [name: string, words: string])[]
}

/** @param root the relative path of the service */
export function consentPage(page: ConsentPage, root: string): Child {
  const { asked } = page
  return [
    pageHeader(root, 'consent', page),
    h('main', { id: 'main', class: 'consent' }, 'clientId' in asked ? consentForm(page, asked) : refusal(asked)),
    signedOutDialog(),
  ]
}

function consentForm({ user, scopes }: ConsentPage, asked: AskedAccess): Element {
  const { clientId, name, destination } = asked
  return h(
    'section',
    { class: 'card sole', 'aria-labelledby': 'title' },
    h('h1', { id: 'title' }, 'Connect an app?'),
    h(
      'p',
      {},
      'An app that calls itself ',
      h('strong', {}, '“', h('bdi', {}, name), '”'),
      ' asks for access to your account.',
    ),
    h(
      'p',
      { class: 'dim' },
      'Any app can use this name: this service cannot verify it. Look at where the answer goes.',
    ),
    h(
      'dl',
      { class: 'facts' },
      h('dt', {}, 'The answer goes to'),
      h('dd', {}, h('strong', {}, placeOf(destination))),
      isUrl(clientId) && [h('dt', {}, 'The app is identified by'), h('dd', {}, clientId)],
      h('dt', {}, 'You are signed in as'),
      h('dd', {}, user.email),
    ),
    destination.kind !== 'website' &&
      h(
        'p',
        { class: 'warning' },
        'Allow this only if you have just started the connection yourself, in a program on this device.',
      ),
    h(
      'form',
      { id: 'consent' },
      h(
        'fieldset',
        {},
        h('legend', {}, 'What it may do'),
        scopes
          .filter(([scope]) => asked.scopes.includes(scope))
          .map(([scope, words]) =>
            h(
              'label',
              { class: 'box' },
              h('input', { type: 'checkbox', name: 'scope', value: scope, checked: isReading(scope) }),
              h('span', {}, `${words} `, h('code', {}, scope)),
            ),
          ),
        !asked.scopes.every(isReading) &&
          h('p', { class: 'dim' }, 'What can change something is not chosen. Choose it if you want the app to do it.'),
      ),
      h('p', {}, durationOf(asked), ' What it changes has its name in the history, and can be undone.'),
      h('p', { class: 'fault', id: 'fault', role: 'alert' }),
      h(
        'div',
        { class: 'actions' },
        // The script enables them, because without it the browser would send the form by itself.
        h('button', { type: 'submit', class: 'primary', value: 'allow', disabled: true }, 'Allow'),
        h('button', { type: 'submit', value: 'deny', disabled: true }, 'Deny'),
      ),
    ),
    h('noscript', {}, h('p', {}, 'This page needs JavaScript.')),
  )
}

const refusal = ({ detail, redirectTo }: RefusedAccess): Element =>
  h(
    'section',
    { class: 'card sole', 'aria-labelledby': 'title' },
    h('h1', { id: 'title' }, 'This app cannot be connected'),
    h('p', {}, `${detail}.`.replace(/\.\.$/, '.')),
    h('p', { class: 'dim' }, 'Nothing was allowed. The makers of the app can correct its request.'),
    redirectTo !== null &&
      h('p', {}, h('button', { type: 'button', id: 'return' }, `Go back to ${hostOf(redirectTo)}`)),
  )

/** @param destination the kinds that the service knows; a later version may add some */
export function placeOf({ kind, name }: AskedAccess['destination']): string {
  if (kind === 'device') return `a program on this device (${name})`
  return kind === 'link' ? `the program on this device that opens ${name} links` : name
}

function durationOf({ isRenewable, expiresAt }: AskedAccess): string {
  if (!isRenewable) return 'It has access for an hour.'
  const day = new Date(expiresAt).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
  return `It has access until you disconnect it in your account, until it was not used for 30 days, or until ${day}.`
}

/** What is chosen from the start: an app can read by default, and everything else takes a choice. */
const isReading = (scope: string): boolean => scope.endsWith(':read')

const isUrl = (clientId: string): boolean => /^https?:/.test(clientId)

/** The host of a website, or the scheme of a program's links. */
export const hostOf = (uri: string): string => {
  const { protocol, host } = new URL(uri)
  return /^https?:$/.test(protocol) ? host : `the program that opens ${protocol} links`
}

/** After the decision. Links of a program leave this page open. */
export const decidedText = (redirectTo: string): Child => [
  h('h1', { id: 'title' }, 'Done'),
  h('p', { role: 'status' }, `The answer is on its way to ${hostOf(redirectTo)}. You can close this page.`),
]
