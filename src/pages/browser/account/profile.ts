import { h } from '../../views/tree.ts'
import { field } from '../../views/sign-in-page.ts'
import { write, type Section } from './section.ts'

export function profileSection(section: Section): void {
  const { name, email } = section.page.user
  section.show(
    h(
      'form',
      { class: 'fields' },
      field('name', 'Name', { autocomplete: 'name', maxlength: 200, value: name }),
      h('div', { class: 'field' }, h('span', { class: 'side' }, 'E-mail'), h('span', {}, email)),
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Save')),
    ),
  )
  section.onSubmit(async (value) => {
    const saved = await write(section, 'POST', '/api/auth/update-user', { name: value('name') })
    if (saved === undefined) return
    section.say('Saved.')
    const shown = document.querySelector('header .name bdi')
    if (shown !== null) shown.textContent = value('name').trim()
  })
}
