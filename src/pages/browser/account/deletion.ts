import { field } from '../../views/sign-in-page.ts'
import { h } from '../../views/tree.ts'
import { leave } from '../session.ts'
import { isConfirmed, write, type Section } from './section.ts'

export function deletionSection(section: Section): void {
  section.show(
    h(
      'form',
      { class: 'fields' },
      h('p', {}, 'Deletes you with all your tasks, keys, history and sessions. This cannot be undone.'),
      field('password', 'Password', { type: 'password', autocomplete: 'current-password', maxlength: 128 }),
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'danger' }, 'Delete this account')),
    ),
  )
  section.onSubmit(async (value, form) => {
    if (value('password') === '') return section.say('Enter your password.', true)
    if (!isConfirmed(form.querySelector('button'), 'Delete everything for good?')) return
    const deleted = await write(section, 'POST', '/api/auth/delete-user', { password: value('password') })
    if (deleted !== undefined) leave()
  })
}
