import type { Scopes } from '../db/scopes.ts'
import type { UserSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { Step } from '../db/sql.ts'
import type { Limits } from '../limits/limits.ts'
import type { SpanOptions, Tracer } from '../observer.ts'

/**
 * The same with a span for each transaction of a user, and one for each statement, with its name and never its text or values. A
 * step takes one round trip and has one span; if it continues in a transaction, that is part of the same span.
 */
export function tracedScopes<T extends Scopes>(db: T, tracer: Tracer): T {
  const tracedSql = (sql: UserSql): UserSql => ({
    // Copies all members, also the brand that ties it to its scope.
    ...sql,
    rows: (statement, values) => tracer.within(statementSpan(statement), () => sql.rows(statement, values)),
    row: (statement, values) => tracer.within(statementSpan(statement), () => sql.row(statement, values)),
    run: (step) => tracer.within(statementSpan(step.statement), () => sql.run(tracedStep(step))),
  })
  const tracedStep = <R>(step: Step<R>): Step<R> =>
    step.fallback === undefined ? step : { ...step, fallback: (sql) => step.fallback(tracedSql(sql)) }
  const asUser: Scopes['asUser'] = (principal, work, options) =>
    tracer.within({ name: 'transaction user', attributes: { principal: principal.kind } }, () =>
      typeof work === 'function'
        ? db.asUser(principal, (sql) => work(tracedSql(sql)), options)
        : tracer.within(statementSpan(work.statement), () => db.asUser(principal, tracedStep(work), options)),
    )
  return { ...db, asUser }
}

/** Statements with an empty name have many variants; see `Statement`. */
const statementSpan = ({ name }: Statement): SpanOptions => ({
  name: name === '' ? 'query' : name,
  kind: 'client',
  attributes: { 'db.system.name': 'postgresql', ...(name !== '' && { 'db.query.summary': name }) },
})

/** Limits with a span for each call. */
export const tracedLimits = (limits: Limits, tracer: Tracer): Limits => ({
  ...limits,
  take: (policy, subject) =>
    tracer.within({ name: `limit ${policy.name}`, kind: 'client' }, async (note) => {
      const verdict = await limits.take(policy, subject)
      note({ 'limit.allowed': verdict.allowed, 'limit.alone': !verdict.counted.shared })
      return verdict
    }),
})

/** The auth server with a span for its part of each request. */
export const tracedAuth = <A extends { handle(this: void, request: Request): Promise<Response> }>(
  auth: A,
  tracer: Tracer,
): A => ({ ...auth, handle: (request: Request) => tracer.within({ name: 'auth' }, () => auth.handle(request)) })
