import { LIST_STATE, listTag, untagged, type ListCondition } from '../../db/list-tag.ts'
import type { Parameters } from './parameters.ts'

/** How a page gives its state. `expression` is a common table expression, or empty. */
export interface ListParts {
  readonly isCompared: boolean
  readonly expression: string
  readonly state: string
}

export function listOf(
  { request, known }: ListCondition,
  clock: string | undefined,
  parameters: Parameters,
): ListParts {
  if (known === null) return { isCompared: false, expression: '', state: untagged(clock) }
  const tag = listTag(parameters.add(request, 'text'), parameters.add(known, 'text[]'), clock)
  return { isCompared: true, expression: tag, state: LIST_STATE }
}
