import { Problem } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/instant.ts'
import { PRINCIPAL_KINDS } from '../principal.ts'
import type { HistoryQuery, UndoTime } from './schema.ts'
import type { HistoryFilter } from './store.ts'

/** @throws Problem invalid_input (422) */
export function filterOf({ actor, since, until }: HistoryQuery): HistoryFilter {
  const [actorKind, actorName] = actor === undefined ? [] : actorOf(actor)
  return { since: normalized(since), until: normalized(until), actorKind, actorName }
}

/** `kind` or `kind:name`. */
function actorOf(text: string): [kind: string, name?: string] {
  const end = text.indexOf(':')
  const [kind, name] = end === -1 ? [text] : [text.slice(0, end), text.slice(end + 1)]
  if (name !== '' && (PRINCIPAL_KINDS as readonly string[]).includes(kind))
    return name === undefined ? [kind] : [kind, name]
  const detail = `query parameter actor must be one of ${PRINCIPAL_KINDS.join(', ')}, or one of these with a name, as kind:name`
  throw Problem.invalid([{ in: 'query', pointer: '/actor', detail }])
}

/** @throws Problem invalid_input (422) if the time ends before it begins */
export function filterOfUndo({ actor, since, until }: UndoTime): HistoryFilter {
  const filter = { since: normalized(since), until: normalized(until) }
  if (until !== undefined && Date.parse(filter.until ?? '') <= Date.parse(filter.since ?? '')) {
    throw Problem.invalid([{ in: 'body', pointer: '/until', detail: 'until must be after since' }])
  }
  return { ...filter, actorKind: actor?.kind, actorName: actor?.name ?? undefined }
}

/** The schema has already refused malformed instants. */
function normalized(instant: string | undefined): string | undefined {
  const epochMs = instant === undefined ? undefined : parseInstant(instant)
  return epochMs === undefined ? undefined : formatInstant(epochMs)
}

/** The parameters of a list as they are repeated in the URL of its next page, with a `?` before and a `&` behind, without its limit. */
export function repeated({ actor, since, until }: HistoryQuery): string {
  const given = Object.entries({ actor, since, until }).filter(([, value]) => value !== undefined)
  // The values are texts; entries of undefined ones are left out.
  const parameters = new URLSearchParams(given as [string, string][])
  return `?${parameters.size > 0 ? `${parameters.toString()}&` : ''}`
}
