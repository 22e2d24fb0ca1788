import type { Change } from '../calls.ts'
import type { Client } from '../index.ts'
import { isProblem } from '../problem.ts'

/** Changes that came together, to be applied to a copy in one step. */
export interface Batch {
  /** By entity: `upsert` replaces what the copy has, `delete` removes it. To apply a change twice does no harm. */
  readonly changes: readonly Change[]
  /** The position after these changes. */
  readonly cursor: string
  /**
   * The beginning of a load: the copy must drop all that it has before it applies the changes. It happens at the first start, when the
   * stored cursor has expired, and when it belongs to another user.
   */
  readonly isReset: boolean
  /** Whether the copy is complete with this batch: it then is what the service had a moment ago. */
  readonly isUpToDate: boolean
}

export interface PageOptions {
  /** Where the batch before ended. Undefined, for the first page of a load. */
  readonly cursor?: string | undefined
  /** Changes at most, 1 to 1000. */
  readonly limit: number
  readonly signal?: AbortSignal | undefined
}

/** A newer service can have more kinds of entities. This version leaves them out, instead of giving what its types do not say. */
export const isKnown = ({ type }: Change): boolean => type === 'task'

/**
 * A page of `GET /api/changes`. If the service does not accept the cursor any more, it is the first page of a new load.
 *
 * @throws as the client
 */
export async function readChanges(api: Client, { cursor, limit, signal }: PageOptions): Promise<Batch> {
  try {
    const query = { limit, ...(cursor !== undefined && { cursor }) }
    const { data, response } = await api.GET('/api/changes', { params: { query }, signal })
    const next = response.headers.get('x-next-cursor')
    // Scripts of a page see it only if the service allows the page's origin.
    if (next === null) throw new Error('The answer of /api/changes has no X-Next-Cursor')
    const isUpToDate = response.headers.get('x-has-more') === 'false'
    return { changes: data.filter(isKnown), cursor: next, isReset: cursor === undefined, isUpToDate }
  } catch (error) {
    if (cursor === undefined || !isProblem(error, 'cursor_expired', 'invalid_cursor')) throw error
    return await readChanges(api, { limit, signal })
  }
}
