import { performance } from 'node:perf_hooks'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { VERSION } from '../lib/version.ts'
import type { Observer } from '../observer.ts'
import type { ProblemKind } from '../problems.ts'
import { RequestDurations } from './durations.ts'

/** The metrics of this process. Not global, because tests have several services in one process. */
export interface Metrics extends Observer {
  readonly registry: Registry
}

/** Methods with a label of their own: those of routes and other common ones. The parser accepts some forty. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

const JOB_BUCKETS_S = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600]

/** @param problems whose refusals are counted from 0 */
export function openMetrics(problems: readonly ProblemKind[]): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // The minimum of all workers: prom-client omits it from aggregated metrics by default.
  Object.assign(registry.getSingleMetric('process_start_time_seconds') ?? {}, { aggregator: 'min' })
  describeProcess(registry)
  const durations = new RequestDurations(registry)
  const refusals = new Counter({
    name: 'http_problems_total',
    help: 'Refusals by the `code` of their body: `overloaded`, `unavailable`, `request_in_progress`, `idempotency_key_reused`…',
    labelNames: ['code'],
    registers,
  })
  const unauthenticated = new Counter({
    name: 'auth_unauthenticated_total',
    help: '401 answers by the presented credential: `bearer`, `service` or `none`',
    labelNames: ['credential'],
    registers,
  })
  const actions = new Counter({
    name: 'auth_actions_total',
    help: 'Requests to the embedded auth server: `sign-up`, `sign-in`, `sign-out`, `get-session`…, and whether they were `ok`, `refused` (4xx) or `failed` (5xx)',
    labelNames: ['action', 'outcome'],
    registers,
  })
  const replays = new Counter({
    name: 'idempotency_replays_total',
    help: 'Repeated requests that were answered with their stored result. Conflicts are codes of `http_problems_total`.',
    registers,
  })
  const runs = new Counter({
    name: 'jobs_run_total',
    help: 'Runs of background jobs: `ok`, `failed` (runs again), `dead` (failed for the last time), `released` (the process stopped) and `lost` (its lease ended first)',
    labelNames: ['name', 'outcome'],
    registers,
  })
  const runDurations = new Histogram({
    name: 'jobs_duration_seconds',
    help: 'The run time of background jobs',
    labelNames: ['name'],
    buckets: JOB_BUCKETS_S,
    registers,
  })
  // Initialized to 0, because Prometheus sees no increase in a series that begins with 1.
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

/** Incremented by nearly every request, so it is a plain number until metrics are collected. */
function countLimits(registry: Registry): Observer['limited'] {
  const tallies = new Map<string, { allowed: number; refused: number; alone: number }>()
  registry.registerMetric(
    new Counter({
      name: 'rate_limit_verdicts_total',
      help: 'Decisions of the rate limits, `allowed` or `refused`, by policy: `read`, `write`, `auth` (attempts to sign in), `mail` (mails to one address), `calendar` (reads of one address) and `key-checks`',
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
      help: 'Decisions of the rate limits that a process made by itself, because Redis was unreachable',
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

function describeProcess(registry: Registry): void {
  const info = new Gauge({
    name: 'todo_backend_build_info',
    help: 'Always 1',
    labelNames: ['version', 'node'],
    aggregator: 'first',
    registers: [],
  })
  info.set({ version: VERSION, node: process.versions.node }, 1)
  registry.registerMetric(info)
  registry.registerMetric(
    new Counter({
      name: 'nodejs_eventloop_active_seconds_total',
      help: 'Time that event loops were active. `rate(…) / sum(todo_backend_workers)` is their utilisation.',
      registers: [],
      collect() {
        this.reset()
        this.inc(performance.eventLoopUtilization().active / 1000)
      },
    }),
  )
}
