import type { Registry } from 'prom-client'
import type { MailConfig } from '../config/mail-config.ts'
import type { Scopes } from '../db/scopes.ts'
import type { SystemSql, UserSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { JobKind, RunningJob } from '../jobs/kind.ts'
import type { JobRequest, Queue } from '../jobs/queue.ts'
import { isEmailAddress } from '../lib/email-address.ts'
import { MailFailure } from './failures.ts'
import type { MailKind } from './kind.ts'
import { laidOut } from './layout.ts'
import { openMailMetrics } from './metrics.ts'
import { domainOf, openTransport, type Transport } from './transport.ts'

/** A mail to be sent. */
export interface MailRequest extends Pick<JobRequest, 'key' | 'delayMs' | 'reference'> {
  /** The name of a registered kind. */
  readonly kind: string
  /** With `SystemSql`: the user whom the mail is for. With `UserSql` it is the user of the scope. */
  readonly userId?: string
}

export interface Mail {
  /** False where no mail server is configured, outside development. */
  readonly isAvailable: boolean
  /**
   * Adds a mail in the transaction that it is called in. Call `wake` of the queue after the commit. Where mails are not available it
   * does nothing. The row has the reference, which is at most 1 KiB of ids.
   */
  enqueue(this: void, sql: UserSql | SystemSql, request: MailRequest): Promise<void>
  /** The jobs that send mails of these kinds. */
  jobs(this: void, kinds: readonly MailKind[]): readonly JobKind[]
}

interface MailDeps {
  readonly db: Scopes
  readonly jobs: Pick<Queue, 'enqueue'>
  readonly log: MailLog
  readonly metrics: { readonly registry: Registry }
  /** By default as configured. */
  readonly transport?: Transport
}

interface MailLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** From 10 s to an hour: about five hours in all, after which the job is dead and an operator decides. */
const ATTEMPTS_MAX = 13
const RETRY_MIN_MS = 10_000
const RETRY_MAX_MS = 60 * 60_000
const TIMEOUT_MS = 60_000

const retryInMs = (attempts: number): number =>
  Math.min(RETRY_MIN_MS * 2 ** (attempts - 1), RETRY_MAX_MS) * (0.5 + Math.random() / 2)

/**
 * After the server could not be reached, mails are deferred without asking it for this long. Otherwise many mails, each of which waits for
 * a timeout, would keep all other jobs of this process waiting.
 */
const PAUSE_MS = 30_000
const UNREACHABLE = /^E(?:CONNECTION|TIMEDOUT|SOCKET|DNS)$/

/** Sends, with pauses after failed connections. */
function pausing(transport: Transport | undefined): Transport['send'] | undefined {
  if (transport === undefined) return undefined
  let pausedUntilMs = 0
  return async (message, signal) => {
    if (performance.now() < pausedUntilMs) {
      throw new MailFailure('deferred', 'EPAUSED', 'the mail server could not be reached a moment ago')
    }
    try {
      return await transport.send(message, signal)
    } catch (error) {
      const isUnreachable = error instanceof MailFailure && UNREACHABLE.test(error.code) && !signal.aborted
      if (isUnreachable) pausedUntilMs = performance.now() + PAUSE_MS
      throw error
    }
  }
}

/** No mail can be written in another language yet. */
const LANGUAGE = 'en'

const ADDRESS: Statement = {
  name: 'mail.address',
  text: `select u.email from jobs j join users u on u.id = j.for_user where j.id = $1 and u."emailVerified"`,
}

export const jobNameOf = (kind: string): string => `mail-${kind}`

export function openMail(config: MailConfig, { db, jobs, log, metrics, transport }: MailDeps): Mail {
  const { ended } = openMailMetrics(metrics.registry)
  const open = pausing(transport ?? openTransport(config))
  /** Only a verified address: others may belong to people who have never heard of this service. */
  const addressOf = async (job: RunningJob): Promise<string | undefined> =>
    (await db.asSystem('address of a mail', (sql) => sql.row<{ email: string }>(ADDRESS, [job.id])))?.email

  const send = async (kind: MailKind, job: RunningJob): Promise<void> => {
    if (open === undefined || config.via === 'nothing') return ended(kind.name, 'skipped')
    const { from, linksUrl } = config
    const link = (path: string): string => `${linksUrl}${path}`
    const { id, reference, signal, principal } = job
    const composed = await kind.compose({ id, reference, signal, principal, language: LANGUAGE, link })
    const to = composed?.to ?? (composed && (await addressOf(job)))
    if (composed === undefined || to === undefined) return ended(kind.name, 'skipped')
    if (!isEmailAddress(to))
      throw new MailFailure('refused', 'EADDRESS', 'the address is not one that mails can be sent to')
    const message = {
      from,
      to,
      id: `${id}@${domainOf(from)}`,
      ...laidOut(composed.text, LANGUAGE, linksUrl),
    }
    const { file } = await open(message, signal)
    ended(kind.name, 'sent')
    if (file !== undefined) {
      log.info({ mail: kind.name, file, link: composed.text.action?.url }, 'a mail was written to the outbox')
    }
  }

  const jobOf = (kind: MailKind): JobKind => ({
    name: jobNameOf(kind.name),
    attemptsMax: ATTEMPTS_MAX,
    timeoutMs: TIMEOUT_MS,
    retryInMs,
    run: async (job) => {
      try {
        await send(kind, job)
      } catch (error) {
        if (!(error instanceof MailFailure)) throw error
        ended(kind.name, error.kind)
        // The job fails, and the runner repeats it.
        if (error.kind === 'deferred') throw error
        log.warn(
          { mail: kind.name, job: job.id, code: error.code, err: error },
          'a mail was refused and is not repeated',
        )
      }
    },
  })

  return {
    isAvailable: open !== undefined,
    enqueue: async (sql, { kind, ...request }) => {
      if (open !== undefined) await jobs.enqueue(sql, { ...request, name: jobNameOf(kind) })
    },
    jobs: (kinds) => kinds.map(jobOf),
  }
}
