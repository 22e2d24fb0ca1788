import { field } from '../../views/sign-in-page.ts'
import { h } from '../../views/tree.ts'
import { forgetToken } from '../api.ts'
import { write, type Section } from './section.ts'

export function passwordSection(section: Section): void {
  section.show(
    h(
      'form',
      { class: 'fields' },
      field('currentPassword', 'Current password', {
        type: 'password',
        autocomplete: 'current-password',
        maxlength: 128,
      }),
      field('newPassword', 'New password, at least 8 characters', {
        type: 'password',
        autocomplete: 'new-password',
        maxlength: 128,
      }),
      h(
        'label',
        { class: 'box' },
        h('input', { type: 'checkbox', name: 'others', value: 'on', checked: true }),
        ' End all other sessions',
      ),
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Change')),
    ),
  )
  section.onSubmit(async (value, form) => {
    const body = {
      currentPassword: value('currentPassword'),
      newPassword: value('newPassword'),
      revokeOtherSessions: value('others') === 'on',
    }
    const changed = await write(section, 'POST', '/api/auth/change-password', body)
    if (changed === undefined) return
    forgetToken()
    form.reset()
    section.say('The password is changed.')
    // This session has ended and another one has begun.
    section.changed()
  })
}
