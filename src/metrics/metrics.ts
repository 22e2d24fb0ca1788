import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Observer } from '../observer.ts'
import type { ProblemKind } from '../problems.ts'
import { RequestDurations } from './durations.ts'

/** What this process counts of itself. Each has its own: there may be several in one process, as in tests. */
export interface Metrics extends Observer {
  readonly registry: Registry
}

/** The methods that some route has, or may well be tried with; the parser knows some forty. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

const JOB_BUCKETS_S = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600]

/** @param problems whose refusals are counted from 0 */
export function openMetrics(problems: readonly ProblemKind[]): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // Of several workers the oldest; by itself it would be left out of their sum.
  Object.assign(registry.getSingleMetric('process_start_time_seconds') ?? {}, { aggregator: 'min' })
  describeProcess(registry)
  const durations = new RequestDurations(registry)
  const refusals = new Counter({
    name: 'http_problems_total',
    help: 'Refusals by the code of their problem',
    labelNames: ['code'],
    registers,
  })
  const unauthenticated = new Counter({
    name: 'auth_unauthenticated_total',
    help: 'Answers 401 by the credential that was not accepted',
    labelNames: ['credential'],
    registers,
  })
  const actions = new Counter({
    name: 'auth_actions_total',
    help: 'Requests to the embedded auth server by what they asked for and what came of it',
    labelNames: ['action', 'outcome'],
    registers,
  })
  const replays = new Counter({
    name: 'idempotency_replays_total',
    help: 'Repeated requests that were given their first answer again',
    registers,
  })
  const runs = new Counter({
    name: 'jobs_run_total',
    help: 'Runs of background jobs by what they came to',
    labelNames: ['name', 'outcome'],
    registers,
  })
  const runDurations = new Histogram({
    name: 'jobs_duration_seconds',
    help: 'How long background jobs ran',
    labelNames: ['name'],
    buckets: JOB_BUCKETS_S,
    registers,
  })
  // A series that begins with 1 did not rise, as Prometheus sees it: these begin with 0.
  for (const { code } of problems) refusals.inc({ code }, 0)
  for (const credential of ['none', 'bearer', 'service']) unauthenticated.inc({ credential }, 0)
  return {
    registry,
    requestEnded: (method, route, status, seconds) =>
      durations.observe(
        method !== undefined && METHODS.has(method) ? method : 'other',
        route ?? 'none',
        status ?? 'aborted',
        seconds,
      ),
    refused: (code) => refusals.inc({ code }),
    unauthenticated: (credential) => unauthenticated.inc({ credential }),
    limited: countLimits(registry),
    replayed: () => replays.inc(),
    authenticated: (action, outcome) => actions.inc({ action, outcome }),
    jobEnded: (name, outcome, seconds) => {
      runs.inc({ name, outcome })
      runDurations.observe({ name }, seconds)
    },
  }
}

/** One for nearly every request, so it is a number until somebody asks. */
function countLimits(registry: Registry): Observer['limited'] {
  const tallies = new Map<string, { allowed: number; refused: number; alone: number }>()
  registry.registerMetric(
    new Counter({
      name: 'rate_limit_verdicts_total',
      help: 'What rate limits said, by policy',
      labelNames: ['policy', 'verdict'],
      registers: [],
      collect() {
        this.reset()
        for (const [policy, { allowed, refused }] of tallies) {
          this.inc({ policy, verdict: 'allowed' }, allowed)
          this.inc({ policy, verdict: 'refused' }, refused)
        }
      },
    }),
  )
  registry.registerMetric(
    new Counter({
      name: 'rate_limit_alone_total',
      help: 'What was counted by this process alone, because Redis was away',
      labelNames: ['policy'],
      registers: [],
      collect() {
        this.reset()
        for (const [policy, { alone }] of tallies) this.inc({ policy }, alone)
      },
    }),
  )
  return (policy, allowed, alone) => {
    let tally = tallies.get(policy)
    if (tally === undefined) tallies.set(policy, (tally = { allowed: 0, refused: 0, alone: 0 }))
    if (allowed) tally.allowed++
    else tally.refused++
    if (alone) tally.alone++
  }
}

/** By its name: built, this file is deeper than here. */
const PACKAGE = new URL(import.meta.resolve('todo-backend/package.json'))

function describeProcess(registry: Registry): void {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }
  const info = new Gauge({
    name: 'todo_backend_build_info',
    help: 'Always 1, for its labels',
    labelNames: ['version', 'node'],
    aggregator: 'first',
    registers: [],
  })
  info.set({ version, node: process.versions.node }, 1)
  registry.registerMetric(info)
  registry.registerMetric(
    new Counter({
      name: 'nodejs_eventloop_active_seconds_total',
      help: 'How long the event loop had something to do: its rate is the utilisation, 1 at most for each worker',
      registers: [],
      collect() {
        this.reset()
        this.inc(performance.eventLoopUtilization().active / 1000)
      },
    }),
  )
}
