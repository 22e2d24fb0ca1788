import { Type } from 'typebox'
import { SCOPE_NAMES } from '../../principal.ts'
import { cutList, cutText } from './budget.ts'
import { plainType, resultOf, strict, Text } from './shapes.ts'
import type { Source } from './source.ts'
import { done, readingTool, type Tool } from './tool.ts'

const TAGS_SHOWN = 50
/** What the tags may take in the result. */
const TAGS_COST = 1_700
/** What a name may take in the result. */
const NAME_COST = 300

export function tagsAndStats(source: Source): Tool {
  const stats = source.operation('getTaskStats')
  const tags = source.operation('listTags')
  const counts = source.members('TaskStats')
  return readingTool({
    name: 'tags_and_stats',
    title: 'Count tasks, list tags',
    description: `Counts tasks by status and priority and those that are overdue, and lists up to ${TAGS_SHOWN} tags with their number of tasks.`,
    scope: stats.needs ?? 'any',
    input: Type.Object({}, strict),
    output: resultOf({
      ...Object.fromEntries(Object.entries(counts).map(([name, schema]) => [name, plainType(schema)])),
      tags: Type.Array(Type.Object({ name: Text(), count: Type.Integer() })),
      moreTags: Type.Optional(Type.Boolean()),
    }),
    async run(_args, call) {
      const [counted, listed] = await Promise.all([
        call.ask({ operation: stats }),
        call.ask({ operation: tags, query: { limit: TAGS_SHOWN } }),
      ])
      // The body is a list.
      const all = listed.body as readonly unknown[]
      const shown = cutList(all, TAGS_COST)
      return done({
        ...(await call.clock()).members,
        ...Object(counted.body),
        tags: shown,
        ...((shown.length < all.length || listed.header('x-next-cursor') !== undefined) && { moreTags: true }),
      })
    },
  })
}

export function whoami(source: Source): Tool {
  const profile = source.find('getProfile')
  return readingTool({
    name: 'whoami',
    title: 'Who and when',
    description:
      'Shows the current time with weekday and zone, and what this credential may do. Call it before you work out a date.',
    // Also a credential that may do nothing else can find out what it may do.
    scope: 'any',
    input: Type.Object({ timezone: Type.Optional(Text('IANA zone, such as Europe/Berlin')) }, strict),
    output: resultOf({ name: Type.Optional(Text()), credential: Text(), scopes: Type.Array(Text()) }),
    async run({ timezone }, call) {
      const granted = await Promise.all(SCOPE_NAMES.map((scope) => call.has(scope)))
      const scopes = SCOPE_NAMES.filter((_, index) => granted[index] === true)
      const maySee = profile !== undefined && scopes.some((scope) => scope === profile.needs)
      // The body is a profile.
      const user = maySee ? ((await call.ask({ operation: profile })).body as { readonly name: string }) : undefined
      const { kind, name } = call.principal
      return done({
        ...(await call.clock(timezone)).members,
        ...(user !== undefined && { name: cutText(user.name, NAME_COST) }),
        credential: cutText(name === null ? kind : `${kind}:${name}`, NAME_COST),
        scopes,
      })
    },
  })
}
