/**
 * What a person with a narrow window or large text cannot read or press. Tests run this in the page as one script, so it imports
 * nothing.
 */

/** Of WCAG 2.2, 2.5.8, in CSS pixels. */
const TARGET_MIN = 24
/** Sizes are fractions of a pixel. */
const SLACK = 1
const CONTROLS = 'a[href], button, input, select, textarea, summary, [role=checkbox], [tabindex="0"]'
/** The arrow of a select. */
const ARROW = 20
/** The part of a form, without its padding, that a field can have. */
const WHOLE_LINE = 0.8

/** A line of text. */
interface Piece {
  readonly element: HTMLElement
  readonly text: string
  readonly box: DOMRect
}

/** @returns what is wrong with the layout at the current width: the rule and the element */
export function faultsOfLayout(): string[] {
  const root = document.querySelector<HTMLElement>('dialog:modal') ?? document.body
  const elements = [...root.querySelectorAll<HTMLElement>(':not(option, script)')].filter(isShown)
  const hiding = elements.filter((each) => overflowOf(each) !== 'visible')
  const pieces = elements.flatMap(textsOf)
  return [
    ...elements.flatMap((element) => widthFault(element, hiding)),
    ...elements.filter((each) => each.matches(CONTROLS)).flatMap(targetFault),
    ...elements.flatMap(fieldFault),
    ...pieces.flatMap((piece) => clippedFault(piece, hiding)),
    ...overlaps(pieces, hiding),
  ]
}

/** Of what is wider than an element. That of fields is not looked at: what is typed scrolls. */
function overflowOf(element: HTMLElement): string {
  const { display, overflowX } = getComputedStyle(element)
  return display === 'inline' || element.matches('input, select, textarea') ? 'visible' : overflowX
}

const isShown = (element: HTMLElement): boolean =>
  element.checkVisibility({ visibilityProperty: true }) &&
  // Texts for screen readers.
  element.closest('.hidden, .skip') === null

function named(rule: string, { localName, attributes, textContent }: Element, detail = ''): string {
  const tag = [localName, ...[...attributes].map(({ name, value }) => `${name}="${value.slice(0, 40)}"`)].join(' ')
  return `${rule}: <${tag}> “${textContent.trim().slice(0, 40)}” ${detail}`.trimEnd()
}

/** An element that sticks out of the window, or that has to be scrolled sideways. */
function widthFault(element: HTMLElement, hiding: readonly HTMLElement[]): string[] {
  const { left, right, width } = inSight({ element, box: element.getBoundingClientRect() }, hiding)
  const end = document.documentElement.clientWidth
  if (width > 0 && (left < -SLACK || right > end + SLACK)) return [named('outside', element, `${left} to ${right}`)]
  const isScrolled = /auto|scroll/.test(overflowOf(element)) && element.scrollWidth > element.clientWidth + SLACK
  return isScrolled ? [named('scrolls', element)] : []
}

/** The part of a box that the elements around it do not hide. */
function inSight({ element, box }: Pick<Piece, 'element' | 'box'>, hiding: readonly HTMLElement[]): DOMRect {
  let { left, right, top, bottom } = box
  for (const each of hiding) {
    if (each === element || !each.contains(element)) continue
    const around = each.getBoundingClientRect()
    left = Math.max(left, around.left)
    right = Math.min(right, around.right)
    top = Math.max(top, around.top)
    bottom = Math.min(bottom, around.bottom)
  }
  return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top))
}

/** A control that is too small. Links within a sentence have the height of its line. */
function targetFault(control: HTMLElement): string[] {
  const isInText = getComputedStyle(control).display === 'inline' && control.matches('a')
  if (isInText && hasTextBeside(control)) return []
  const { width, height } = (control.closest('label') ?? control).getBoundingClientRect()
  return Math.min(width, height) < TARGET_MIN - 0.1 ? [named('small', control, `${width} x ${height}`)] : []
}

const hasTextBeside = ({ parentElement, textContent }: HTMLElement): boolean =>
  (parentElement?.textContent ?? '').trim() !== textContent.trim()

/** The text of a select or of an empty field that does not fit. A select that has the whole line cannot show more. */
function fieldFault(field: HTMLElement): string[] {
  const isSelect = field instanceof HTMLSelectElement
  const text = isSelect
    ? (field.selectedOptions[0]?.textContent ?? '')
    : field instanceof HTMLInputElement && field.value === ''
      ? field.placeholder
      : ''
  const { font, paddingLeft, paddingRight, textOverflow } = getComputedStyle(field)
  const context = document.createElement('canvas').getContext('2d')
  const line = field.closest('form')?.clientWidth ?? 0
  const isWhole = isSelect && field.offsetWidth >= line * WHOLE_LINE
  if (text === '' || isWhole || (!isSelect && textOverflow === 'ellipsis') || context === null) return []
  context.font = font
  const space = field.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight)
  const needed = context.measureText(text).width + (isSelect ? ARROW : 0)
  return needed > space + SLACK ? [named('cut', field, `“${text}” needs ${needed} of ${space}`)] : []
}

/** The lines of text that an element itself contains. */
function textsOf(element: HTMLElement): Piece[] {
  return [...element.childNodes]
    .filter((node) => node instanceof Text && node.data.trim() !== '')
    .flatMap((node) => {
      const range = document.createRange()
      range.selectNodeContents(node)
      const text = (node.textContent ?? '').trim()
      return [...range.getClientRects()].map((box) => ({ element, text, box }))
    })
}

/** Text that sticks out of its box, or of one that hides what sticks out. A box that ends with … says so. */
function clippedFault({ element, text, box }: Piece, hiding: readonly HTMLElement[]): string[] {
  const around = hiding.filter((each) => each.contains(element))
  if (around.some((each) => getComputedStyle(each).textOverflow === 'ellipsis')) return []
  const own = blockOf(element)
  const { top, bottom } = own.getBoundingClientRect()
  const isHigh = box.top < top - 2 * SLACK || box.bottom > bottom + 2 * SLACK
  const isWide = [own, ...around].some((each) => {
    const { left, right } = each.getBoundingClientRect()
    return box.left < left - SLACK || box.right > right + SLACK
  })
  return isHigh || isWide ? [named('clipped', own, `“${text.slice(0, 40)}”`)] : []
}

/** The element whose lines contain the text of another. */
function blockOf(element: HTMLElement): HTMLElement {
  const { parentElement } = element
  return parentElement !== null && /^(inline|contents)$/.test(getComputedStyle(element).display)
    ? blockOf(parentElement)
    : element
}

/** Texts that lie on one another. What is fixed to the window lies above the rest. */
function overlaps(pieces: readonly Piece[], hiding: readonly HTMLElement[]): string[] {
  const flowing = pieces
    .filter(({ element }) => element.closest('#status, #toast') === null)
    .map((piece) => ({ ...piece, box: inSight(piece, hiding) }))
    .filter(({ box }) => box.width > 0 && box.height > 0)
    .sort((a, b) => a.box.top - b.box.top)
  return flowing.flatMap((one, at) => {
    const found: string[] = []
    for (const other of flowing.slice(at + 1)) {
      if (other.box.top >= one.box.bottom - SLACK) break
      const shared = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left)
      const depth = Math.min(one.box.bottom, other.box.bottom) - other.box.top
      // The boxes of lines are higher than their letters.
      if (other.element !== one.element && shared > 2 && depth > one.box.height / 4) {
        found.push(named('overlap', one.element, `“${one.text.slice(0, 40)}” and “${other.text.slice(0, 40)}”`))
      }
    }
    return found
  })
}
