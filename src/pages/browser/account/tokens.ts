import { field } from '../../views/sign-in-page.ts'
import { snippetsOf } from '../../views/token-snippets.ts'
import { h, type Child, type Element } from '../../views/tree.ts'
import { ROOT } from '../dom.ts'
import { copy, copyable, focusPanel, oncePanel } from './once.ts'
import { isConfirmed, moment, read, row, write, type Fields, type Section } from './section.ts'

interface Token {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly prefix: string
  readonly expiresAt: string
  readonly lastUsedAt: string | null
}

interface NewToken extends Token {
  /** Null in the answer to a repeated request: the service does not store it. */
  readonly token: string | null
}

const DAYS = [
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
  ['366', 'a year'],
] as const
const DAYS_DEFAULT = '90'
const SCOPES_DEFAULT = 'tasks:read'

export function tokensSection(section: Section): void {
  const { scopes, hasMcp } = section.page
  let created: NewToken | undefined
  const load = async (): Promise<void> => {
    const answer = await read(section, '/api/tokens')
    if (answer === undefined) return
    // This route answers with tokens.
    const tokens = answer.json as readonly Token[]
    section.show([
      h(
        'p',
        { class: 'dim' },
        'A token lets a program or an agent act for you, within its scopes, until it expires. The history names it.',
      ),
      created?.token !== undefined && created.token !== null && createdPanel(created.name, created.token, hasMcp),
      tokens.length > 0 &&
        h(
          'ul',
          { class: 'rows' },
          tokens.map((token) => tokenRow(token, scopes)),
        ),
      tokenForm(scopes),
    ])
  }
  section.onAction(async (does, id) => {
    if (does === 'copy') return copy(section, id)
    if (does === 'stored') created = undefined
    if (does === 'revoke') {
      const button = section.element.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] [data-do=revoke]`)
      if (!isConfirmed(button, 'Revoke it?')) return
      if ((await write(section, 'DELETE', `/api/tokens/${id}`)) !== undefined) section.say('Revoked.')
      if (created?.id === id) created = undefined
    }
    return load()
  })
  section.onSubmit(async (value) => {
    const wanted = scopes.map(([name]) => name).filter((name) => value(name) === 'on')
    if (wanted.length === 0) return section.say('Choose at least one scope.', true)
    const answer = await write(section, 'POST', '/api/tokens', bodyOf(value, wanted))
    if (answer === undefined) return
    // This route answers with the new token.
    created = answer.json as NewToken
    section.say(`Created “${created.name}”.`)
    await load()
    focusPanel(section)
  })
  void load()
}

const bodyOf = (value: Fields, scopes: readonly string[]): object => ({
  name: value('tokenName'),
  scopes,
  expiresInDays: Number(value('days')),
})

type Scopes = Section['page']['scopes']

const tokenRow = ({ id, name, prefix, scopes, expiresAt, lastUsedAt }: Token, known: Scopes): Element => {
  const words = new Map(known)
  const isExpired = Date.parse(expiresAt) <= Date.now()
  return row(
    id,
    [h('bdi', {}, name), ' ', h('code', {}, `${prefix}…`)],
    [
      scopes.map((scope) => h('div', {}, words.get(scope) ?? scope)),
      h(
        'div',
        {},
        isExpired ? 'Expired ' : 'Expires ',
        moment(expiresAt),
        lastUsedAt === null ? ' · never used' : [' · last used in the hour from ', moment(lastUsedAt)],
      ),
    ],
    [['revoke', isExpired ? 'Remove' : 'Revoke']],
  )
}

function createdPanel(name: string, token: string, hasMcp: boolean): Element {
  const snippets: Child = snippetsOf({ url: ROOT.replace(/\/$/, ''), token, hasMcp }).map(({ title, place, text }) =>
    h('details', {}, h('summary', {}, title), h('p', { class: 'dim' }, place), copyable(`for ${title}`, text)),
  )
  return oncePanel(`The token “${name}”`, token, snippets)
}

const tokenForm = (scopes: Scopes): Element =>
  h(
    'form',
    { class: 'fields' },
    field('tokenName', 'Name, such as that of the program', { autocomplete: 'off', maxlength: 100 }),
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'input-days' }, 'Expires after'),
      h(
        'select',
        { id: 'input-days', name: 'days' },
        DAYS.map(([days, label]) => h('option', { value: days, selected: days === DAYS_DEFAULT }, label)),
      ),
    ),
    h(
      'fieldset',
      {},
      h('legend', {}, 'It may'),
      scopes.map(([name, words]) =>
        h(
          'label',
          { class: 'box' },
          h('input', { type: 'checkbox', name, value: 'on', checked: name === SCOPES_DEFAULT }),
          ` ${words}`,
        ),
      ),
    ),
    h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Create a token')),
  )
