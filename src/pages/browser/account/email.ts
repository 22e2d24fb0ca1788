import { field } from '../../views/sign-in-page.ts'
import { h, type Child } from '../../views/tree.ts'
import { read, write, type Section } from './section.ts'

/** The user as `GET /api/auth/get-session` answers it. */
interface SessionUser {
  readonly email: string
  readonly emailVerified: boolean
}

export function emailSection(section: Section): void {
  let user: SessionUser | undefined
  const load = async (): Promise<void> => {
    const answer = await read(section, '/api/auth/get-session')
    if (answer === undefined) return
    // This route answers with the session, or null after its end.
    user = (answer.json as { readonly user: SessionUser } | null)?.user
    if (user !== undefined) section.show(content(user))
  }
  section.onAction(async (does) => {
    if (does !== 'verify' || user === undefined) return load()
    const sent = await write(section, 'POST', '/api/auth/send-verification-email', { email: user.email })
    if (sent !== undefined) section.say('A mail is on its way. Its link works once, for 24 hours.')
  })
  section.onSubmit(async (value, form) => {
    const body = { newEmail: value('newEmail').trim(), password: value('emailPassword') }
    if ((await write(section, 'POST', '/api/auth/change-email', body)) === undefined) return
    form.reset()
    section.say('A mail is on its way to the new address, which counts when its link is opened. It works for an hour.')
  })
  // After the link was opened in another tab.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && user?.emailVerified === false) void load()
  })
  void load()
}

const content = ({ email, emailVerified }: SessionUser): Child => [
  h('p', {}, email, emailVerified ? ' is verified.' : ' is not verified yet.'),
  !emailVerified &&
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', 'data-do': 'verify' }, 'Send a mail with a link to verify it'),
    ),
  h(
    'form',
    { class: 'fields' },
    field('newEmail', 'New address', { type: 'email', autocomplete: 'email', maxlength: 254 }),
    field('emailPassword', 'Password', { type: 'password', autocomplete: 'current-password', maxlength: 128 }),
    h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Change the address')),
  ),
]
