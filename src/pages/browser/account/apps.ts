import { connectionsOf } from '../../views/app-snippets.ts'
import { placeOf } from '../../views/consent-page.ts'
import { quoted } from '../../views/quoted.ts'
import { h, type Child, type Element } from '../../views/tree.ts'
import { ROOT } from '../dom.ts'
import { copy, copyable } from './once.ts'
import { isConfirmed, moment, read, row, write, type Section } from './section.ts'
import { openUndo } from './undo-dialog.ts'

/** An element of `GET /api/apps`. */
interface App {
  readonly clientId: string
  readonly name: string
  readonly destination: { readonly kind: string; readonly name: string }
  readonly scopes: readonly string[]
  readonly connections: number
  readonly connectedAt: string
  readonly lastUsedAt: string
  readonly expiresAt: string
}

export function appsSection(section: Section): void {
  let apps: readonly App[] = []
  const load = async (): Promise<void> => {
    const answer = await read(section, '/api/apps')
    if (answer === undefined) return
    // This route answers with apps.
    apps = answer.json as readonly App[]
    section.show([
      h('p', { class: 'dim' }, 'Programs to which you gave access. They chose their names: look at where they are.'),
      apps.length === 0 && h('p', {}, 'No app is connected.'),
      apps.length > 0 &&
        h(
          'ul',
          { class: 'rows' },
          apps.map((app) => appRow(app, section.page)),
        ),
      section.page.hasMcp && connecting(apps.length === 0),
    ])
  }
  section.onAction(async (does, id) => {
    if (does === 'copy') return copy(section, id)
    const app = apps.find(({ clientId }) => clientId === id)
    if (app === undefined) return load()
    if (does === 'undo') return openUndo(section, { kind: 'app', name: app.name })
    const button = section.element.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] [data-do=end]`)
    if (!isConfirmed(button, 'Disconnect it?')) {
      return section.say(
        'It loses its access at once, on all its devices. What it has changed stays, and can be undone.',
      )
    }
    const ended = await write(section, 'DELETE', `/api/apps/${encodeURIComponent(id)}`)
    if (ended === undefined) return
    section.say('Disconnected. The history has what it changed, and can undo it.')
    return load()
  })
  section.onChanged(() => void load())
  void load()
}

function appRow(app: App, { scopes, canUndo }: Section['page']): Element {
  const { clientId, name, destination, connections, connectedAt, lastUsedAt, expiresAt } = app
  const words = new Map(scopes)
  return row(
    clientId,
    [h('strong', {}, h('bdi', {}, placeOf(destination))), ' calls itself ', quoted(name)],
    [
      app.scopes.map((scope) => h('div', {}, words.get(scope) ?? scope)),
      h(
        'div',
        {},
        connections > 1 ? `${connections} connections, the first ` : 'Connected ',
        moment(connectedAt),
        ' · last got access ',
        moment(lastUsedAt),
        ' · expires ',
        moment(expiresAt),
      ),
    ],
    [...(canUndo ? ([['undo', 'Undo what it did']] as const) : []), ['end', 'Disconnect']],
  )
}

/** @param isOpen while there is nothing else to show */
const connecting = (isOpen: boolean): Child =>
  h(
    'details',
    { open: isOpen },
    h('summary', {}, 'How to connect an app'),
    h(
      'p',
      {},
      'Give the program this address. It then sends you to a page of this service, on which you see what it asks for, and decide. Programs that cannot do that use a personal token.',
    ),
    connectionsOf(`${ROOT}mcp`).map(({ title, place, text }) => [
      h('h3', {}, title),
      h('p', { class: 'dim' }, place),
      copyable(`to connect ${title}`, text),
    ]),
  )
