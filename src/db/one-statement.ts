import type { Pool, PoolClient } from 'pg'
import { begin, type Connections } from './connections.ts'
import { originValue, proofValues, provenUser, type Proof } from './proof.ts'
import { send, type Step } from './sql.ts'
import { answerOf, withProof, type Answer, type ProvenRow } from './step.ts'
import type { Lease, TimeBudget } from './wire/lease.ts'
import { Pipelines } from './wire/pipelines.ts'
import { roundTrip } from './wire/transaction.ts'

/** Proves the principal and executes the step, in one round trip. */
export type AsOneStatement = (
  proof: Proof,
  step: Step<unknown>,
  time: TimeBudget,
  /** Whether `time` is what every request has, and not a budget of this step's own. */
  isUsualTime: boolean,
) => Promise<{ readonly userId: string; readonly row: object | undefined }>

export function openOneStatement(connections: Connections): AsOneStatement {
  const { pool, prepared, enteredWithMs, onStatement } = connections
  const { readers, writers } = openPipelines(pool, enteredWithMs)
  return async (proof, step, time, isUsualTime) => {
    const statement = withProof(step)
    const changes = step.fallback !== undefined
    const values = [...step.values, ...proofValues(proof), ...(changes ? [originValue(proof)] : [])]
    onStatement(step.statement)
    const ask = async (client: PoolClient): Promise<Answer> =>
      answerOf(await send<ProvenRow>(client, statement, values, prepared))
    // PostgreSQL must end a statement before the time budget ends. The limit of the session fits the usual budget while nothing of
    // it is used; any other limit is set in a transaction around the statement.
    const hasSessionLimit = enteredWithMs !== undefined && isUsualTime
    const askExclusively = (lease: Lease): Promise<Answer> =>
      hasSessionLimit && lease.leftMs() > enteredWithMs ? ask(lease.client) : inItsTransaction(connections, lease, ask)
    const answer =
      hasSessionLimit && (changes || step.short)
        ? await (changes ? writers : readers).run(time, ask, askExclusively)
        : await roundTrip(pool, time, changes, askExclusively)
    return { userId: provenUser(answer.userId, proof), row: answer.row }
  }
}

/**
 * The other connections of the pool are for work that needs one exclusively. Measured with PostgreSQL on the same two cores: reads
 * are fastest on few connections, and changes on several, because their commits reach the disk together.
 */
function openPipelines(pool: Pool, enteredWithMs: number | undefined): { readers: Pipelines; writers: Pipelines } {
  const { max } = pool.options
  return {
    readers: new Pipelines(pool, {
      width: Math.min(4, Math.floor(max / 2)),
      batch: 8,
      depth: 32,
      changes: false,
      leftMinMs: 0,
    }),
    writers: new Pipelines(pool, {
      width: Math.min(4, Math.floor(max / 4)),
      batch: 1,
      depth: 8,
      changes: true,
      leftMinMs: enteredWithMs ?? 0,
    }),
  }
}

/** The statement between BEGIN and COMMIT, all sent at once. */
async function inItsTransaction(
  { enter, roles, prepared }: Connections,
  lease: Lease,
  ask: (client: PoolClient) => Promise<Answer>,
): Promise<Answer> {
  const [began, entered, asked, committed] = await Promise.allSettled([
    begin(lease, roles.serving),
    send(lease.client, enter.none, [], prepared),
    ask(lease.client),
    lease.client.query('commit'),
  ])
  // Each has its answer before the connection goes back to the pool. The first that failed is the cause of the other failures.
  for (const each of [began, entered, asked]) if (each.status === 'rejected') throw each.reason
  if (committed.status === 'rejected') throw committed.reason
  if (asked.status !== 'fulfilled' || committed.value.command !== 'COMMIT') throw new Error('nothing was committed')
  return asked.value
}
