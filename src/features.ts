import { calendar } from './calendar/feature.ts'
import { changes } from './changes/feature.ts'
import { events } from './events/feature.ts'
import type { Feature } from './feature.ts'
import { history } from './history/feature.ts'
import { mcp } from './mcp/feature.ts'
import { notifications } from './notifications/feature.ts'
import { oauth } from './oauth/feature.ts'
import { pages } from './pages/feature.ts'
import { PROBLEMS, type ProblemKind } from './problems.ts'
import { profile } from './profile/feature.ts'
import { tasks } from './tasks/feature.ts'
import { tokens } from './tokens/feature.ts'
import { trash } from './trash/feature.ts'
import { vault } from './vault/feature.ts'
import { webhooks } from './webhooks/feature.ts'

/** What the service does for its users, in the order of its documents. */
export const FEATURES: readonly Feature[] = [
  tasks,
  trash,
  changes,
  events,
  history,
  notifications,
  profile,
  calendar,
  vault,
  webhooks,
  tokens,
  oauth,
  mcp,
  pages,
]

/** Every kind of refusal that the service can send. */
export const PROBLEM_KINDS: readonly ProblemKind[] = [
  ...Object.values(PROBLEMS),
  ...FEATURES.flatMap(({ problems = [] }) => problems),
]

/** What features read from the environment. */
export const SETTINGS = FEATURES.flatMap(({ settings = [] }) => settings)
