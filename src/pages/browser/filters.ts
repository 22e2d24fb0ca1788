import { NEWEST_FIRST, viewOf, type View } from '../views/view.ts'
import { fixedFilters, viewLinks } from '../views/tasks-page.ts'
import { byId, toNodes } from './dom.ts'

const TYPING_MS = 250
let timer: number | undefined

/** Shows what the links and fields of the filters name, without loading the page. */
export function watchFilters(current: () => View, show: (view: View) => void): void {
  const form = byId('filters', HTMLFormElement)
  const apply = (): void => {
    clearTimeout(timer)
    const view = viewOf(
      new URLSearchParams(
        [...new FormData(form)].map(([name, value]) => [name, typeof value === 'string' ? value : '']),
      ),
    )
    const { sort, ...rest } = view
    const next = sort === NEWEST_FIRST ? rest : view
    if (JSON.stringify(next) !== JSON.stringify(current())) show(next)
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    apply()
  })
  form.addEventListener('change', apply)
  form.addEventListener('input', ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return
    clearTimeout(timer)
    timer = setTimeout(apply, TYPING_MS)
  })
  form.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest('a')
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    show(viewOf(new URL(link.href).searchParams))
  })
}

/** Makes links and fields those of the view, except for a field in which the user is typing. */
export function showFilters(view: View): void {
  byId('views', HTMLElement).replaceChildren(...toNodes(viewLinks(view)))
  byId('fixed', HTMLDivElement).replaceChildren(...toNodes(fixedFilters(view)))
  const search = byId('q', HTMLInputElement)
  if (document.activeElement !== search) search.value = view.q ?? ''
  byId('priority', HTMLSelectElement).value = view.priority ?? ''
  byId('sort', HTMLSelectElement).value = view.sort ?? NEWEST_FIRST
}
