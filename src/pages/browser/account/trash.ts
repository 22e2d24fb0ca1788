import { h, type Element } from '../../views/tree.ts'
import { isConfirmed, more, moment, read, row, write, type Section } from './section.ts'

interface Trashed {
  readonly id: string
  readonly deletedAt: string
  readonly expiresAt: string
  readonly data: { readonly title: string }
}

export function trashSection(section: Section): void {
  let items: readonly Trashed[] = []
  let next: string | null = null
  const load = async (cursor: string | null): Promise<void> => {
    const answer = await read(
      section,
      cursor === null ? '/api/trash' : `/api/trash?cursor=${encodeURIComponent(cursor)}`,
    )
    if (answer === undefined) return
    // This route answers with what is in the trash.
    items = [...(cursor === null ? [] : items), ...(answer.json as readonly Trashed[])]
    next = answer.headers.get('x-next-cursor')
    section.show(
      items.length === 0
        ? h('p', { class: 'dim' }, 'The trash is empty.')
        : [
            h('ul', { class: 'rows' }, items.map(trashedRow)),
            more(next),
            h('p', {}, h('button', { type: 'button', 'data-do': 'empty' }, 'Empty the trash')),
          ],
    )
  }
  section.onAction(async (does, id) => {
    if (does === 'more') return load(next)
    const title = items.find((item) => item.id === id)?.data.title ?? ''
    const at = id === '' ? section.element : section.element.querySelector(`[data-id="${CSS.escape(id)}"]`)
    const button = at?.querySelector<HTMLElement>(`[data-do="${CSS.escape(does)}"]`) ?? null
    if (does === 'restore') {
      if ((await write(section, 'POST', `/api/trash/${id}/restore`)) !== undefined) section.say(`Restored “${title}”.`)
    } else if (does === 'erase') {
      if (!isConfirmed(button, 'Delete for good?')) return
      if ((await write(section, 'DELETE', `/api/trash/${id}`)) !== undefined)
        section.say(`Deleted “${title}” for good.`)
    } else if (does === 'empty') {
      if (!isConfirmed(button, 'Delete all for good?')) return
      if ((await write(section, 'DELETE', '/api/trash')) !== undefined) section.say('The trash is empty.')
    } else return load(null)
    section.changed()
  })
  section.onChanged(() => void load(null))
  void load(null)
}

const trashedRow = ({ id, deletedAt, expiresAt, data }: Trashed): Element =>
  row(
    id,
    h('bdi', {}, data.title),
    ['Deleted ', moment(deletedAt), ', kept until ', moment(expiresAt)],
    [
      ['restore', 'Restore'],
      ['erase', 'Delete'],
    ],
  )
