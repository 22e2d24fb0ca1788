import type { Answer } from './call.ts'
import { costOf, fitting, FRAME_COST, RESULT_COST } from './budget.ts'

interface Paging<Item> {
  /** Reads a page of at most so many items. */
  ask(this: void, limit: number): Promise<Answer>
  present(this: void, item: Item): object
  /** As the call has it; undefined for the usual one. */
  readonly limit: number | undefined
  readonly usualLimit: number
}

export interface Page {
  readonly items: readonly object[]
  readonly answer: Answer
  /** To be added to the result. */
  readonly cursor: { readonly nextCursor?: string }
}

/** What a cursor takes, as a rule: the page that is read first may be the last, and have none. */
const CURSOR_COST = 120

/**
 * A page that is small enough for the context of a model, whatever its items are. If they are too large fewer are read, so that the cursor
 * continues behind the last one that is shown. A limit above the usual one allows a larger result, in proportion.
 */
export async function pageWithin<Item>({ ask, present, limit, usualLimit }: Paging<Item>): Promise<Page> {
  const costMax = RESULT_COST * Math.max(1, (limit ?? usualLimit) / usualLimit)
  for (let size = limit ?? usualLimit; ;) {
    const answer = await ask(size)
    const nextCursor = answer.header('x-next-cursor')
    // The body is the list that the operation answers with.
    const items = (answer.body as readonly Item[]).map(present)
    const fits = fitting(items, costMax - FRAME_COST - Math.max(CURSOR_COST, costOf(nextCursor ?? '')))
    if (fits >= items.length) return { items, answer, cursor: nextCursor === undefined ? {} : { nextCursor } }
    size = fits
  }
}
