import type { Members } from '../protocol.ts'

const MALFORMED = 'must not contain unpaired surrogates'

/**
 * The arguments, at any depth, with a text that is no Unicode: half a surrogate pair. JSON can write it, but no URL and no database can.
 *
 * @returns a sentence for each; empty if there are none
 */
export const malformedIn = (args: Members): readonly string[] => [...faultsOf(args, '')]

/** @param path of the value, such as `tasks.0.title`; empty for the arguments themselves */
function* faultsOf(value: unknown, path: string): Generator<string> {
  if (typeof value === 'string' && !value.isWellFormed()) yield `${path} ${MALFORMED}`
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    // The name in question cannot be quoted.
    if (!name.isWellFormed()) yield `names of members ${path === '' ? 'of the arguments' : `in ${path}`} ${MALFORMED}`
    else yield* faultsOf(member, path === '' ? name : `${path}.${name}`)
  }
}
