import { actorText, detailText, entryText, titleIn, type Actor, type HistoryEntry } from '../../views/history-text.ts'
import { h, type Element } from '../../views/tree.ts'
import { call } from '../api.ts'
import { more, moment, read, row, write, type Section } from './section.ts'
import { openUndo } from './undo-dialog.ts'

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone
/** A page of the history has at most this many tasks whose titles are not in it. */
const TITLES_MAX = 20

export function historySection(section: Section): void {
  let entries: readonly HistoryEntry[] = []
  let next: string | null = null
  const titles = new Map<string, string>()
  const load = async (cursor: string | null): Promise<void> => {
    const path = cursor === null ? '/api/history' : `/api/history?cursor=${encodeURIComponent(cursor)}`
    const answer = await read(section, path)
    if (answer === undefined) return
    // This route answers with entries.
    entries = [...(cursor === null ? [] : entries), ...(answer.json as readonly HistoryEntry[])]
    next = answer.headers.get('x-next-cursor')
    await findTitles(entries, titles)
    section.show(
      entries.length === 0
        ? h('p', { class: 'dim' }, 'No changes in the last 90 days.')
        : [
            h(
              'ul',
              { class: 'rows' },
              entries.map((entry) => entryRow(entry, titles, section.page.canUndo)),
            ),
            more(next),
          ],
    )
  }
  section.onAction(async (does, id) => {
    if (does === 'more') return load(next)
    if (does === 'undo') {
      if ((await write(section, 'POST', `/api/history/${id}/undo`)) === undefined) return
      section.say('Undone. The undo is a change too, and can be undone.')
      return section.changed()
    }
    if (does === 'actor') {
      const entry = entries.find((each) => each.id === id)
      return entry && openUndo(section, entry.actor)
    }
    return load(null)
  })
  section.onChanged(() => void load(null))
  void load(null)
}

function entryRow(entry: HistoryEntry, titles: ReadonlyMap<string, string>, canUndo: boolean): Element {
  const { id, at, actor, undoneBy, changes } = entry
  const detail = detailText(entry, ZONE, new Date())
  const isUndoable = canUndo && undoneBy === null && !changes.some(({ erased }) => erased)
  return row(
    id,
    entryText(entry, (taskId) => titles.get(taskId)),
    [
      h('bdi', {}, actorText(actor)),
      ', ',
      moment(at),
      undoneBy !== null && ' · undone',
      detail !== '' && h('div', { dir: 'auto' }, detail),
    ],
    [
      ...(isUndoable ? ([['undo', 'Undo']] as const) : []),
      ...(canUndo && isProgram(actor) ? ([['actor', `Undo all of ${actorText(actor)}`]] as const) : []),
    ],
  )
}

/** Whether it is one program among others, of whose changes all are taken back together. */
const isProgram = ({ kind, name }: Actor): boolean => kind !== 'session' && kind !== null && name !== null

/** Updates contain the title only if they changed it: it is taken from other entries, or read. */
async function findTitles(entries: readonly HistoryEntry[], titles: Map<string, string>): Promise<void> {
  const first = entries.flatMap(({ changes }) => changes.slice(0, 1))
  for (const change of first) {
    const title = titleIn(change)
    if (title !== undefined && !titles.has(change.id)) titles.set(change.id, title)
  }
  const unknown = [...new Set(first.map(({ id }) => id))].filter((id) => !titles.has(id)).slice(0, TITLES_MAX)
  await Promise.all(
    unknown.map(async (id) => {
      const answer = await call('GET', `/api/tasks/${id}`).catch(() => undefined)
      // This route answers with a task.
      if (answer?.ok === true) titles.set(id, (answer.json as { readonly title: string }).title)
    }),
  )
}
