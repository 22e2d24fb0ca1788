import { PROVIDER_NAMES } from '../../views/providers.ts'
import { field } from '../../views/sign-in-page.ts'
import { h, type Element } from '../../views/tree.ts'
import { isConfirmed, moment, read, row, write, type Section } from './section.ts'

interface Key {
  readonly provider: string
  readonly maskedKey: string
  readonly validationStatus: string
  readonly updatedAt: string
}

const STATUS_TEXTS: Readonly<Record<string, string>> = {
  success: 'Works',
  failure: 'Refused by the provider',
  quota_exceeded: 'Its quota is used up',
  unreachable: 'The provider could not be reached',
}

export function keysSection(section: Section): void {
  const load = async (): Promise<void> => {
    const answer = await read(section, '/api/user-api-keys')
    if (answer === undefined) return
    // This route answers with keys.
    const keys = answer.json as readonly Key[]
    section.show([
      h(
        'p',
        { class: 'dim' },
        'Keys for AI providers, encrypted. A key is checked with its provider before it is stored.',
      ),
      keys.length > 0 && h('ul', { class: 'rows' }, keys.map(keyRow)),
      keyForm(),
    ])
  }
  section.onAction(async (does, provider) => {
    if (does === 'test') {
      const tested = await write(section, 'POST', `/api/user-api-keys/${provider}/test`)
      if (tested !== undefined) section.say('Checked.')
    }
    if (does === 'delete') {
      const button = section.element.querySelector<HTMLElement>(`[data-id="${CSS.escape(provider)}"] [data-do=delete]`)
      if (!isConfirmed(button, 'Delete it?')) return
      if ((await write(section, 'DELETE', `/api/user-api-keys/${provider}`)) !== undefined) section.say('Deleted.')
    }
    return load()
  })
  section.onSubmit(async (value) => {
    const path = `/api/user-api-keys/${value('provider')}`
    if ((await write(section, 'PUT', path, { apiKey: value('apiKey') })) === undefined) return
    section.say('Stored.')
    return load()
  })
  void load()
}

const keyRow = ({ provider, maskedKey, validationStatus, updatedAt }: Key): Element =>
  row(
    provider,
    [PROVIDER_NAMES[provider] ?? provider, ' ', h('code', {}, maskedKey)],
    [STATUS_TEXTS[validationStatus] ?? validationStatus, '. Stored ', moment(updatedAt)],
    [
      ['test', 'Check'],
      ['delete', 'Delete'],
    ],
  )

const keyForm = (): Element =>
  h(
    'form',
    { class: 'fields' },
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'input-provider' }, 'Provider'),
      h(
        'select',
        { id: 'input-provider', name: 'provider' },
        Object.entries(PROVIDER_NAMES).map(([name, title]) => h('option', { value: name }, title)),
      ),
    ),
    field('apiKey', 'Key', { type: 'password', autocomplete: 'off', maxlength: 512 }),
    h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Check and store')),
  )
