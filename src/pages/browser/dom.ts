import { attributesOf, flat, isSvg, type Child, type Element as Tree } from '../views/tree.ts'

const SVG = 'http://www.w3.org/2000/svg'

/** The nodes of a tree. Texts become text nodes, so that no data is parsed as HTML. */
export const toNodes = (child: Child): Node[] =>
  [...flat([child])].map((each) => (typeof each === 'string' ? document.createTextNode(each) : toElement(each)))

export function toElement(tree: Tree): HTMLElement {
  // Elements of SVG are only used within others.
  const element = (
    isSvg(tree.tag) ? document.createElementNS(SVG, tree.tag) : document.createElement(tree.tag)
  ) as HTMLElement
  for (const [name, value] of attributesOf(tree)) element.setAttribute(name, value)
  element.append(...toNodes(tree.children))
  return element
}

/** @throws Error if the page has no such element, which is a mistake of the page */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} with the id ${id}`)
  return element
}

/** The relative path of the service, as in the links of the page. */
export const ROOT = new URL('../../', import.meta.url).href

/** What the server has written for the script of the page. */
export const readData = (): unknown => JSON.parse(byId('data', HTMLScriptElement).textContent)

const TOAST_MS = 6_000
let toastTimer: number | undefined

/** Shows a short message; with an action, a button for it. */
export function showToast(text: string, action?: { readonly label: string; run(): void }): void {
  const toast = byId('toast', HTMLDivElement)
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = action?.label ?? ''
  button.addEventListener('click', () => {
    toast.hidden = true
    action?.run()
  })
  toast.replaceChildren(text, ...(action === undefined ? [] : [button]))
  toast.hidden = false
  clearTimeout(toastTimer)
  toastTimer = setTimeout(() => (toast.hidden = true), TOAST_MS)
}
