import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Config } from './config/config.ts'
import type { Settings } from './config/settings.ts'
import type { Database } from './db/database.ts'
import type { App } from './http/app.ts'
import type { Cursors } from './http/cursor.ts'
import type { Tag } from './http/openapi.ts'
import type { JobKind, JobLog } from './jobs/kind.ts'
import type { Queue } from './jobs/queue.ts'
import type { Finding } from './lib/finding.ts'
import type { Limits } from './limits/limits.ts'
import type { MailKind } from './mail/kind.ts'
import type { Mail } from './mail/mail.ts'
import type { Tracer } from './observer.ts'
import type { ProblemKind } from './problems.ts'
import type { ImportKind } from './python-import/kind.ts'
import type { Wakes } from './wakes.ts'

/** The part of `Deps` that features use. */
export interface FeatureDeps {
  readonly config: Config
  readonly db: Database
  readonly cursors: Cursors
  readonly limits: Limits
  /** Tells which users' change logs have new entries. */
  readonly wakes: Wakes
  /** A feature adds its metrics to the registry when its routes are made. */
  readonly metrics: { readonly registry: Registry }
  /** Background work to be done later; the processes that serve do it. */
  readonly jobs: Queue
  /** Mails to be sent later, of the kinds that features register. */
  readonly mail: Mail
  /** Undefined where nothing is traced. */
  readonly tracing: Tracer | undefined
}

/** What background jobs use. */
export interface JobDeps extends Pick<FeatureDeps, 'config' | 'db' | 'jobs' | 'mail' | 'metrics'> {
  readonly log: JobLog
}

/**
 * All that a feature adds to the service. `features.ts` lists the features, and the rest of the service reads that list, so that
 * a feature is deleted with its folder, its line there and its migration.
 *
 * Every command of the program reads this, so the module that declares it imports data only, and loads what takes packages
 * when it is called for.
 */
export interface Feature {
  /** In the order of the OpenAPI document. */
  readonly tags?: readonly Tag[]
  readonly problems?: readonly ProblemKind[]
  readonly settings?: Settings
  /** For routes that take a principal. */
  routes?(this: void, app: App, deps: FeatureDeps): Promise<void>
  /** For routes that anonymous clients may call. */
  publicRoutes?(this: void, app: App, deps: FeatureDeps): Promise<void>
  /** A line of the greeting that `npm start` prints. */
  greeting?(this: void, config: Config, address: string): GreetingLine
  /** Background jobs. */
  jobs?(this: void, deps: JobDeps): Promise<readonly JobKind[]>
  /** The kinds of mails that it sends. */
  mails?(this: void, deps: Pick<FeatureDeps, 'db'>): Promise<readonly MailKind[]>
  /**
   * An insert, update or delete of each kind that requests send, with schema-qualified names and RETURNING. None may find or
   * make a row. Readiness runs them under the serving role, which must have the rights for them, and for what they return.
   */
  readonly writeProbes?: readonly string[]
  /** Columns with secrets of users, encrypted under ENCRYPTION_KEY. A change of keys re-encrypts them. */
  readonly sealed?: readonly SealedColumn[]
  /** Tables whose rows of a user are deleted when the user signs out everywhere. They have a column user_id. */
  readonly endsWithSessions?: readonly string[]
  readonly command?: FeatureCommand
  /** What `doctor` checks once the database can be used. */
  readonly checks?: readonly FeatureCheck[]
  /** Rows of the Python service that `migrate import-python` imports. */
  imports?(this: void): Promise<readonly ImportKind[]>
}

/** A column of Fernet tokens, in a table whose key is `user_id` and one more column. Null where a row has none. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  readonly key: string
  readonly keyType: 'text' | 'uuid'
  /** An SQL expression: what a row is called for the operator. */
  readonly label: string
}

export interface GreetingLine {
  /** At most six characters. */
  readonly label: string
  readonly text: string
}

/** A command of the program. */
export interface FeatureCommand {
  readonly name: string
  /** Each form of the command, without the program's name, and what it does. */
  readonly usage: readonly (readonly [words: string, does: string])[]
  run(this: void, words: readonly string[], context: CommandContext): Promise<void>
}

export interface CommandContext {
  /** Reads the configuration. To be called once the words are known to be right. */
  load(this: void): Config
  /** Prints a line of the outcome. */
  print(this: void, line: string): void
  /** Of all features. */
  readonly sealed: readonly SealedColumn[]
  /** A log that does not mix with what is printed. */
  openLog(this: void, config: Config): Logger
}

export interface FeatureCheck {
  readonly name: string
  /** @param sealed of all features */
  run(this: void, config: Config, sealed: readonly SealedColumn[]): Promise<Finding>
}
