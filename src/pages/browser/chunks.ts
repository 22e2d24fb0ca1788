/**
 * Rows are in chunks, so that the browser does not consider each row of a long list in every frame: a chunk out of sight is skipped as
 * a whole (`content-visibility` in the style sheet).
 */
const ROWS_PER_CHUNK = 100

/** Puts rows into the chunks of a list, in this order. Rows that are in their place already are not moved. */
export function placeRows(list: HTMLElement, rows: readonly HTMLElement[]): void {
  const count = Math.ceil(rows.length / ROWS_PER_CHUNK)
  for (let number = 0; number < count; number++) {
    const chunk = list.children[number] ?? list.appendChild(newChunk())
    const own = rows.slice(number * ROWS_PER_CHUNK, (number + 1) * ROWS_PER_CHUNK)
    let at = chunk.firstElementChild
    for (const row of own) {
      if (row === at) at = at.nextElementSibling
      else chunk.insertBefore(row, at)
    }
    // Rows that have slid into the next chunk are taken from here when it is filled.
    if (chunk instanceof HTMLElement) chunk.style.setProperty('--rows', String(own.length))
  }
  while (list.children.length > count) list.lastElementChild?.remove()
}

function newChunk(): HTMLElement {
  const chunk = document.createElement('div')
  chunk.className = 'chunk'
  // Assistive technology sees one list of rows.
  chunk.role = 'presentation'
  return chunk
}

/** The next or the previous row, in a neighbouring chunk perhaps. */
export function neighbourOf(row: Element, by: 1 | -1): HTMLElement | null {
  const chunk = row.parentElement
  const neighbour =
    by === 1
      ? (row.nextElementSibling ?? chunk?.nextElementSibling?.firstElementChild)
      : (row.previousElementSibling ?? chunk?.previousElementSibling?.lastElementChild)
  return neighbour instanceof HTMLElement ? neighbour : null
}
