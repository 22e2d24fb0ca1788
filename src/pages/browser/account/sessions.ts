import { h, type Element } from '../../views/tree.ts'
import { deviceText } from '../../views/device.ts'
import { leave } from '../session.ts'
import { moment, read, row, write, type Section } from './section.ts'

interface Session {
  readonly id: string
  /** The bearer token if this tab uses it, else a handle. */
  readonly token: string
  readonly createdAt: string
  readonly ipAddress?: string | null
  readonly userAgent?: string | null
}

export function sessionsSection(section: Section): void {
  let sessions: readonly Session[] = []
  let current: string | undefined
  const load = async (): Promise<void> => {
    const [list, own] = [await read(section, '/api/auth/list-sessions'), await read(section, '/api/auth/get-session')]
    if (list === undefined || own === undefined) return
    // These routes answer with sessions.
    sessions = list.json as readonly Session[]
    current = (own.json as { readonly session: Session } | null)?.session.id
    const ordered = [...sessions].sort(
      (a, b) => Number(b.id === current) - Number(a.id === current) || (a.createdAt < b.createdAt ? 1 : -1),
    )
    section.show([
      h(
        'ul',
        { class: 'rows' },
        ordered.map((each) => sessionRow(each, each.id === current)),
      ),
      sessions.length > 1 && h('p', {}, h('button', { type: 'button', 'data-do': 'others' }, 'End all others')),
    ])
  }
  section.onAction(async (does, id) => {
    if (does === 'again') return load()
    if (does === 'others') {
      if ((await write(section, 'POST', '/api/auth/revoke-other-sessions')) !== undefined)
        section.say('All other sessions have ended.')
      return load()
    }
    const session = sessions.find((each) => each.id === id)
    if (session === undefined) return
    const ended = await write(section, 'POST', '/api/auth/revoke-session', { token: session.token })
    if (ended === undefined) return
    if (id === current) return leave()
    section.say('The session has ended.')
    return load()
  })
  section.onChanged(() => void load())
  void load()
}

const sessionRow = ({ id, createdAt, ipAddress, userAgent }: Session, isCurrent: boolean): Element =>
  row(
    id,
    [h('bdi', {}, deviceText(userAgent ?? '')), isCurrent && h('strong', {}, ' · this one')],
    [
      'Since ',
      moment(createdAt),
      ipAddress !== null && ipAddress !== undefined && ipAddress !== '' && ` from ${ipAddress}`,
    ],
    [['end', 'End']],
  )
