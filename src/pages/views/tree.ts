/**
 * Elements as plain data: the server makes HTML of them (`../html.ts`) and the browser makes nodes (`../browser/dom.ts`), so that both
 * show the same thing. Text is text everywhere, so that a title with markup is shown and never interpreted.
 */
export interface Element {
  readonly tag: Tag
  readonly attributes: Attributes
  readonly children: readonly Child[]
}
export type Child = Element | string | false | null | undefined | readonly Child[]

/** There is no `style` and no `on…`: the content security policy forbids both. */
export type Attributes = Readonly<Partial<Record<AttributeName, string | number | boolean | undefined>>>

type AttributeName =
  | `aria-${string}`
  | `data-${string}`
  | 'autocomplete'
  | 'autofocus'
  | 'checked'
  | 'class'
  | 'd'
  | 'dir'
  | 'datetime'
  | 'disabled'
  | 'enterkeyhint'
  | 'for'
  | 'hidden'
  | 'href'
  | 'id'
  | 'lang'
  | 'list'
  | 'maxlength'
  | 'method'
  | 'minlength'
  | 'name'
  | 'novalidate'
  | 'open'
  | 'placeholder'
  | 'rel'
  | 'required'
  | 'role'
  | 'rows'
  | 'selected'
  | 'spellcheck'
  | 'tabindex'
  | 'title'
  | 'type'
  | 'value'
  | 'viewBox'

const HTML_TAGS = [
  'a',
  'aside',
  'bdi',
  'button',
  'code',
  'dd',
  'del',
  'details',
  'dialog',
  'div',
  'dl',
  'dt',
  'fieldset',
  'footer',
  'form',
  'h1',
  'h2',
  'h3',
  'header',
  'input',
  'ins',
  'kbd',
  'label',
  'legend',
  'li',
  'main',
  'nav',
  'noscript',
  'ol',
  'option',
  'output',
  'p',
  'pre',
  'section',
  'select',
  'span',
  'strong',
  'summary',
  'textarea',
  'time',
  'ul',
] as const
const SVG_TAGS = ['svg', 'path'] as const
export type Tag = (typeof HTML_TAGS)[number] | (typeof SVG_TAGS)[number]

export const isSvg = (tag: Tag): boolean => SVG_TAGS.some((each) => each === tag)

export const h = (tag: Tag, attributes: Attributes = {}, ...children: readonly Child[]): Element => ({
  tag,
  attributes,
  children,
})

/** The attributes that are present, as text: `true` is an empty value, and `false` and undefined are left out. */
export const attributesOf = ({ attributes }: Element): [name: string, value: string][] =>
  Object.entries(attributes).flatMap(([name, value]) => {
    if (value === undefined || value === false) return []
    if (name === 'href' && !isSafeLink(String(value))) return []
    return [[name, value === true ? '' : String(value)]]
  })

/** Pages link to paths of this service, from `.`, `?`, `#` or one slash on, so that no address can be data with a scheme or host. */
const isSafeLink = (href: string): boolean => /^(?:[.?#]|\/(?![/\\]))/.test(href)

/** The children that are shown, without nesting. */
export function* flat(children: readonly Child[]): Generator<Element | string> {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === '') continue
    if (typeof child === 'string') yield child
    else if (isList(child)) yield* flat(child)
    else yield child
  }
}

const isList = (child: Element | readonly Child[]): child is readonly Child[] => Array.isArray(child)
