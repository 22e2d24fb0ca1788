import { pageHeader, signedOutDialog } from './tasks-page.ts'
import type { User } from './task.ts'
import { h, type Child } from './tree.ts'

/** The sections of the account, in their order, with the route that each needs. A section is a module in `browser/account/`. */
export const SECTIONS = [
  ['profile', 'Profile', 'POST', '/api/auth/update-user'],
  ['email', 'E-mail address', 'POST', '/api/auth/change-email'],
  ['settings', 'Time zone', 'GET', '/api/me'],
  ['notifications', 'Notifications', 'GET', '/api/notifications'],
  ['sessions', 'Sessions', 'GET', '/api/auth/list-sessions'],
  ['history', 'History', 'GET', '/api/history'],
  ['trash', 'Trash', 'GET', '/api/trash'],
  ['tokens', 'Personal tokens', 'POST', '/api/tokens'],
  ['apps', 'Connected apps', 'GET', '/api/apps'],
  ['webhooks', 'Webhooks', 'POST', '/api/webhooks'],
  ['keys', 'Provider keys', 'GET', '/api/user-api-keys'],
  ['password', 'Password', 'POST', '/api/auth/change-password'],
  ['deletion', 'Delete this account', 'POST', '/api/auth/delete-user'],
] as const
export type SectionId = (typeof SECTIONS)[number][0]

export interface AccountPage {
  readonly user: User
  /** What the service offers. */
  readonly sections: readonly SectionId[]
  readonly canUndo: boolean
  /** The scopes of personal tokens and apps, and what they allow. */
  readonly scopes: readonly (readonly [name: string, words: string])[]
  /** Whether agents can connect by MCP. */
  readonly hasMcp: boolean
  /** Whether tasks can have reminders. */
  readonly hasReminders: boolean
}

/** @param root the relative path of the service */
export function accountPage({ user, sections }: AccountPage, root: string): Child {
  const shown = SECTIONS.filter(([id]) => sections.includes(id))
  return [
    h('a', { class: 'skip', href: '#main' }, 'Skip to the content'),
    pageHeader(root, 'account', { user }),
    h(
      'main',
      { id: 'main', class: 'account', tabindex: -1 },
      h('h1', {}, 'Account'),
      h(
        'nav',
        { class: 'links', 'aria-label': 'Sections' },
        shown.map(([id, title]) => h('a', { href: `#${id}` }, title)),
      ),
      shown.map(([id, title]) =>
        h(
          'section',
          { id, class: 'card', 'aria-labelledby': `${id}-title` },
          h('h2', { id: `${id}-title` }, title),
          h('div', { class: 'content' }, h('p', { class: 'dim' }, 'Loading…')),
          h('p', { class: 'outcome', role: 'status' }),
        ),
      ),
      h('noscript', {}, h('p', {}, 'This page needs JavaScript.')),
    ),
    h('div', { id: 'toast', role: 'status', hidden: true }),
    signedOutDialog(),
  ]
}
